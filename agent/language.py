"""The two languages of everything that a person reads, and which of them a person is spoken to in.

`agent.confinement`, which is also shipped without the rest, has an `index` of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

Language = Literal["en", "pl"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
LANGUAGE_VARIABLE = "PICOCLAW_LANG"


def closest(tag: str) -> Language:
    """Polish for `pl`, `pl-PL`, `pl_PL.UTF-8` and the like; English for every other."""
    return "pl" if tag.lower().startswith("pl") else "en"


def language_of(environ: Mapping[str, str]) -> str:
    """The language of the locale, `en` or `pl`; the first variable that is set decides, as in POSIX.

    Ours comes first: what a command runs is told by it which language was asked for.
    """
    for name in (LANGUAGE_VARIABLE, "LC_ALL", "LC_MESSAGES", "LANG"):
        if environ.get(name):
            return closest(environ[name])
    return "en"


def worded(sentence: Mapping[Language, str], language: str, /, **values: object) -> str:
    """A sentence of a catalogue, by language, filled in.

    Args:
        sentence: one entry of the catalogue.
        language: any tag or locale.
        values: what the sentence names in braces.
    """
    return sentence[closest(language)].format(**values)
