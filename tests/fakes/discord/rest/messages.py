"""Messages: sent, changed, deleted and read by the bot."""

from __future__ import annotations

import time
from typing import Any

from tests.fakes.discord import errors
from tests.fakes.discord.errors import ApiError, form_error
from tests.fakes.discord.objects import BOT, DEFAULT, REPLY, Channel, Message
from tests.fakes.discord.rest.mentions import pinged
from tests.fakes.discord.rest.request import Asked
from tests.fakes.discord.rest.routes import Route
from tests.fakes.discord.snowflakes import is_snowflake
from tests.fakes.discord.views import for_answer
from tests.fakes.discord.world import World

LONGEST = 2000  # code points
_NONCE_HOLDS_S = 180.0  # «the past few minutes»
_LONGEST_NONCE = 25
_FLAGS = 1 << 2 | 1 << 12  # no previews, no notification


def _channel(world: World, asked: Asked) -> dict[str, Any]:
    return world.channel(asked.places["channel_id"]).as_object()


def _history(world: World, asked: Asked) -> list[dict[str, Any]]:
    channel = world.channel(asked.places["channel_id"])
    limit = asked.integer("limit", 50, 1, 100)
    before, after = asked.snowflake("before"), asked.snowflake("after")
    there = [message for message in channel.messages.values() if not message.deleted]
    if before is not None:
        there = [message for message in there if int(message.id) < int(before)]
    if after is not None:
        there = [message for message in there if int(message.id) > int(after)][:limit]
    return [for_answer(message, world) for message in reversed(there[-limit:])]


def _one(world: World, asked: Asked) -> dict[str, Any]:
    return for_answer(_named(world, asked), world)


def _send(world: World, asked: Asked) -> dict[str, Any]:
    channel = _writable(world, asked)
    nonce = _nonce(asked.fields)
    content = _content(asked.fields)
    answers = _answered(channel, asked.fields.get("message_reference"))
    if not content and not asked.uploads and not asked.fields.get("embeds"):
        raise ApiError(*errors.EMPTY_MESSAGE)
    if nonce is not None and asked.fields.get("enforce_nonce") and (sent := _sent_before(channel, nonce)) is not None:
        return for_answer(sent, world)
    flags = int(asked.fields.get("flags") or 0)
    if flags & ~_FLAGS:
        raise form_error("flags", "INVALID_FLAGS", "Only some flags may be set by bots.")
    kind = DEFAULT if answers is None else REPLY
    message = Message(world.ids.next(), channel, BOT, content, type=kind, answers=answers, nonce=nonce, flags=flags)
    message.pinged = pinged(message, asked.fields.get("allowed_mentions"), world)
    message.files = [
        world.files.keep(world.ids.next(), channel.id, file.name, file.media_type, file.content)
        for file in _uploads(asked)
    ]
    return for_answer(world.store(message), world)


def _edit(world: World, asked: Asked) -> dict[str, Any]:
    message = _named(world, asked)
    if message.author != BOT:
        raise ApiError(*errors.NOT_THE_AUTHOR)
    content = _content(asked.fields) if "content" in asked.fields else message.content
    if not content and not message.files:
        raise ApiError(*errors.EMPTY_MESSAGE)
    if "flags" in asked.fields:
        message.flags = int(asked.fields["flags"] or 0)
    return for_answer(world.edited(message, content), world)


def _delete(world: World, asked: Asked) -> None:
    message = _named(world, asked)
    if message.author != BOT:
        raise ApiError(*errors.MISSING_PERMISSIONS)
    world.deleted(message)


def _typing(world: World, asked: Asked) -> None:
    _writable(world, asked)


def _named(world: World, asked: Asked) -> Message:
    return world.message(world.channel(asked.places["channel_id"]), asked.places["message_id"])


def _writable(world: World, asked: Asked) -> Channel:
    channel = world.channel(asked.places["channel_id"])
    if channel.user is not None and channel.user.id in world.settings.blocked:
        raise ApiError(*errors.BLOCKED)
    return channel


def _content(fields: dict[str, Any]) -> str:
    """As Discord keeps it, without the blanks around."""
    content = fields.get("content")
    if content is None:
        return ""
    if not isinstance(content, str):
        raise form_error("content", "STRING_TYPE_CONVERT", "Could not interpret as string.")
    if len(content) > LONGEST:
        raise errors.too_long("content", LONGEST)
    return content.strip()


def _nonce(fields: dict[str, Any]) -> str | int | None:
    nonce: str | int | None = fields.get("nonce")
    if nonce is not None and len(str(nonce)) > _LONGEST_NONCE:
        raise errors.too_long("nonce", _LONGEST_NONCE)
    return nonce


def _sent_before(channel: Channel, nonce: str | int) -> Message | None:
    since = time.time() - _NONCE_HOLDS_S
    mine = (message for message in channel.messages.values() if message.author == BOT and message.time > since)
    return next((message for message in mine if str(message.nonce or "") == str(nonce)), None)


def _answered(channel: Channel, reference: Any) -> Message | None:
    if reference is None:
        return None
    number = reference.get("message_id")
    if not is_snowflake(number):
        raise errors.not_a_snowflake("message_reference.message_id", number)
    found = channel.messages.get(str(number))
    if found is not None and not found.deleted:
        return found
    if reference.get("fail_if_not_exists", True):
        raise form_error("message_reference", "MESSAGE_REFERENCE_UNKNOWN_MESSAGE", "Unknown message")
    return None


def _uploads(asked: Asked) -> list[Any]:
    """The files, under the names that `attachments` gives them."""
    described = {str(one.get("id")): one for one in asked.fields.get("attachments") or ()}
    for number in described:
        if f"files[{number}]" not in asked.uploads:
            raise form_error("attachments", "ATTACHMENT_NOT_FOUND", "Unknown attachment")
    return list(asked.uploads.values())


ROUTES = (
    Route("GET", "/channels/{channel_id}", _channel),
    Route("GET", "/channels/{channel_id}/messages", _history),
    Route("POST", "/channels/{channel_id}/messages", _send),
    Route("GET", "/channels/{channel_id}/messages/{message_id}", _one),
    Route("PATCH", "/channels/{channel_id}/messages/{message_id}", _edit),
    Route("DELETE", "/channels/{channel_id}/messages/{message_id}", _delete),
    Route("POST", "/channels/{channel_id}/typing", _typing),
)
