"""What users do: write, change, delete, use the slash command."""

from __future__ import annotations

import secrets
import time

from tests.fakes import defaults
from tests.fakes.slack import events
from tests.fakes.slack.errors import ApiError
from tests.fakes.slack.hub import Envelope
from tests.fakes.slack.messages import StoredMessage
from tests.fakes.slack.world import World
from tests.fakes.wire import SlackCommand, SlackEdit, SlackMessage


def writes(world: World, order: SlackMessage) -> StoredMessage:
    """A message arrives, in the private channel unless another is named; raises ApiError when there is no such."""
    user = world.user(order.user)
    user.locale = order.locale
    channel = world.private_channel(user.id) if order.channel is None else world.channel(order.channel)
    files = [
        world.keep_file(one.name, one.mime_type, one.content, foreign=order.shared_by_connect) for one in order.files
    ]
    message = StoredMessage(world.next_ts(), channel, user.id, order.text, order.thread_ts, files=files)
    message.subtype = order.subtype
    if order.other_bot:
        message.extra = {"bot_id": "B0ANOTHER01", "app_id": "A0ANOTHER01"}
    if order.forwarded:
        message.attachments = [{"is_share": True, "text": order.forwarded, "fallback": order.forwarded}]
    world.store(message)
    events.written(world, message)
    return message


def edits(world: World, order: SlackEdit) -> None:
    """A user changes or deletes a message; otherwise than by the user, the service has added a preview."""
    channel = world.channel(order.channel or world.private_channel(defaults.SLACK_OWNER_ID).id)
    message = world.message(channel, order.ts)
    if message.from_bot:
        raise ApiError("cant_update_message")
    before = message.as_object(world.address(defaults.SLACK_FILES_HOST))
    if order.text is None:
        message.deleted = True
        events.deleted(world, message)
    else:
        if order.user_edit:
            message.text, message.edited, message.edits = order.text, time.time(), message.edits + 1
        else:
            message.attachments = [{"service_name": "example", "title": "A preview", "from_url": "https://example.org"}]
        events.changed(world, message, before)


def commands(world: World, order: SlackCommand) -> Envelope:
    """A user uses the slash command."""
    user = world.user(order.user)
    channel = world.private_channel(user.id) if order.channel is None else world.channel(order.channel)
    trigger = f"{secrets.randbelow(10**13)}.{secrets.randbelow(10**10)}.{secrets.token_hex(16)}"
    payload = {
        "token": "lab",
        "team_id": defaults.SLACK_TEAM_ID,
        "team_domain": "lab",
        "channel_id": channel.id,
        "channel_name": "directmessage" if channel.type == "im" else channel.id.lower(),
        "user_id": user.id,
        "user_name": user.id.lower(),
        "command": order.command,
        "text": order.text,
        "api_app_id": defaults.SLACK_APP_ID,
        "is_enterprise_install": "false",
        "response_url": "https://hooks.slack.com/commands/T0/0/lab",
        "trigger_id": trigger,
    }
    return world.hub.push("slash_commands", payload)
