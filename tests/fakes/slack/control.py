"""The control API's part for Slack."""

from __future__ import annotations

from aiohttp import web

from tests.fakes import defaults
from tests.fakes.forms import body_of, seconds
from tests.fakes.slack import people
from tests.fakes.slack.errors import ApiError
from tests.fakes.slack.server import Slack
from tests.fakes.web import json_response
from tests.fakes.wire import (
    SlackCommand,
    SlackEdit,
    SlackFault,
    SlackMessage,
    SlackOrder,
    SlackSent,
    SlackSettings,
    SlackStatus,
)


class SlackControl:
    """Lets a test be the users, and break things."""

    def __init__(self, slack: Slack) -> None:
        """Controls this workspace."""
        self._slack = slack
        self._world = slack.world

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """See the README of the control API in `tests.fakes.control`."""
        router.add_post("/slack/user_message", self._user_message)
        router.add_post("/slack/user_edit", self._user_edit)
        router.add_post("/slack/user_command", self._user_command)
        router.add_get("/slack/chat/{channel}", self._chat)
        router.add_get("/slack/status", self._status)
        router.add_get("/slack/calls", self._calls)
        router.add_post("/slack/settings", self._settings)
        router.add_post("/slack/fail", self._fail)
        router.add_post("/slack/socket", self._socket)

    async def _user_message(self, request: web.Request) -> web.Response:
        order = await body_of(request, SlackMessage)
        try:
            message = people.writes(self._world, order)
        except ApiError as error:
            raise web.HTTPBadRequest(text=error.word) from None
        return json_response(SlackSent(channel=message.channel.id, ts=message.ts))

    async def _user_edit(self, request: web.Request) -> web.Response:
        order = await body_of(request, SlackEdit)
        try:
            people.edits(self._world, order)
        except ApiError as error:
            raise web.HTTPBadRequest(text=error.word) from None
        return json_response({})

    async def _user_command(self, request: web.Request) -> web.Response:
        order = await body_of(request, SlackCommand)
        try:
            envelope = people.commands(self._world, order)
        except ApiError as error:
            raise web.HTTPBadRequest(text=error.word) from None
        return json_response({"trigger_id": str(envelope.payload["trigger_id"])})

    async def _chat(self, request: web.Request) -> web.Response:
        name = request.match_info["channel"]
        channel = self._world.private_channel(defaults.SLACK_OWNER_ID).id if name == "dm" else name
        found = self._world.seen(channel, request.query.get("after", "0"))
        return json_response([one.as_wire() for one in found])

    async def _status(self, _request: web.Request) -> web.Response:
        hub = self._world.hub
        return json_response(
            SlackStatus(
                connections=len(hub.lines),
                opened=hub.opened,
                acknowledged=sum(one.acknowledged.is_set() for one in hub.envelopes),
                unacknowledged=sum(not one.acknowledged.is_set() for one in hub.envelopes),
                sent_again=sum(max(0, one.sent - 1) for one in hub.envelopes),
                ephemeral=[str(one.answer.get("text", "")) for one in hub.envelopes if one.answer],
            )
        )

    async def _calls(self, request: web.Request) -> web.Response:
        method, since = request.query.get("method", ""), seconds(request, "since")
        return json_response([c for c in self._world.calls if c.time >= since and method in ("", c.method)])

    async def _settings(self, request: web.Request) -> web.Response:
        change(self._slack, await body_of(request, SlackSettings))
        return json_response({})

    async def _fail(self, request: web.Request) -> web.Response:
        self._world.faults.append(await body_of(request, SlackFault))
        return json_response({})

    async def _socket(self, request: web.Request) -> web.Response:
        self._slack.sockets.order((await body_of(request, SlackOrder)).action)
        return json_response({})


def change(slack: Slack, settings: SlackSettings) -> None:
    """What is given is changed, the rest stays; a token that is revoked loses its connections."""
    world = slack.world
    for name in ("scopes", "app_scopes", "events", "app_tokens", "revoked"):
        value = getattr(settings, name)
        if value is not None:
            setattr(world, name, set(value))
    if settings.tokens is not None:
        world.bot_tokens = set(settings.tokens)
    if settings.socket_mode is not None:
        world.socket_mode = settings.socket_mode
    if settings.limited is not None:
        world.rates.active = settings.limited
    if settings.retry_s is not None:
        world.hub.retry_s = tuple(settings.retry_s)
    for name in ("hello", "ping_s", "warn_s"):
        value = getattr(settings, name)
        if value is not None:
            setattr(slack.sockets.settings, name, value)
    if settings.acknowledge_s is not None:
        world.hub.acknowledge_s = settings.acknowledge_s
