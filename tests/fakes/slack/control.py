"""The control API's part for Slack."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from tests.fakes import defaults
from tests.fakes.forms import body_of, seconds
from tests.fakes.slack import socket
from tests.fakes.slack.world import ApiError, Envelope, StoredMessage, World, file_object
from tests.fakes.web import json_response
from tests.fakes.wire import (
    SlackCommand,
    SlackEdit,
    SlackFault,
    SlackMessage,
    SlackOrder,
    SlackSeen,
    SlackSettings,
    SlackStatus,
)


class SlackControl:
    """Lets a test be the users, and break things."""

    def __init__(self, world: World) -> None:
        """Controls this world."""
        self._world = world

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """See the README of the control API in `tests.fakes.control`."""
        router.add_post("/slack/user_message", self._user_message)
        router.add_post("/slack/user_edit", self._user_edit)
        router.add_post("/slack/user_command", self._user_command)
        router.add_get("/slack/chat/{channel}", self._chat)
        router.add_get("/slack/chat/{channel}/wait", self._wait)
        router.add_get("/slack/status", self._status)
        router.add_get("/slack/calls", self._calls)
        router.add_post("/slack/settings", self._settings)
        router.add_post("/slack/fail", self._fail)
        router.add_post("/slack/socket", self._socket)

    async def _user_message(self, request: web.Request) -> web.Response:
        return json_response({"ts": user_writes(self._world, await body_of(request, SlackMessage)).ts})

    async def _user_edit(self, request: web.Request) -> web.Response:
        try:
            user_edits(self._world, await body_of(request, SlackEdit))
        except ApiError as error:
            raise web.HTTPBadRequest(text=str(error)) from None
        return json_response({})

    async def _user_command(self, request: web.Request) -> web.Response:
        return json_response({"id": user_commands(self._world, await body_of(request, SlackCommand)).id})

    async def _chat(self, request: web.Request) -> web.Response:
        return json_response(self._world.seen(self._channel(request), seconds(request, "after")))

    async def _wait(self, request: web.Request) -> web.Response:
        channel, after = self._channel(request), seconds(request, "after")
        wanted = request.query.get("containing", "")

        def replies() -> list[SlackSeen]:
            answers = [one for one in self._world.seen(channel, after) if one.from_bot and not one.deleted]
            return answers if any(wanted in one.text for one in answers) else []

        return json_response(await self._world.changed.until(replies, seconds(request, "timeout")) or [])

    async def _status(self, _request: web.Request) -> web.Response:
        world = self._world
        waiting = sum(not envelope.acknowledged for envelope in world.envelopes.values())
        return json_response(
            SlackStatus(
                connections=len(world.connections),
                opened=world.opened,
                acknowledged=world.acknowledged,
                unacknowledged=waiting,
            )
        )

    async def _calls(self, request: web.Request) -> web.Response:
        since = seconds(request, "since")
        return json_response([call for call in self._world.calls if call.time >= since])

    async def _settings(self, request: web.Request) -> web.Response:
        change(self._world, await body_of(request, SlackSettings))
        return json_response({})

    async def _fail(self, request: web.Request) -> web.Response:
        self._world.faults.append(await body_of(request, SlackFault))
        return json_response({})

    async def _socket(self, request: web.Request) -> web.Response:
        socket.order(self._world, (await body_of(request, SlackOrder)).action)
        return json_response({})

    def _channel(self, request: web.Request) -> str:
        name = request.match_info["channel"]
        return self._world.direct(defaults.SLACK_OWNER_ID) if name == "dm" else name


def user_writes(world: World, order: SlackMessage) -> StoredMessage:
    """A user's message arrives, in the direct messages unless a channel is named; a mention is told of twice."""
    channel = order.channel or world.direct(order.user)
    message = StoredMessage(
        world.next_ts(), channel, order.user, order.text, order.thread_ts, world.attached(order.files)
    )
    world.store(message)
    event: dict[str, Any] = {
        **message.as_object(),
        "channel": channel,
        "channel_type": "im" if channel.startswith("D") else "channel",
        "event_ts": message.ts,
    }
    if order.subtype is not None:
        event["subtype"] = order.subtype
    if order.bot_id is not None:
        event["bot_id"] = order.bot_id
    if order.thread_ts is not None and (root := world.messages.get((channel, order.thread_ts))):
        event["parent_user_id"] = root.user
    if message.files:
        event["files"] = [file_object(file) for file in message.files]
    world.tell(event)
    if f"<@{defaults.SLACK_BOT_USER}>" in order.text and not channel.startswith("D"):
        mention = {key: value for key, value in event.items() if key not in ("channel_type", "subtype")}
        world.tell({**mention, "type": "app_mention"})
    return message


def user_edits(world: World, order: SlackEdit) -> None:
    """A user changes a message, or deletes it; raises ApiError."""
    channel = order.channel or world.direct(defaults.SLACK_OWNER_ID)
    message = world.message(channel, order.ts)
    before = message.as_object()
    about = {
        "type": "message",
        "channel": channel,
        "channel_type": "im" if channel.startswith("D") else "channel",
        "ts": world.next_ts(),
        "hidden": True,
        "previous_message": before,
    }
    if order.text is None:
        message.deleted = True
        world.tell({**about, "subtype": "message_deleted", "deleted_ts": order.ts})
    else:
        message.text = order.text
        world.tell({**about, "subtype": "message_changed", "message": message.as_object()})
    world.changed.fire()


def user_commands(world: World, order: SlackCommand) -> Envelope:
    """A user types `/picoclaw` and a text."""
    channel = order.channel or world.direct(order.user)
    return world.send(
        "slash_commands",
        {
            "token": "verification", "team_id": "T0LAB00001", "channel_id": channel, "user_id": order.user,
            "command": "/picoclaw", "text": order.text, "api_app_id": "A0LAB00001",
            "trigger_id": f"{world.number()}.1.x", "response_url": "https://hooks.slack.com/commands/x",
        },
    )  # fmt: skip


def change(world: World, settings: SlackSettings) -> None:
    """What is given is changed, the rest stays; a revoked token is told of."""
    for name in ("tokens", "app_tokens", "scopes"):
        value = getattr(settings, name)
        if value is not None:
            setattr(world, name, set(value))
    if settings.tokens == []:
        world.tell({"type": "tokens_revoked", "tokens": {"bot": [defaults.SLACK_BOT_USER]}})
    for name in ("limited", "locale", "redeliver_s", "answers_pings", "says_hello"):
        value = getattr(settings, name)
        if value is not None:
            setattr(world, name, value)
