"""A model's Markdown as Telegram messages: plain text with entities, split where Telegram's limit asks for it."""

from __future__ import annotations

from typing import Any

import msgspec
from telegram import MessageEntity
from telegramify_markdown import convert, split_entities

LIMIT = 4096  # UTF-16 units, after formatting


def bodies(markdown: str) -> list[str]:
    """The bodies of the messages that together show `markdown`: JSON of `{"text": ..., "entities": [...]}`."""
    text, entities = convert(markdown, latex_escape=False)
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
