"""A model's Markdown as Telegram messages: plain text with entities, split where Telegram's limit asks for it."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

import msgspec
from telegram import MessageEntity
from telegramify_markdown import MessageEntity as Found
from telegramify_markdown import convert
from telegramify_markdown.config import RenderConfig

from agent.channels.markdown import MOST_CELLS, with_tables
from agent.channels.telegram.source import prepared
from agent.channels.telegram.split import split, units

LIMIT = 4096  # UTF-16 units, after formatting
TABLE_WIDTH = 36  # characters of fixed width that a phone shows in one line
# Telegram refuses a whole message for a link to anything else, `http://localhost:8080` included.
_LINK = re.compile(r"https?://([a-z0-9_-]+\.)+[a-z0-9_-]+(:\d{1,5})?([/?#]\S*)?", re.IGNORECASE)
# Six lists or quotes that begin in one line, and a seventh; not a rule such as `- - - - - - -`.
_DEEP = re.compile(
    r"^(?![ \t]*([-*])(?:[ \t]*\1)*[ \t]*$)([ \t]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+|>[ \t]*){6})([-*+>]|\d)", re.MULTILINE
)
_BLANK = "\u2800\u034f\u3164\ufffc"  # letters that show nothing, besides the spaces and marks that Unicode calls so


def _signs() -> RenderConfig:
    """Quiet ones: a heading is bold, and needs no picture before it."""
    config = RenderConfig.isolated()
    signs = config.markdown_symbol
    signs.heading_level_1 = signs.heading_level_2 = signs.heading_level_3 = signs.heading_level_4 = ""
    signs.unordered_list_item, signs.task_uncompleted = "•", "⬜"
    return config


_SIGNS = _signs()


def bodies(markdown: str) -> list[str]:
    """The bodies of the messages that together show `markdown`: JSON of `{"text": ..., "entities": [...]}`."""
    source = _bounded(with_tables(markdown, TABLE_WIDTH))
    text, found = convert(prepared(source), latex_escape=False, config=_SIGNS)
    whole = _with_addresses(text, found) if not _blank(text) else (markdown, [])
    return [
        msgspec.json.encode({"text": part, "entities": [entity.to_dict() for entity in entities]}).decode()
        for part, entities in split(*whole, LIMIT)
        if not _blank(part)
    ]


def _bounded(markdown: str) -> str:
    """Without what the converter makes millions of letters of, as a hostile model may want: that is text.

    It is lists and quotes begun in one another within a line, by the thousand; and tables, each row of which gets as
    many cells as the widest has.
    """
    markdown = _DEEP.sub(r"\2\\\3", markdown)
    bars = [count for line in markdown.split("\n") if (count := line.count("|"))]
    return markdown.replace("|", "\\|") if bars and max(bars) * len(bars) > MOST_CELLS else markdown


def parse(body: str) -> tuple[str, list[MessageEntity]]:
    """Text and entities of a body."""
    document: dict[str, Any] = msgspec.json.decode(body)
    return document["text"], [MessageEntity(**entity) for entity in document["entities"]]


def _with_addresses(text: str, entities: list[Found]) -> tuple[str, list[Found]]:
    """An address that Telegram would not open stands beside its words instead of behind them."""
    kept = [one for one in entities if one.url is None or _LINK.fullmatch(one.url)]
    odd = [one for one in entities if one.url and not _LINK.fullmatch(one.url)]
    written = text.encode("utf-16-le")
    for link in sorted(odd, key=lambda one: one.offset + one.length, reverse=True):
        end = link.offset + link.length
        address = (link.url or "").removeprefix("mailto:").removeprefix("tel:")
        if written[2 * link.offset : 2 * end].decode("utf-16-le") != address:
            beside = f" ({address})"
            written = written[: 2 * end] + beside.encode("utf-16-le") + written[2 * end :]
            kept = [_moved(entity, end, units(beside)) for entity in kept]
    return written.decode("utf-16-le"), kept


def _moved(entity: Found, place: int, by: int) -> Found:
    """The entity after so many units were put in at a place."""
    if entity.offset >= place:
        return entity.copy_with(offset=entity.offset + by)
    return entity.copy_with(length=entity.length + by) if entity.offset + entity.length > place else entity


def _blank(text: str) -> bool:
    """Whether nothing of it can be seen, so that Telegram takes it for empty."""
    return all(letter.isspace() or letter in _BLANK or unicodedata.category(letter) == "Cf" for letter in text)
