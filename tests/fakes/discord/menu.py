"""Commands of the menu, and answering those who use them."""

from __future__ import annotations

import re
from typing import Any

from tests.fakes import defaults
from tests.fakes.discord import errors
from tests.fakes.discord.world import StoredMessage, World

_NAME = re.compile(r"[-_'\w]{1,32}")
_LOCALES = {"en-US", "en-GB", "pl", "de", "fr"}
_ACKNOWLEDGED = (4, 5)


def put(world: World, application: str, wanted: object) -> list[dict[str, Any]]:
    """Replaces all commands; raises ApiError."""
    _check_application(application)
    if not isinstance(wanted, list) or len(wanted) > 100:
        raise errors.ApiError(400, 50035, "Invalid Form Body")
    for place, one in enumerate(wanted):
        _check(one, str(place))
    world.menu = [{**one, "id": world.next_id(), "application_id": application, "version": "1"} for one in wanted]
    return world.menu


def listed(world: World, application: str, *, localized: bool) -> list[dict[str, Any]]:
    """All commands; the languages only when asked for."""
    _check_application(application)
    if localized:
        return world.menu
    return [{key: value for key, value in one.items() if not key.endswith("_localizations")} for one in world.menu]


def answer(world: World, interaction: str, payload: dict[str, Any]) -> None:
    """The first answer to whoever used a command; raises ApiError."""
    if interaction not in world.interactions:
        raise errors.ApiError(404, 10062, "Unknown interaction")
    if world.interactions[interaction] is not None:
        raise errors.ApiError(400, 40060, "Interaction has already been acknowledged.")
    if payload.get("type") not in _ACKNOWLEDGED:
        raise errors.invalid_form("type", "BASE_TYPE_CHOICES", "Value must be one of the known types.")
    data = payload.get("data") or {}
    channel = interaction.partition(":")[2]
    shown = StoredMessage(
        world.next_id(),
        world.channels[channel],
        defaults.DISCORD_BOT_ID,
        str(data.get("content", "")),
        ephemeral=bool(int(data.get("flags", 0)) & 64),
    )
    world.interactions[interaction] = shown
    world.store(shown)


def _check_application(application: str) -> None:
    if application != defaults.DISCORD_APPLICATION_ID:
        raise errors.missing_access()


def _check(one: object, where: str) -> None:
    if not isinstance(one, dict):
        raise errors.invalid_form(where, "MODEL_TYPE_CONVERT", "Only dictionaries may be used.")
    name, description = str(one.get("name", "")), one.get("description")
    if one.get("type", 1) in (1, 3) and (not _NAME.fullmatch(name) or name != name.lower()):
        raise errors.invalid_form(f"{where}.name", "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")
    if not isinstance(description, str) or not 1 <= len(description) <= 100:
        raise errors.invalid_form(f"{where}.description", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100.")
    for key in ("name_localizations", "description_localizations"):
        if set(one.get(key) or {}) - _LOCALES:
            raise errors.invalid_form(f"{where}.{key}", "BASE_TYPE_CHOICES", "Value must be a known locale.")
    for place, option in enumerate(one.get("options") or []):
        _check(option, f"{where}.options.{place}")
