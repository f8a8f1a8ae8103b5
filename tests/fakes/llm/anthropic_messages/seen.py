"""A checked request as the brain sees it."""

from collections.abc import Iterator
from typing import Any

from tests.fakes.llm.images import from_base64
from tests.fakes.wire import Conversation, Image

Block = dict[str, Any]


def understood(body: dict[str, Any]) -> Conversation:
    """The newest words of the user, and what the tools gave back if that is newer."""
    messages: list[Block] = body["messages"]
    users = [message["content"] for message in messages if message["role"] == "user"]
    spoken = [text for content in users if (text := _text(content))]
    results = [_text(block.get("content", "")) for block in _blocks(users[-1]) if block["type"] == "tool_result"]
    newest_is_result = bool(results) and not _text(users[-1])
    return Conversation(
        user_text=spoken[-1] if spoken else "",
        tool_output="\n".join(results) if newest_is_result else None,
        tools=[tool["name"] for tool in body.get("tools") or []],
        system=_text(body.get("system") or ""),
        images=[_image(block["source"]) for content in users for block in _images(content)],
    )


def _blocks(content: str | list[Block]) -> list[Block]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def _text(content: str | list[Block]) -> str:
    return "\n".join(block["text"] for block in _blocks(content) if block["type"] == "text")


def _images(content: str | list[Block]) -> Iterator[Block]:
    for block in _blocks(content):
        if block["type"] == "image":
            yield block
        if block["type"] == "tool_result":
            yield from _images(block.get("content", ""))


def _image(source: Block) -> Image:
    if source["type"] == "url":
        return Image(url=source["url"])
    return Image(media_type=source["media_type"], data=from_base64(source["data"]) or b"")
