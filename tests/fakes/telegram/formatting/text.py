"""Text and its entities while they are made."""

from dataclasses import dataclass, field
from typing import Any

# what takes no space on the screen, so that a message of nothing else counts as empty
_INVISIBLE = "\u200b\u200c\u200d\u200e\u200f\u2060\u2061\u2062\u2063\u2064\ufeff\u00ad\u034f\u061c\u180e\u2800\ufffc"


class MarkupError(Exception):
    """The markup is broken; the text is the service's own."""


def utf16_length(text: str) -> int:
    """How long the service says that the text is."""
    return len(text) + sum(character > "\uffff" for character in text)


def utf16_slice(text: str, entity: "Entity") -> str:
    """The stretch of text that an entity covers."""
    units = text.encode("utf-16-le", "surrogatepass")
    return units[2 * entity.offset : 2 * (entity.offset + entity.length)].decode("utf-16-le", "surrogatepass")


def is_blank(text: str) -> bool:
    """Whether nothing of the text can be seen."""
    return all(one.isspace() or one in _INVISIBLE or "\U000e0000" <= one <= "\U000e007f" for one in text)


@dataclass(frozen=True)
class Entity:
    """A stretch of text with a meaning; `extra` are the fields beyond type, offset and length."""

    type: str
    offset: int
    length: int
    extra: dict[str, Any] = field(default_factory=dict)

    def as_object(self) -> dict[str, Any]:
        """The Bot API's MessageEntity."""
        return {"offset": self.offset, "length": self.length, "type": self.type, **self.extra}


@dataclass(frozen=True)
class Formatted:
    """Text without markup, and its entities."""

    text: str
    entities: list[Entity] = field(default_factory=list)

    def trimmed(self) -> "Formatted":
        """Without blanks at the end, and at the beginning up to the first entity."""
        text = self.text.rstrip()
        end = utf16_length(text)
        entities = [_cut(entity, end) for entity in self.entities if entity.offset < end]
        first = entities[0].offset if entities else end
        blanks = min(len(text) - len(text.lstrip(" \n")), first)
        moved = [Entity(entity.type, entity.offset - blanks, entity.length, entity.extra) for entity in entities]
        return Formatted(text[blanks:], moved)


def _cut(entity: Entity, end: int) -> Entity:
    return Entity(entity.type, entity.offset, min(entity.length, end - entity.offset), entity.extra)


class Output:
    """Collects the text that is left when the markup is gone."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.offset = 0
        self.entities: list[Entity] = []
        self._pieces: list[str] = []

    def add(self, text: str) -> None:
        """Appends text."""
        self._pieces.append(text)
        self.offset += utf16_length(text)

    def mark(self) -> int:
        """A place to come back to with `since`."""
        return len(self._pieces)

    def since(self, mark: int) -> str:
        """The text that was added after `mark`."""
        return "".join(self._pieces[mark:])

    def close(self, kind: str, start: int, extra: dict[str, Any] | None = None) -> None:
        """Adds the entity that ends here; an empty one is dropped."""
        if self.offset > start:
            self.entities.append(Entity(kind, start, self.offset - start, extra or {}))

    def finish(self) -> Formatted:
        """Text and entities in the service's order."""
        return Formatted(
            "".join(self._pieces), sorted(self.entities, key=lambda entity: (entity.offset, -entity.length))
        )


class Reader:
    """A place in a text with markup, which can tell its position in bytes."""

    def __init__(self, text: str) -> None:
        """Starts at the beginning."""
        self.text = text
        self.position = 0

    def peek(self, ahead: int = 0) -> str:
        """The character at the position, empty at the end."""
        place = self.position + ahead
        return self.text[place : place + 1]

    def sees(self, text: str) -> bool:
        """Whether `text` is next."""
        return self.text.startswith(text, self.position)

    def bytes_at(self, position: int) -> int:
        """A position in characters as one in bytes."""
        return len(self.text[:position].encode("utf-8", "surrogatepass"))
