"""A model's Markdown as Telegram messages: plain text with entities, split where Telegram's limit asks for it."""

from __future__ import annotations

import re
from typing import Any

import msgspec
from telegram import MessageEntity
from telegramify_markdown import convert, split_entities

from agent.channels.markdown import with_tables

_LINK = re.compile(r"(https?|tg|mailto|tel):", re.IGNORECASE)  # Telegram refuses a whole message for another
LIMIT = 4096  # UTF-16 units, after formatting
TABLE_WIDTH = 36  # characters of fixed width that a phone shows in one line


def bodies(markdown: str) -> list[str]:
    """The bodies of the messages that together show `markdown`: JSON of `{"text": ..., "entities": [...]}`."""
    text, found = convert(with_tables(markdown, TABLE_WIDTH), latex_escape=False)
    entities = [entity for entity in found if entity.url is None or _LINK.match(entity.url)]
    parts = [(text, entities)] if text.strip() else [(markdown, [])]
    parts = [part for whole in parts for part in split_entities(*whole, max_utf16_len=LIMIT)]
    return [
        msgspec.json.encode({"text": text, "entities": [entity.to_dict() for entity in entities]}).decode()
        for text, entities in parts
        if text.strip()
    ]


def parse(body: str) -> tuple[str, list[MessageEntity]]:
    """Text and entities of a body."""
    document: dict[str, Any] = msgspec.json.decode(body)
    return document["text"], [MessageEntity(**entity) for entity in document["entities"]]
