"""The commands in Discord's menu, in two languages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agent.channels.base import ChannelError
from agent.channels.discord.rest import Rest
from agent.messages import COMMANDS, command

_TEXT = 3  # the type of an option


async def register(rest: Rest, application_id: str) -> None:
    """Make the menu what it should be; raise ChannelError when that cannot be done."""
    wanted = [_menu_entry(name) for name in COMMANDS]
    path = f"/applications/{application_id}/commands"
    there = await rest.call("GET", path, params={"with_localizations": "true"})
    if not isinstance(there, list):
        raise ChannelError("Discord tells its menu in a form that is not known")
    if [_known_part(one) for one in there] != wanted:
        await rest.call("PUT", path, json=wanted)


def _menu_entry(name: str) -> dict[str, Any]:
    """A command as it is registered, in two languages."""
    entry: dict[str, Any] = {
        "name": name,
        "description": command(name, "en"),
        "description_localizations": {"pl": command(name, "pl")},
        "type": 1,
    }
    if name in ("model", "stop"):
        key = f"option_{name}"
        option = {"name": {"model": "model", "stop": "instead"}[name], "description": command(key, "en")}
        option["description_localizations"] = {"pl": command(key, "pl")}  # type: ignore[assignment]
        entry["options"] = [{**option, "type": _TEXT, "required": False}]
    return entry


def _known_part(entry: Mapping[str, Any]) -> dict[str, Any]:
    """What of a registered command is ours to say."""
    names = ("name", "description", "description_localizations", "type")
    known = {name: entry.get(name) for name in names}
    if entry.get("options"):
        option = entry["options"][0]
        known["options"] = [
            {**{name: option.get(name) for name in names}, "required": bool(option.get("required", False))}
        ]
    return known
