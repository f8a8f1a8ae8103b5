"""The entities that the service finds by itself: commands, mentions, hashtags and addresses."""

import re
from collections.abc import Iterator

from tests.fakes import defaults
from tests.fakes.telegram.formatting.text import Entity, Formatted, utf16_length, utf16_slice

_PATTERNS = {
    "bot_command": re.compile(r"(?<![\w/<>])/\w{1,64}(?:@\w{3,32})?(?![\w/<>])"),
    "url": re.compile(r"\bhttps?://[^\s<>\"]+[^\s<>\".,;:!?)\]}'`*_]", re.IGNORECASE),
    "email": re.compile(r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b"),
    "mention": re.compile(r"(?<![\w@])@[A-Za-z]\w{2,31}\b"),
    "hashtag": re.compile(r"(?<![\w#])#\w*[^\W\d]\w*"),
}
_UNTOUCHABLE = ("code", "pre", "text_link", "text_mention", "custom_emoji")


def with_automatic(formatted: Formatted) -> Formatted:
    """Adds them where they do not cross one another, code or links."""
    taken = [entity for entity in formatted.entities if entity.type in _UNTOUCHABLE]
    entities = list(formatted.entities)
    for entity in _found(formatted.text):
        if not any(_crosses(entity, other) for other in taken):
            taken.append(entity)
            entities.append(entity)
    return Formatted(formatted.text, sorted(entities, key=lambda entity: (entity.offset, -entity.length)))


def _found(text: str) -> Iterator[Entity]:
    if not any(mark in text for mark in "/@#"):
        return
    for kind, pattern in _PATTERNS.items():
        for match in pattern.finditer(text):
            yield Entity(kind, utf16_length(text[: match.start()]), utf16_length(match[0]))


def addresses_bot(formatted: Formatted) -> bool:
    """Whether a bot in privacy mode is shown it: a command for no other bot, or a mention."""
    return any(_names_bot(entity, utf16_slice(formatted.text, entity)) for entity in formatted.entities)


def _names_bot(entity: Entity, shown: str) -> bool:
    name = f"@{defaults.BOT_USERNAME}"
    if entity.type == "bot_command":
        return "@" not in shown or shown.endswith(name)
    named = entity.extra.get("user")
    return (entity.type == "mention" and shown == name) or (
        entity.type == "text_mention" and isinstance(named, dict) and named.get("id") == defaults.BOT_ID
    )


def _crosses(one: Entity, other: Entity) -> bool:
    return one.offset < other.offset + other.length and other.offset < one.offset + one.length
