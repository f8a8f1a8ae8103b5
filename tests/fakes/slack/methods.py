"""The Web API's methods, each with the scope that it asks for, and whether it takes JSON."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.fakes import defaults
from tests.fakes.slack.world import ELSEWHERE, ApiError, StoredMessage, World, file_object

_LONGEST, _LONGEST_EDIT = 40_000, 4_000
_PAGE = 200
Arguments = dict[str, Any]


@dataclass(frozen=True)
class Method:
    """What answers, the scope, and what a request may look like."""

    run: Callable[[World, Arguments], dict[str, Any]]
    scope: str | None = None
    takes_json: bool = False


def _auth_test(_world: World, _arguments: Arguments) -> dict[str, Any]:
    return {
        "url": "https://lab.slack.com/", "team": "Lab", "user": "picoclaw", "team_id": "T0LAB00001",
        "user_id": defaults.SLACK_BOT_USER, "bot_id": defaults.SLACK_BOT_ID,
    }  # fmt: skip


def _post(world: World, arguments: Arguments) -> dict[str, Any]:
    channel, text = _channel(world, arguments), _text(arguments, _LONGEST)
    thread = arguments.get("thread_ts")
    if thread is not None and (channel, str(thread)) not in world.messages:
        raise ApiError("thread_not_found")
    message = StoredMessage(world.next_ts(), channel, defaults.SLACK_BOT_USER, text, thread_ts=thread)
    world.store(message)
    world.tell({**message.as_object(), "channel": channel, "channel_type": _kind(channel)})
    return {"channel": channel, "ts": message.ts, "message": message.as_object()}


def _update(world: World, arguments: Arguments) -> dict[str, Any]:
    channel, text = _channel(world, arguments), _text(arguments, _LONGEST_EDIT)
    message = world.message(channel, str(arguments.get("ts")))
    if message.user != defaults.SLACK_BOT_USER:
        raise ApiError("cant_update_message")
    message.text, message.edits = text, message.edits + 1
    world.changed.fire()
    return {"channel": channel, "ts": message.ts, "text": text}


def _delete(world: World, arguments: Arguments) -> dict[str, Any]:
    message = world.message(_channel(world, arguments), str(arguments.get("ts")))
    if message.user != defaults.SLACK_BOT_USER:
        raise ApiError("cant_delete_message")
    message.deleted = True
    world.changed.fire()
    return {"ts": message.ts}


def _open(world: World, arguments: Arguments) -> dict[str, Any]:
    user = str(arguments.get("users", ""))
    if not user.startswith("U"):
        raise ApiError("user_not_found")
    return {"channel": {"id": world.direct(user)}}


def _history(world: World, arguments: Arguments) -> dict[str, Any]:
    channel = _channel(world, arguments)
    there = [one for one in world.in_channel(channel) if one.thread_ts in (None, one.ts)]
    return _page(there, arguments, newest_first=True)


def _replies(world: World, arguments: Arguments) -> dict[str, Any]:
    channel, thread = _channel(world, arguments), str(arguments.get("ts"))
    there = [one for one in world.in_channel(channel) if thread in (one.ts, one.thread_ts)]
    if not there:
        raise ApiError("thread_not_found")
    return _page(there, arguments, newest_first=False)


def _page(there: list[StoredMessage], arguments: Arguments, *, newest_first: bool) -> dict[str, Any]:
    oldest, limit = float(arguments.get("oldest", 0)), min(int(arguments.get("limit", 100)), 999)
    start = int(arguments.get("cursor") or 0)
    found = [one.as_object() for one in there if not one.deleted and not one.ephemeral and float(one.ts) > oldest]
    if newest_first:
        found.reverse()
    more = start + limit < len(found)
    return {
        "messages": found[start : start + limit],
        "has_more": more,
        "response_metadata": {"next_cursor": str(start + limit) if more else ""},
    }


def _users_info(world: World, arguments: Arguments) -> dict[str, Any]:
    user = str(arguments.get("user", ""))
    if not user.startswith("U"):
        raise ApiError("user_not_found")
    found = {"id": user, "name": user.lower(), "is_bot": False}
    wants = str(arguments.get("include_locale")).lower() in ("1", "true")
    return {"user": found | ({"locale": world.locale} if wants else {})}


def _upload_url(world: World, arguments: Arguments) -> dict[str, Any]:
    length, name = int(arguments.get("length", 0)), str(arguments.get("filename", ""))
    if length <= 0 or not name:
        raise ApiError("invalid_arguments")
    file = world.keep(name, "application/octet-stream", length)
    return {"file_id": file.id, "upload_url": f"@files/upload/{file.id}"}


def _complete(world: World, arguments: Arguments) -> dict[str, Any]:
    wanted = arguments.get("files")
    wanted = json.loads(wanted) if isinstance(wanted, str) else wanted or []
    files = [world.files.get(str(one.get("id"))) for one in wanted]
    if not files or any(file is None or file.content is None for file in files):
        raise ApiError("file_not_found")
    kept = [file for file in files if file is not None]
    if arguments.get("channel_id"):
        channel = _channel(world, {"channel": arguments["channel_id"]})
        text, thread = str(arguments.get("initial_comment") or ""), arguments.get("thread_ts")
        world.store(StoredMessage(world.next_ts(), channel, defaults.SLACK_BOT_USER, text, thread, kept))
    return {"files": [file_object(file) for file in kept]}


def _file_info(world: World, arguments: Arguments) -> dict[str, Any]:
    file = world.files.get(str(arguments.get("file")))
    if file is None:
        raise ApiError("file_not_found")
    return {"file": file_object(file)}


def _react(world: World, arguments: Arguments) -> dict[str, Any]:
    message = world.message(_channel(world, arguments), str(arguments.get("timestamp")))
    if arguments.get("name") in message.reactions:
        raise ApiError("already_reacted")
    message.reactions.append(str(arguments.get("name")))
    world.changed.fire()
    return {}


def _unreact(world: World, arguments: Arguments) -> dict[str, Any]:
    message = world.message(_channel(world, arguments), str(arguments.get("timestamp")))
    if arguments.get("name") not in message.reactions:
        raise ApiError("no_reaction")
    message.reactions.remove(str(arguments.get("name")))
    world.changed.fire()
    return {}


def _channel(world: World, arguments: Arguments) -> str:
    channel = str(arguments.get("channel") or "")
    if channel == ELSEWHERE:
        raise ApiError("not_in_channel")
    if channel not in world.channels:
        raise ApiError("channel_not_found")
    return channel


def _text(arguments: Arguments, longest: int) -> str:
    text = arguments.get("text")
    if not isinstance(text, str) or not text.strip():
        raise ApiError("no_text")
    if len(text) > longest:
        raise ApiError("msg_too_long")
    return text


def _kind(channel: str) -> str:
    return "im" if channel.startswith("D") else "channel"


METHODS: dict[str, Method] = {
    "auth.test": Method(_auth_test, takes_json=True),
    "chat.postMessage": Method(_post, "chat:write", takes_json=True),
    "chat.update": Method(_update, "chat:write", takes_json=True),
    "chat.delete": Method(_delete, "chat:write", takes_json=True),
    "conversations.open": Method(_open, "im:write", takes_json=True),
    "conversations.history": Method(_history, "im:history"),
    "conversations.replies": Method(_replies, "im:history"),
    "users.info": Method(_users_info, "users:read"),
    "files.getUploadURLExternal": Method(_upload_url, "files:write"),
    "files.completeUploadExternal": Method(_complete, "files:write", takes_json=True),
    "files.info": Method(_file_info, "files:read"),
    "reactions.add": Method(_react, "reactions:write", takes_json=True),
    "reactions.remove": Method(_unreact, "reactions:write", takes_json=True),
}
# Requests a minute that Slack grants, by method: only what bots meet first.
LIMITS = {"chat.postMessage": (1.0, 5), "chat.update": (50 / 60, 20)}


class Limits:
    """About one message a second to a channel, short bursts allowed."""

    def __init__(self) -> None:
        """Nothing was sent."""
        self._filled: dict[tuple[str, str], tuple[float, float]] = {}

    def check(self, method: str, channel: str) -> None:
        """Counts a request; raises ApiError 429 when it is one too many."""
        if method not in LIMITS:
            return
        rate, burst = LIMITS[method]
        now = time.monotonic()
        filled, since = self._filled.get((method, channel), (0.0, now))
        filled = max(0.0, filled - (now - since) * rate)
        if filled + 1 > burst:
            raise ApiError("ratelimited", 429, retry_after=max(1, round((filled + 1 - burst) / rate)))
        self._filled[method, channel] = (filled + 1, now)
