"""Methods about messages: sending, editing, deleting, reading."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import Any

from aiohttp import BodyPartReader, web

from tests.fakes import defaults
from tests.fakes.discord import errors, gateway, objects
from tests.fakes.discord.world import StoredFile, StoredMessage, World

_LONGEST = 2000
_LARGEST_FILE = 10 * 1024 * 1024
_LONGEST_NONCE = 25
_MOST_FILES = 10
_NONCE_S = 300.0


@dataclass
class Form:
    """What a request says: JSON, or JSON beside files."""

    payload: dict[str, Any] = field(default_factory=dict)
    files: dict[str, tuple[str, bytes]] = field(default_factory=dict)


async def read_form(request: web.Request) -> Form:
    """The body; raises ApiError."""
    form = Form()
    if request.content_type == "multipart/form-data":
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader):
                continue
            if part.name == "payload_json":
                form.payload = _object(await part.text())
            elif part.name is not None:
                form.files[part.name] = (part.filename or "file", bytes(await part.read()))
    elif request.content_type == "application/json":
        form.payload = _object(await request.text())
    elif await request.read():
        raise errors.ApiError(400, 50109, "The request body contains invalid JSON.")
    return form


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise errors.ApiError(400, 50109, "The request body contains invalid JSON.")
    return found


def create(world: World, channel_id: str, form: Form) -> dict[str, Any]:
    """Sends a message; one with the nonce of another is that other when the bot wants it so."""
    channel = world.channel(channel_id)
    content = _content(form.payload)
    _check_mentions(form.payload)
    nonce = _nonce(form.payload)
    if form.payload.get("enforce_nonce") and nonce is not None:
        for known in world.in_channel(channel_id):
            if known.nonce == nonce and time.time() - known.time < _NONCE_S:
                return objects.message(world, known)
    files = _files(world, form)
    if not content.strip() and not files:
        raise errors.ApiError(400, 50006, "Cannot send an empty message")
    reply_to = _reference(world, channel_id, form.payload)
    stored = StoredMessage(
        world.next_id(), channel, defaults.DISCORD_BOT_ID, content, files, reply_to=reply_to, nonce=nonce
    )
    world.store(stored)
    gateway.tell(world, "MESSAGE_CREATE", objects.message(world, stored, event=True))
    return objects.message(world, stored)


def edit(world: World, channel_id: str, message_id: str, form: Form) -> dict[str, Any]:
    """Gives one of the bot's own messages another text."""
    world.channel(channel_id)
    stored = world.message(channel_id, message_id)
    if stored.author != defaults.DISCORD_BOT_ID:
        raise errors.ApiError(403, 50005, "Cannot edit a message authored by another user")
    content = _content(form.payload)
    _check_mentions(form.payload)
    if not content.strip() and not stored.files:
        raise errors.ApiError(400, 50006, "Cannot send an empty message")
    stored.content, stored.edited, stored.edits = content, time.time(), stored.edits + 1
    world.changed.fire()
    gateway.tell(world, "MESSAGE_UPDATE", objects.message(world, stored, event=True))
    return objects.message(world, stored)


def delete(world: World, channel_id: str, message_id: str) -> None:
    """Deletes one of the bot's own messages."""
    channel = world.channel(channel_id)
    stored = world.message(channel_id, message_id)
    if stored.author != defaults.DISCORD_BOT_ID:
        raise errors.ApiError(403, 50003 if channel.type == 1 else 50013, "Missing Permissions")
    stored.deleted = True
    world.changed.fire()


def history(world: World, channel_id: str, query: Any) -> list[dict[str, Any]]:
    """Up to 100 messages, newest first."""
    world.channel(channel_id)
    try:
        limit = int(query.get("limit", "50"))
        before, after = int(query.get("before", 1 << 63)), int(query.get("after", 0))
    except ValueError:
        raise errors.invalid_form("limit", "NUMBER_TYPE_COERCE", "Value is not int.") from None
    if not 1 <= limit <= 100:
        raise errors.invalid_form("limit", "NUMBER_TYPE_MAX", "int value should be between 1 and 100.")
    there = [one for one in world.in_channel(channel_id) if not one.deleted and not one.ephemeral]
    found = [one for one in there if after < int(one.id) < before]
    chosen = found[:limit] if "after" in query else found[-limit:]
    return [objects.message(world, one) for one in reversed(chosen)]


def _content(payload: dict[str, Any]) -> str:
    content = payload.get("content") or ""
    if not isinstance(content, str):
        raise errors.invalid_form("content", "STRING_TYPE_CONVERT", "Could not interpret value as string.")
    if len(content) > _LONGEST:
        raise errors.invalid_form("content", "BASE_TYPE_MAX_LENGTH", f"Must be {_LONGEST} or fewer in length.")
    return content


def _check_mentions(payload: dict[str, Any]) -> None:
    allowed = payload.get("allowed_mentions")
    if allowed is None:
        return
    if not isinstance(allowed, dict) or not isinstance(allowed.get("parse", []), list):
        raise errors.invalid_form("allowed_mentions", "MODEL_TYPE_CONVERT", "Only dictionaries may be used.")
    if any(one not in ("roles", "users", "everyone") for one in allowed.get("parse", [])):
        raise errors.invalid_form("allowed_mentions.parse", "BASE_TYPE_CHOICES", "Value must be one of 3 choices.")


def _nonce(payload: dict[str, Any]) -> str | None:
    nonce = payload.get("nonce")
    if nonce is not None and len(str(nonce)) > _LONGEST_NONCE:
        raise errors.invalid_form("nonce", "BASE_TYPE_MAX_LENGTH", "Must be 25 or fewer in length.")
    return None if nonce is None else str(nonce)


def _reference(world: World, channel_id: str, payload: dict[str, Any]) -> str | None:
    reference = payload.get("message_reference")
    if reference is None:
        return None
    if not isinstance(reference, dict) or not str(reference.get("message_id", "")).isdigit():
        raise errors.invalid_form("message_reference.message_id", "NUMBER_TYPE_COERCE", "Value is not snowflake.")
    try:
        return world.message(channel_id, str(reference["message_id"])).id
    except errors.ApiError:
        if reference.get("fail_if_not_exists", True):
            raise errors.invalid_form("message_reference", "REPLIES_UNKNOWN_MESSAGE", "Unknown message") from None
        return None


def _files(world: World, form: Form) -> list[StoredFile]:
    if len(form.files) > _MOST_FILES:
        raise errors.invalid_form("files", "BASE_TYPE_MAX_LENGTH", "Must be 10 or fewer in length.")
    if any(len(content) > _LARGEST_FILE for _, content in form.files.values()):
        raise errors.ApiError(413, 40005, "Request entity too large")
    for one in form.payload.get("attachments") or []:
        if f"files[{one.get('id')}]" not in form.files:
            raise errors.invalid_form("attachments", "ATTACHMENT_NOT_FOUND", f"{one.get('id')} was not found.")
    return [world.keep(name, content, "application/octet-stream") for name, content in form.files.values()]
