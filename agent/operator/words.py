"""What the operator's commands say, in English and Polish."""

from __future__ import annotations

from collections.abc import Mapping

CATALOGUE: dict[str, dict[str, str]] = {
    "no_file": {
        "en": "{file} does not exist: picoclaw init makes it",
        "pl": "{file} nie istnieje: utworzy go picoclaw init",
    },
    "unreadable": {"en": "{file} cannot be read ({reason})", "pl": "nie można odczytać {file} ({reason})"},
    "wrong": {"en": "{file}: {count} to correct", "pl": "{file}: do poprawy: {count}"},
    "right": {"en": "{file} is in order.", "pl": "{file} jest w porządku."},
    "model": {"en": "model: {provider}, {model}", "pl": "model: {provider}, {model}"},
    "heard": {
        "en": "{channel}: {users} may talk to it, nobody else",
        "pl": "{channel}: rozmawiać może {users}, nikt inny",
    },
    "unheard": {
        "en": "{channel}: nobody is heard until you pair: the log on the host shows a code for /pair",
        "pl": "{channel}: nikt nie jest słuchany, dopóki się nie sparujesz: log na serwerze pokaże kod dla /pair",
    },
}


def language_of(environ: Mapping[str, str]) -> str:
    """The language of the locale, `en` or `pl`; the first variable that is set decides, as in POSIX."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if environ.get(name):
            return "pl" if environ[name].lower().startswith("pl") else "en"
    return "en"


def say(key: str, language: str, **values: object) -> str:
    """The sentence in that language."""
    return CATALOGUE[key][language].format(**values)
