"""Methods that write, change and delete messages, and react to them."""

from __future__ import annotations

import re
import time
from typing import Any

from tests.fakes import defaults
from tests.fakes.slack import blocks, events
from tests.fakes.slack.errors import ApiError
from tests.fakes.slack.messages import StoredMessage
from tests.fakes.slack.params import Params
from tests.fakes.slack.world import World

_MOST_TEXT, _MOST_UPDATED_TEXT = 40_000, 4_000
_TS = re.compile(r"\d{10}\.\d{6}")
_EMOJI = re.compile(r"[a-z0-9_+'-]+")


def post_message(world: World, params: Params) -> dict[str, Any]:
    """Writes a message."""
    channel = world.joined(params.text("channel"))
    text, shown = _content(params, _MOST_TEXT)
    thread = params.text("thread_ts") or None
    if thread is not None and not _TS.fullmatch(thread):
        raise ApiError("invalid_arguments")
    message = StoredMessage(world.next_ts(), channel, defaults.SLACK_BOT_USER, text, thread, shown)
    world.store(message)
    events.written(world, message)
    return _as_answer(world, message)


def post_ephemeral(world: World, params: Params) -> dict[str, Any]:
    """Shows something to one member of a channel."""
    channel = world.joined(params.text("channel"))
    text, shown = _content(params, _MOST_TEXT)
    if params.text("user") not in world.users:
        raise ApiError("user_not_in_channel")
    world.whispers.append((channel.id, params.text("user"), text or str(shown)))
    return {"message_ts": world.next_ts()}


def update(world: World, params: Params) -> dict[str, Any]:
    """Gives one of the bot's own messages another content."""
    channel = world.joined(params.text("channel"))
    text, shown = _content(params, _MOST_UPDATED_TEXT)
    message = world.message(channel, params.text("ts"))
    if not message.from_bot:
        raise ApiError("cant_update_message")
    before = message.as_object(world.address(defaults.SLACK_FILES_HOST))
    message.text, message.blocks = text, shown
    message.edited, message.edits = time.time(), message.edits + 1
    events.changed(world, message, before)
    return _as_answer(world, message)


def delete(world: World, params: Params) -> dict[str, Any]:
    """Deletes one of the bot's own messages."""
    channel = world.joined(params.text("channel"))
    message = world.message(channel, params.text("ts"))
    if not message.from_bot:
        raise ApiError("cant_delete_message")
    message.deleted = True
    events.deleted(world, message)
    return {"channel": channel.id, "ts": message.ts}


def add_reaction(world: World, params: Params) -> dict[str, Any]:
    """Puts an emoji to a message."""
    message, name = _reacted(world, params)
    if name in message.reactions:
        raise ApiError("already_reacted")
    message.reactions.append(name)
    return {}


def remove_reaction(world: World, params: Params) -> dict[str, Any]:
    """Takes an emoji of the bot's away."""
    message, name = _reacted(world, params)
    if name not in message.reactions:
        raise ApiError("no_reaction")
    message.reactions.remove(name)
    return {}


def _reacted(world: World, params: Params) -> tuple[StoredMessage, str]:
    name = params.text("name")
    if not _EMOJI.fullmatch(name):
        raise ApiError("invalid_name")
    return world.message(world.joined(params.text("channel")), params.text("timestamp")), name


def _content(params: Params, most: int) -> tuple[str, list[Any]]:
    text, shown = params.text("text"), blocks.checked(params.text("blocks"))
    if not text.strip() and not shown:
        raise ApiError("no_text")
    if len(text) > most:
        raise ApiError("msg_too_long")
    return text, shown


def _as_answer(world: World, message: StoredMessage) -> dict[str, Any]:
    shown = message.as_object(world.address(defaults.SLACK_FILES_HOST))
    return {"channel": message.channel.id, "ts": message.ts, "text": message.text, "message": shown}
