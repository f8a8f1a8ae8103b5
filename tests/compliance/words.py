"""Text that people read, in English and Polish, and values as they are shown in reports."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any, Literal, NamedTuple

Language = Literal["en", "pl"]
LANGUAGES: tuple[Language, ...] = ("en", "pl")


class Words(NamedTuple):
    """The same in both languages."""

    en: str
    pl: str

    def to(self, language: str) -> str:
        """The words in a language."""
        return self.pl if language == "pl" else self.en


NOTHING = Words("nothing", "nic")
REFUSED = Words("refused", "odmowa")
UNLIMITED = Words("unlimited", "bez granic")
NOT_SET = Words("not set", "nie ustawione")
_BOOLEANS = {True: Words("yes", "tak"), False: Words("no", "nie")}


def shown(value: Any, language: str) -> str:
    """A value as a person reads it: words translated, collections in order, emptiness named."""
    if isinstance(value, Words):
        return value.to(language)
    if isinstance(value, Mapping):
        pairs = (f"{shown(key, language)}: {shown(item, language)}" for key, item in value.items())
        return "; ".join(pairs) or NOTHING.to(language)
    if isinstance(value, Set | list | tuple):
        items = [shown(item, language) for item in value]
        return ", ".join(sorted(items) if isinstance(value, Set) else items) or NOTHING.to(language)
    special = (
        NOTHING if value == "" else NOT_SET if value is None else _BOOLEANS[value] if isinstance(value, bool) else None
    )
    return special.to(language) if special else str(value)
