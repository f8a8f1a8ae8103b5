"""The control API's part for Discord."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aiohttp import web

from tests.fakes.discord.errors import ApiError
from tests.fakes.discord.objects import Message
from tests.fakes.discord.wire import (
    DiscordCall,
    DiscordFault,
    DiscordGatewayFault,
    DiscordNewChannel,
    DiscordOrder,
    DiscordSettings,
    DiscordUserEdit,
    DiscordUserMessage,
)
from tests.fakes.discord.world import World
from tests.fakes.forms import body_of, seconds
from tests.fakes.web import json_response


class DiscordControl:
    """Lets a test be the users, and break things."""

    def __init__(self, world: World) -> None:
        """Controls this world."""
        self._world = world

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """See the README of the control API in `tests.fakes.control`."""
        router.add_post("/discord/user_message", self._does(DiscordUserMessage, self._world.user_writes))
        router.add_post("/discord/user_edit", self._does(DiscordUserEdit, self._world.user_edits))
        router.add_post("/discord/order", self._does(DiscordOrder, self._world.user_orders))
        router.add_post("/discord/new_channel", self._does(DiscordNewChannel, self._new_channel))
        router.add_post("/discord/settings", self._does(DiscordSettings, self._world.change))
        router.add_post("/discord/fail", self._does(DiscordFault, self._world.fail))
        router.add_post("/discord/gateway_fail", self._does(DiscordGatewayFault, self._world.hub.suffer))
        router.add_get("/discord/private/{user_id}", self._private)
        router.add_get("/discord/channel/{channel_id}", self._channel)
        router.add_get("/discord/channel/{channel_id}/wait", self._wait_for_reply)
        router.add_get("/discord/calls", self._calls)
        router.add_get("/discord/calls/wait", self._wait_for_call)
        router.add_get("/discord/connections", self._connections)
        router.add_get("/discord/commands", self._commands)
        router.add_get("/discord/interactions", self._interactions)

    @staticmethod
    def _does(form: type[Any], work: Callable[[Any], Any]) -> Callable[[web.Request], Any]:
        async def handle(request: web.Request) -> web.Response:
            order = await body_of(request, form)
            try:
                done = work(order)
            except ApiError as error:
                raise web.HTTPBadRequest(text=error.message) from None
            return json_response({} if done is None else done)

        return handle

    def _new_channel(self, order: DiscordNewChannel) -> dict[str, str]:
        return {"channel_id": self._world.user_opens_channel(order).id}

    async def _private(self, request: web.Request) -> web.Response:
        try:
            channel = self._world.private_channel(request.match_info["user_id"])
        except ApiError as error:
            raise web.HTTPBadRequest(text=error.message) from None
        return json_response({"channel_id": channel.id})

    async def _channel(self, request: web.Request) -> web.Response:
        found = self._world.messages(request.match_info["channel_id"], request.query.get("after", "0"))
        return json_response([message.as_wire() for message in found])

    async def _wait_for_reply(self, request: web.Request) -> web.Response:
        channel_id, after = request.match_info["channel_id"], request.query.get("after", "0")
        wanted = request.query.get("containing", "")

        def replies() -> list[Message]:
            there = self._world.messages(channel_id, after)
            answers = [message for message in there if message.author.bot and not message.deleted]
            return answers if any(wanted in answer.content for answer in answers) else []

        found = await self._world.changed.until(replies, seconds(request, "timeout"))
        return json_response([message.as_wire() for message in found or []])

    async def _calls(self, request: web.Request) -> web.Response:
        return json_response(self._matching_calls(request))

    async def _wait_for_call(self, request: web.Request) -> web.Response:
        wait = seconds(request, "timeout")
        return json_response(await self._world.changed.until(lambda: self._matching_calls(request), wait) or [])

    def _matching_calls(self, request: web.Request) -> list[DiscordCall]:
        route, since = request.query.get("route", ""), seconds(request, "since")
        return [call for call in self._world.calls if call.time >= since and route in ("", call.route)]

    async def _connections(self, _request: web.Request) -> web.Response:
        return json_response(self._world.hub.record)

    async def _commands(self, _request: web.Request) -> web.Response:
        return json_response(self._world.commands)

    async def _interactions(self, _request: web.Request) -> web.Response:
        return json_response([given.as_wire() for given in self._world.interactions.given.values()])
