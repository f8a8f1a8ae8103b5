"""A conversation as a page that looks like a chat."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from tests.fakes.wire.telegram import Message

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).with_name("templates")), undefined=StrictUndefined, autoescape=True
)
# https://core.telegram.org/bots/api#messageentity
_TAGS = {
    "bold": "b", "italic": "i", "underline": "u", "strikethrough": "s", "code": "code", "pre": "pre",
    "blockquote": "blockquote", "bot_command": "a", "url": "a", "text_link": "a", "mention": "a",
}  # fmt: skip


def page(messages: Sequence[Message], title: str) -> str:
    """The page. `title` is the bot's name."""
    return _TEMPLATES.get_template("chat.html.j2").render(
        title=title,
        messages=[
            {
                "mine": not message.from_bot,
                "body": body(message.text, message.entities),
                "at": datetime.fromtimestamp(message.time, UTC).strftime("%H:%M"),
            }
            for message in messages
        ],
    )


def body(text: str, entities: Sequence[Mapping[str, Any]]) -> Markup:
    """The text with its formatting as HTML. Entities count in UTF-16 units, and may hold others."""
    units = text.encode("utf-16-le")
    marks = sorted(_marks(entities), key=lambda mark: mark[:2])
    parts, done = [], 0
    for at, _, tag in marks:
        parts += [escape(_cut(units, done, at)), Markup(tag)]  # noqa: S704 - one of _TAGS
        done = at
    return Markup("").join([*parts, escape(_cut(units, done, len(units) // 2))])


def _marks(entities: Sequence[Mapping[str, Any]]) -> Iterator[tuple[int, tuple[int, int], str]]:
    """Where a tag stands; at one place the ends come first, the inner before the outer, then the beginnings."""
    for entity in entities:
        tag = _TAGS.get(entity["type"])
        if tag:
            begin, length = entity["offset"], entity["length"]
            yield begin, (1, -length), f"<{tag}>"
            yield begin + length, (0, length), f"</{tag}>"


def _cut(units: bytes, begin: int, end: int) -> str:
    return units[2 * begin : 2 * end].decode("utf-16-le")
