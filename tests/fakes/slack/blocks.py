"""Which blocks are refused: https://docs.slack.dev/reference/block-kit/blocks."""

import json
from typing import Any

from tests.fakes.slack.errors import ApiError

_MOST_BLOCKS, _SECTION, _MARKDOWN = 50, 3000, 12_000
_ALL_TOGETHER = 13_200
_KINDS = ("markdown", "section", "divider", "header", "context", "rich_text", "image", "table")


def checked(value: str) -> list[Any]:
    """The blocks of a message; raises ApiError."""
    if not value:
        return []
    try:
        blocks = json.loads(value)
    except ValueError:
        raise ApiError("invalid_blocks_format") from None
    if not isinstance(blocks, list):
        raise ApiError("invalid_blocks_format")
    if len(blocks) > _MOST_BLOCKS:
        raise _invalid("no more than 50 items allowed [json-pointer:/blocks]")
    markdown = sum(_length(block, place) for place, block in enumerate(blocks))
    if markdown > _MARKDOWN:
        raise _invalid("markdown text of all blocks must be less than 12001 characters [json-pointer:/blocks]")
    if len(value) > _ALL_TOGETHER * 2 or sum(len(str(block)) for block in blocks) > _ALL_TOGETHER:
        raise ApiError("msg_blocks_too_long")
    return blocks


def _length(block: Any, place: int) -> int:
    """The characters of Markdown in a block."""
    kind = block.get("type") if isinstance(block, dict) else None
    where = f"[json-pointer:/blocks/{place}"
    if kind not in _KINDS:
        raise _invalid(f"unsupported type: {kind} {where}/type]")
    if kind == "markdown":
        return len(_text(block.get("text"), where))
    if kind == "section":
        inside = block.get("text")
        text = _text(inside.get("text") if isinstance(inside, dict) else None, f"{where}/text")
        if len(text) > _SECTION:
            raise _invalid(f"must be less than 3001 characters {where}/text/text]")
    return 0


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str) or not value:
        raise _invalid(f"must be more than 0 characters {where}/text]")
    return value


def _invalid(message: str) -> ApiError:
    return ApiError("invalid_blocks", response_metadata={"messages": [f"[ERROR] {message}"]})
