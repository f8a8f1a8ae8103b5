"""Entities that come with a text instead of markup in it: what the service refuses of them, in TDLib's words."""

import re
from collections.abc import Sequence
from typing import Any

from tests.fakes.telegram.errors import bad_request
from tests.fakes.telegram.formatting.text import Entity, utf16_length

_MAIN_FIELDS = ("type", "offset", "length")
_FURTHEST = 1_000_000
_HTTP = re.compile(r"(?:https?://)?[\w.-]+\.[\w-]+(?::\d+)?(?:[/?#]\S*)?", re.IGNORECASE)
_TG = re.compile(r"tg:(?://)?[\w-]+(?:\?\S*)?", re.IGNORECASE)


def given_entities(values: Sequence[Any], text: str) -> list[Entity]:
    """Raises ApiError for those that do not fit the text, or lead nowhere."""
    entities = [given_entity(value) for value in values]
    starts = _starts(text)
    for entity in entities:
        _check_link(entity)
        _check_place(entity, text, starts)
    return entities


def given_entity(value: Any) -> Entity:
    """Raises ApiError for what has not the form of one."""
    if not isinstance(value, dict):
        raise bad_request("Can't parse MessageEntity: expected an Object")
    for field, kind, name in (("offset", int, "Number"), ("length", int, "Number"), ("type", str, "String")):
        if field not in value:
            raise bad_request(f"Can't parse MessageEntity: Can't find field \"{field}\"")
        if not isinstance(value[field], kind):
            raise bad_request(f'Can\'t parse MessageEntity: Field "{field}" must be of type {name}')
    extra = {key: content for key, content in value.items() if key not in _MAIN_FIELDS}
    return Entity(value["type"], value["offset"], value["length"], extra)


def _starts(text: str) -> set[int]:
    """The places in UTF-16 units where a letter begins, the end of the text included."""
    starts, place = {0}, 0
    for letter in text:
        place += utf16_length(letter)
        starts.add(place)
    return starts


def _check_place(entity: Entity, text: str, starts: set[int]) -> None:
    for name, value in (("offset", entity.offset), ("length", entity.length)):
        if not 0 <= value <= _FURTHEST:
            raise bad_request(f"Receive an entity with incorrect {name} {value}")
    end, length = entity.offset + entity.length, utf16_length(text)
    if entity.offset > length:
        raise bad_request(f"Entity begins after the end of the text at UTF-16 offset {entity.offset}")
    where = f"Entity beginning at UTF-16 offset {entity.offset}"
    if end > length:
        raise bad_request(f"{where} ends after the end of the text at UTF-16 offset {end}")
    if entity.offset not in starts:
        raise bad_request("Entity begins in a middle of a UTF-16 symbol")
    if end not in starts:
        raise bad_request(f"{where} ends in a middle of a UTF-16 symbol")


def _check_link(entity: Entity) -> None:
    if entity.type == "custom_emoji" and not str(entity.extra.get("custom_emoji_id", "")).isdecimal():
        raise bad_request("Invalid custom emoji identifier specified")
    if entity.type != "text_link":
        return
    url = str(entity.extra.get("url", ""))
    if url.lower().startswith("tg://user?"):
        raise bad_request("User not found")
    if _HTTP.fullmatch(url) or _TG.fullmatch(url):
        return
    scheme = url.partition("://")[0].lower() if "://" in url else ""
    reason = "Unsupported URL protocol" if scheme not in ("", "http", "https") else "Wrong HTTP URL"
    raise bad_request(f"entity URL '{url}' is invalid: {reason}")
