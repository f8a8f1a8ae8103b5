"""The bot, its application with the menu of commands, its Gateway, and its private channels."""

from __future__ import annotations

from typing import Any

from tests.fakes import defaults
from tests.fakes.discord import errors
from tests.fakes.discord.objects import BOT, MAY_READ
from tests.fakes.discord.rest.commands import checked, listed
from tests.fakes.discord.rest.request import Asked
from tests.fakes.discord.rest.routes import Route
from tests.fakes.discord.snowflakes import is_snowflake
from tests.fakes.discord.world import World

_DAY_MS = 24 * 60 * 60 * 1000


def _me(_world: World, _asked: Asked) -> dict[str, Any]:
    return BOT.as_object() | {"verified": True, "mfa_enabled": True, "locale": "en-US", "flags": 0, "email": None}


def _application(world: World, _asked: Asked) -> dict[str, Any]:
    owner = {"id": defaults.DISCORD_OWNER_ID, "username": defaults.OWNER_USERNAME, "discriminator": "0"}
    return {
        "id": defaults.DISCORD_APPLICATION_ID,
        "name": defaults.BOT_NAME,
        "icon": None,
        "description": "",
        "rpc_origins": [],
        "bot_public": False,
        "bot_require_code_grant": False,
        "owner": owner | {"avatar": None},
        "verify_key": "0" * 64,
        "team": None,
        "flags": MAY_READ if world.settings.message_content else 0,
        "hook": True,
        "summary": "",
    }


def _gateway(world: World, _asked: Asked) -> dict[str, Any]:
    return {"url": world.address(defaults.DISCORD_GATEWAY_HOST).replace("http", "ws", 1)}


def _gateway_for_bots(world: World, asked: Asked) -> dict[str, Any]:
    begins = {"total": 1000, "remaining": 999, "reset_after": _DAY_MS, "max_concurrency": 1}
    return _gateway(world, asked) | {"shards": 1, "session_start_limit": begins}


def _private_channel(world: World, asked: Asked) -> dict[str, Any]:
    recipient = asked.fields.get("recipient_id")
    if recipient is None:
        raise errors.required("recipient_id")
    if not is_snowflake(recipient):
        raise errors.not_a_snowflake("recipient_id", recipient)
    return world.private_channel(str(recipient)).as_object()


def _commands(world: World, asked: Asked) -> list[dict[str, Any]]:
    _own(asked)
    return [listed(one, whole=asked.query.get("with_localizations") == "true") for one in world.commands]


def _set_commands(world: World, asked: Asked) -> list[dict[str, Any]]:
    _own(asked)
    known = {one["name"]: one["id"] for one in world.commands}
    entries = checked(asked.body)
    for entry in entries:
        entry["id"] = known.get(entry["name"]) or world.ids.next()
        entry.update({"application_id": defaults.DISCORD_APPLICATION_ID, "version": world.ids.next()})
    world.commands = entries
    world.changed.fire()
    return entries


def _own(asked: Asked) -> None:
    if asked.places["application_id"] != defaults.DISCORD_APPLICATION_ID:
        raise errors.unknown("Application")


ROUTES = (
    Route("GET", "/users/@me", _me),
    Route("GET", "/oauth2/applications/@me", _application),
    Route("GET", "/applications/@me", _application),
    Route("GET", "/gateway", _gateway, needs_token=False),
    Route("GET", "/gateway/bot", _gateway_for_bots),
    Route("POST", "/users/@me/channels", _private_channel),
    Route("GET", "/applications/{application_id}/commands", _commands),
    Route("PUT", "/applications/{application_id}/commands", _set_commands),
)
