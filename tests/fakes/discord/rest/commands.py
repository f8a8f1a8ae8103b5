"""What a menu of commands may hold: names, descriptions, their translations, options."""

from __future__ import annotations

import re
from typing import Any

from tests.fakes.discord.errors import form_error, required, too_long

_NAME = re.compile(r"[-_'\w]{1,32}")
_MOST_COMMANDS, _MOST_OPTIONS, _LONGEST = 100, 25, 100
_LOCALES = {"id", "da", "de", "en-GB", "en-US", "es-ES", "es-419", "fr", "hr", "it", "lt", "hu", "nl", "no", "pl", "ro"}
_LOCALES |= {"pt-BR", "fi", "sv-SE", "vi", "tr", "cs", "el", "bg", "ru", "uk", "hi", "th", "zh-CN", "ja", "zh-TW", "ko"}
_OPTION_TYPES = range(1, 12)
_CHAT_INPUT = 1


def checked(body: Any) -> list[dict[str, Any]]:
    """The commands as Discord keeps them; raises ApiError."""
    if not isinstance(body, list):
        raise form_error("", "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
    if len(body) > _MOST_COMMANDS:
        raise form_error("", "BASE_TYPE_MAX_LENGTH", f"Must be {_MOST_COMMANDS} or fewer in length.")
    entries = [_command(one, str(place)) for place, one in enumerate(body)]
    names = [entry["name"] for entry in entries]
    for place, name in enumerate(names):
        if name in names[:place]:
            code, words = "APPLICATION_COMMANDS_DUPLICATE_NAME", "Application command names must be unique"
            raise form_error(str(place), code, words)
    return entries


def listed(command: dict[str, Any], *, whole: bool) -> dict[str, Any]:
    """A command as GET lists it: without translations unless they are asked for."""
    options = [listed(option, whole=whole) for option in command.get("options", ())]
    left_out = () if whole else ("name_localizations", "description_localizations")
    shown = {name: value for name, value in command.items() if name not in left_out}
    return shown | ({"options": options} if options else {})


def _command(given: Any, place: str) -> dict[str, Any]:
    kind = given.get("type", _CHAT_INPUT)
    if kind not in (1, 2, 3):
        raise form_error(f"{place}.type", "BASE_TYPE_CHOICES", "Value must be one of {1, 2, 3}.")
    options = given.get("options") or []
    if len(options) > _MOST_OPTIONS:
        raise form_error(f"{place}.options", "BASE_TYPE_MAX_LENGTH", f"Must be {_MOST_OPTIONS} or fewer in length.")
    kept = _named(given, place) | {
        "type": kind,
        "dm_permission": True,
        "nsfw": False,
        "default_member_permissions": None,
    }
    kept["options"] = [_option(one, f"{place}.options.{number}") for number, one in enumerate(options)]
    return kept


def _option(given: Any, place: str) -> dict[str, Any]:
    if given.get("type") not in _OPTION_TYPES:
        raise form_error(f"{place}.type", "BASE_TYPE_CHOICES", f"Value must be one of {set(_OPTION_TYPES)}.")
    # As Discord does: what is false is not listed.
    wanted = {"required": True} if given.get("required") else {}
    return _named(given, place) | {"type": given["type"]} | wanted


def _named(given: Any, place: str) -> dict[str, Any]:
    for field in ("name", "description"):
        if not given.get(field):
            raise required(f"{place}.{field}")
    _check_name(given["name"], f"{place}.name")
    _check_description(given["description"], f"{place}.description")
    for field, check in (("name", _check_name), ("description", _check_description)):
        for locale, value in (given.get(f"{field}_localizations") or {}).items():
            if locale not in _LOCALES:
                raise form_error(
                    f"{place}.{field}_localizations", "ENUM_TYPE_COERCE", f'Value "{locale}" is no locale.'
                )
            check(value, f"{place}.{field}_localizations.{locale}")
    names = ("name", "name_localizations", "description", "description_localizations")
    return {name: given.get(name) for name in names}


def _check_name(name: str, place: str) -> None:
    if not _NAME.fullmatch(name) or name != name.lower():
        raise form_error(place, "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")


def _check_description(text: str, place: str) -> None:
    if len(text) > _LONGEST:
        raise too_long(place, _LONGEST)
