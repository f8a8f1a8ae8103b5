"""The control API's part for Discord."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from tests.fakes import defaults
from tests.fakes.discord import users
from tests.fakes.discord.errors import ApiError
from tests.fakes.discord.world import World
from tests.fakes.forms import body_of
from tests.fakes.web import json_response
from tests.fakes.wire import (
    DiscordCommand,
    DiscordEdit,
    DiscordFault,
    DiscordMessage,
    DiscordOrder,
    DiscordSettings,
    DiscordStatus,
)


class DiscordControl:
    """Lets a test be the users, and break things."""

    def __init__(self, world: World) -> None:
        """Controls this world."""
        self._world = world

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """See the README of the control API in `tests.fakes.control`."""
        world = self._world
        router.add_post("/discord/user_message", _does(DiscordMessage, lambda order: users.writes(world, order).id))
        router.add_post("/discord/user_edit", _does(DiscordEdit, lambda order: users.edits(world, order).id))
        router.add_post("/discord/user_command", _does(DiscordCommand, lambda order: users.commands(world, order).id))
        router.add_post("/discord/settings", _does(DiscordSettings, world.change))
        router.add_post("/discord/fail", _does(DiscordFault, self._fail))
        router.add_post("/discord/gateway", _does(DiscordOrder, world.hub.order))
        router.add_get("/discord/chat/{channel}", self._chat)
        router.add_get("/discord/status", self._status)

    def _fail(self, fault: DiscordFault) -> None:
        self._world.faults.append(fault)

    async def _chat(self, request: web.Request) -> web.Response:
        channel = request.match_info["channel"]
        if channel == "dm":
            channel = self._world.private_channel(defaults.DISCORD_OWNER_ID).id
        found = self._world.messages(channel, request.query.get("after", "0"))
        return json_response([message.as_wire() for message in found])

    async def _status(self, _request: web.Request) -> web.Response:
        hub = self._world.hub
        names = [str(one["name"]) for one in self._world.commands]
        return json_response(
            DiscordStatus(connected=hub.connected, identifies=hub.identifies, resumed=hub.resumed, commands=names)
        )


def _does(form: type[Any], work: Callable[[Any], str | None]) -> Callable[[web.Request], Awaitable[web.Response]]:
    """A handler that does what is ordered, and gives the id of what came of it."""

    async def handle(request: web.Request) -> web.Response:
        order = await body_of(request, form)
        try:
            done = work(order)
        except ApiError as error:
            raise web.HTTPBadRequest(text=error.message) from None
        return json_response({} if done is None else {"id": done})

    return handle
