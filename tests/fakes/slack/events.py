"""What the app is told of what happens in channels, if it has subscribed and is a member."""

from __future__ import annotations

import secrets
import time
from typing import Any

from tests.fakes import defaults
from tests.fakes.slack.messages import StoredMessage
from tests.fakes.slack.world import World

_SUBSCRIPTION = {"im": "message.im", "channel": "message.channels", "group": "message.groups", "mpim": "message.mpim"}
_SCOPE = {"im": "im:history", "channel": "channels:history", "group": "groups:history", "mpim": "mpim:history"}
MENTION = f"<@{defaults.SLACK_BOT_USER}>"


def written(world: World, message: StoredMessage) -> None:
    """A new message; a mention of the bot is told of by an event of its own as well."""
    shown = message.as_object(world.address(defaults.SLACK_FILES_HOST), in_event=True)
    root = world.messages.get((message.channel.id, message.thread_ts or ""))
    if root is not None and root is not message:
        shown["parent_user_id"] = root.user
    place = {"channel": message.channel.id, "event_ts": message.ts}
    if MENTION in message.text and message.channel.type != "im" and not message.from_bot:
        mention = {name: value for name, value in shown.items() if name not in ("parent_user_id", "subtype")}
        _tell(world, message, mention | place | {"type": "app_mention"}, "app_mention", "app_mentions:read")
    _tell_message(world, message, shown | place)


def changed(world: World, message: StoredMessage, before: dict[str, Any]) -> None:
    """A message that is not what it was."""
    shown = message.as_object(world.address(defaults.SLACK_FILES_HOST), in_event=True)
    hidden = {"type": "message", "subtype": "message_changed", "hidden": True, "channel": message.channel.id}
    _tell_message(world, message, hidden | _times(world) | {"message": shown, "previous_message": before})


def deleted(world: World, message: StoredMessage) -> None:
    """A message that is there no more; the first of a thread leaves a tombstone."""
    shown = message.as_object(world.address(defaults.SLACK_FILES_HOST), in_event=True)
    hidden = {"type": "message", "hidden": True, "channel": message.channel.id} | _times(world)
    if any(one.thread_ts == message.ts and one is not message for one in world.seen(message.channel.id)):
        tombstone: dict[str, Any] = {
            "type": "message",
            "subtype": "tombstone",
            "text": "This message was deleted.",
            "ts": message.ts,
        }
        tombstone |= {"user": "USLACKBOT", "thread_ts": message.ts, "hidden": True}
        more: dict[str, Any] = {"subtype": "message_changed", "message": tombstone, "previous_message": shown}
    else:
        more = {"subtype": "message_deleted", "deleted_ts": message.ts, "previous_message": shown}
    _tell_message(world, message, hidden | more)


def _times(world: World) -> dict[str, str]:
    ts = world.next_ts()
    return {"ts": ts, "event_ts": ts}


def _tell_message(world: World, message: StoredMessage, event: dict[str, Any]) -> None:
    kind = message.channel.type
    _tell(world, message, event | {"channel_type": kind}, _SUBSCRIPTION[kind], _SCOPE[kind])


def _tell(world: World, message: StoredMessage, event: dict[str, Any], subscription: str, scope: str) -> None:
    if not message.channel.member or subscription not in world.events or scope not in world.scopes:
        return
    payload = {
        "token": "lab",
        "team_id": defaults.SLACK_TEAM_ID,
        "api_app_id": defaults.SLACK_APP_ID,
        "event": event,
        "type": "event_callback",
        "event_id": f"Ev0{secrets.token_hex(5).upper()}",
        "event_time": int(time.time()),
        "is_ext_shared_channel": False,
    }
    world.hub.push("events_api", payload)
