"""Methods about the bot itself: who it is, its commands, its updates, its files."""

import re
from typing import Any

from tests.fakes.telegram.errors import bad_request
from tests.fakes.telegram.params import Params
from tests.fakes.telegram.people import bot_object
from tests.fakes.telegram.updates import Poll
from tests.fakes.telegram.world import World

_COMMAND = re.compile(r"[a-z0-9_]{1,32}")
_MOST_COMMANDS = 100
_LARGEST_DOWNLOAD = 20 * 1024 * 1024
_SCOPES = ("default", "all_private_chats", "all_group_chats", "all_chat_administrators")
_CHAT_SCOPES = ("chat", "chat_administrators", "chat_member")


async def get_me(world: World, _params: Params) -> dict[str, Any]:
    """Who the bot is."""
    return bot_object(full=True) | {"can_read_all_group_messages": not world.privacy}


async def get_updates(world: World, params: Params) -> list[dict[str, Any]]:
    """Long polling; see `updates.py`."""
    allowed = params.json("allowed_updates", "allowed updates") if params.text("allowed_updates") else None
    kinds = [str(kind) for kind in allowed] if isinstance(allowed, list) else None
    timeout, limit = params.integer("timeout"), params.integer("limit", 100)
    return await world.updates.poll(Poll(params.integer("offset"), limit, timeout, kinds))


async def get_webhook_info(world: World, _params: Params) -> dict[str, Any]:
    """The webhook, and how many updates wait."""
    pending = world.updates.pending
    return {"url": world.updates.webhook, "has_custom_certificate": False, "pending_update_count": pending}


async def set_webhook(world: World, params: Params) -> bool:
    """Sets the webhook; the stand-in never calls it, it only holds the updates back."""
    url = params.text("url")
    if url and not url.startswith("https://"):
        raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
    world.updates.set_webhook(url, drop_pending=params.flag("drop_pending_updates"))
    return True


async def delete_webhook(world: World, params: Params) -> bool:
    """Goes back to polling."""
    world.updates.set_webhook("", drop_pending=params.flag("drop_pending_updates"))
    return True


async def get_my_commands(world: World, params: Params) -> list[dict[str, str]]:
    """The commands of exactly this scope and language."""
    return world.commands.get(_commands_key(world, params), [])


async def set_my_commands(world: World, params: Params) -> bool:
    """Registers commands for a scope and language."""
    commands = params.json("commands", "commands") or []
    if not isinstance(commands, list):
        raise bad_request("Expected an Array of BotCommand")
    checked = [_checked_command(command) for command in commands]
    if len(checked) > _MOST_COMMANDS:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    world.commands[_commands_key(world, params)] = checked
    return True


async def delete_my_commands(world: World, params: Params) -> bool:
    """Forgets the commands of exactly this scope and language."""
    world.commands.pop(_commands_key(world, params), None)
    return True


def _commands_key(world: World, params: Params) -> tuple[str, str]:
    scope = params.json("scope", "BotCommandScope") or {"type": "default"}
    if not isinstance(scope, dict):
        raise bad_request("BotCommandScope must be an Object")
    kind, chat_id = scope.get("type"), str(scope.get("chat_id", ""))
    if kind in _CHAT_SCOPES:
        return f"{kind} {world.chat(chat_id).id} {scope.get('user_id', '')}".strip(), params.text("language_code")
    if kind not in _SCOPES:
        raise bad_request("Can't parse BotCommandScope: Unsupported type specified")
    return str(kind), params.text("language_code")


def _checked_command(value: Any) -> dict[str, str]:
    if not isinstance(value, dict):
        raise bad_request("Can't parse BotCommand: expected an Object")
    for name in ("command", "description"):
        if name not in value:
            raise bad_request(f"Can't parse BotCommand: Can't find field \"{name}\"")
    command, description = str(value["command"]).removeprefix("/"), str(value["description"]).strip()
    if not _COMMAND.fullmatch(command):
        raise bad_request("BOT_COMMAND_INVALID")
    if not 1 <= len(description) <= 256:
        raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    return {"command": command, "description": description}


async def get_file(world: World, params: Params) -> dict[str, Any]:
    """Where a file can be fetched."""
    if not params.text("file_id"):
        raise bad_request("file_id not specified")
    file = world.file(params.text("file_id"))
    if file is None:
        raise bad_request("invalid file_id")
    if len(file.content) > _LARGEST_DOWNLOAD:
        raise bad_request("file is too big")
    return {
        "file_id": file.id,
        "file_unique_id": file.unique_id,
        "file_size": len(file.content),
        "file_path": file.path,
    }


async def get_chat(world: World, params: Params) -> dict[str, Any]:
    """A chat that the bot knows."""
    chat = world.chat(params.text("chat_id"))
    return chat.as_object() | {"accent_color_id": 0, "max_reaction_count": 11, "accepted_gift_types": _NO_GIFTS}


_NO_GIFTS = {
    "unlimited_gifts": False,
    "limited_gifts": False,
    "unique_gifts": False,
    "premium_subscription": False,
    "gifts_from_channels": False,
}
