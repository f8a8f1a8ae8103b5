"""Methods about channels and what was written in them."""

from __future__ import annotations

from typing import Any

from tests.fakes import defaults
from tests.fakes.slack.errors import ApiError
from tests.fakes.slack.messages import Channel, StoredMessage
from tests.fakes.slack.params import Params
from tests.fakes.slack.world import World

_PREFIX = {"im": "im", "channel": "channels", "group": "groups", "mpim": "mpim"}
_MOST = 999


def open_(world: World, params: Params) -> dict[str, Any]:
    """The private channel with a user."""
    users = params.text("users")
    if not users:
        raise ApiError("users_list_not_supplied")
    if users not in world.users or users == defaults.SLACK_BOT_USER:
        raise ApiError("user_not_found")
    channel = world.private_channel(users)
    return {"channel": channel.as_object() if params.flag("return_im") else {"id": channel.id}}


def info(world: World, params: Params) -> dict[str, Any]:
    """A channel."""
    channel = world.channel(params.text("channel"))
    _need(world, channel, "read")
    return {"channel": channel.as_object()}


def history(world: World, params: Params) -> dict[str, Any]:
    """What was written in a channel outside of threads, newest first."""
    channel = world.joined(params.text("channel"))
    _need(world, channel, "history")
    found = [
        one for one in world.seen(channel.id) if one.thread_ts in (None, one.ts) or one.subtype == "thread_broadcast"
    ]
    return _page(world, params, found[::-1])


def replies(world: World, params: Params) -> dict[str, Any]:
    """A thread, its first message first."""
    channel = world.joined(params.text("channel"))
    _need(world, channel, "history")
    ts = params.text("ts")
    root = world.messages.get((channel.id, ts))
    if root is None or root.deleted:
        raise ApiError("thread_not_found")
    return _page(world, params, [one for one in world.seen(channel.id) if ts in (one.ts, one.thread_ts)], root)


def _page(
    world: World, params: Params, found: list[StoredMessage], always: StoredMessage | None = None
) -> dict[str, Any]:
    oldest, latest = float(params.text("oldest") or 0), float(params.text("latest") or "inf")
    inclusive = params.flag("inclusive")

    def within(one: StoredMessage) -> bool:
        ts = float(one.ts)
        return oldest < ts < latest or (inclusive and ts in (oldest, latest))

    found = [one for one in found if not one.deleted and (one is always or within(one))]
    limit, begin = min(params.integer("limit", 100), _MOST), params.integer("cursor", 0)
    shown, more = found[begin : begin + limit], begin + limit < len(found)
    base = world.address(defaults.SLACK_FILES_HOST)
    cursor = str(begin + limit) if more else ""
    return {
        "messages": [one.as_object(base) for one in shown],
        "has_more": more,
        "response_metadata": {"next_cursor": cursor},
    }


def _need(world: World, channel: Channel, what: str) -> None:
    scope = f"{_PREFIX[channel.type]}:{what}"
    if scope not in world.scopes:
        raise ApiError("missing_scope", needed=scope, provided=",".join(sorted(world.scopes)))
