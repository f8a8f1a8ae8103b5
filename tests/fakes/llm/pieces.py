"""Small things that every dialect needs."""

import json
from collections.abc import Iterator
from typing import Any


def pieces(text: str, length: int = 24) -> Iterator[str]:
    """The text in parts of a length."""
    for start in range(0, len(text), length):
        yield text[start : start + length]


def arguments_text(arguments: dict[str, Any] | str) -> str:
    """As the model would write them."""
    return arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)


def arguments_object(arguments: dict[str, Any] | str) -> dict[str, Any] | None:
    """As JSON, None when they are malformed."""
    if isinstance(arguments, dict):
        return arguments
    try:
        value = json.loads(arguments)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def tokens_of(value: Any) -> int:
    """A token for every four characters."""
    return len(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)) // 4
