"""The HTTP API as a whole: token, rate limits, faults, the record of calls, and one form for refusals."""

from __future__ import annotations

import re
import time
from typing import Any

from aiohttp import web

from tests.fakes.discord import errors
from tests.fakes.discord.errors import ApiError
from tests.fakes.discord.faults import suffer
from tests.fakes.discord.rest import about, messages, replies
from tests.fakes.discord.rest.request import Asked, read
from tests.fakes.discord.rest.routes import Route
from tests.fakes.discord.snowflakes import is_snowflake
from tests.fakes.discord.world import World
from tests.fakes.web import Handler, json_response, new_application, reset_connection
from tests.fakes.wire import DiscordCall

_VERSION = re.compile(r"^/api/v\d+")
ROUTES = (*about.ROUTES, *messages.ROUTES, *replies.ROUTES)


class DiscordServer:
    """Answers requests from what the world knows."""

    def __init__(self, world: World) -> None:
        """Serves this world."""
        self._world = world

    def application(self) -> web.Application:
        """To be served as discord.com."""
        application = new_application()
        for version in ("v9", "v10"):
            for route in ROUTES:
                application.router.add_route(route.method, f"/api/{version}{route.path}", self._handler(route))
            application.router.add_route("*", f"/api/{version}/{{rest:.*}}", self._elsewhere)
        return application

    def _handler(self, route: Route) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            return await self._call(route, request)

        return handle

    async def _elsewhere(self, request: web.Request) -> web.Response:
        call = self._record(request)
        try:
            self._check_client(request, needs_token=True)
            error = errors.no_such_route()
        except ApiError as refusal:
            error = refusal
        call.status = error.status
        return json_response(error.as_body(), error.status)

    async def _call(self, route: Route, request: web.Request) -> web.StreamResponse:
        call = self._record(request)
        headers: dict[str, str] = {}
        try:
            fault = self._world.faults.take(
                lambda one: one.method in ("*", call.method) and re.search(one.path, call.path) is not None
            )
            if fault is not None and (raw := await suffer(fault, request)) is not None:
                call.status = raw.status
                return raw
            self._check_client(request, needs_token=route.needs_token)
            headers, refusal = self._world.limits.check(route.name, request.match_info.get("channel_id", ""))
            if refusal is not None:
                call.status = refusal.status
                return refusal
            asked = await read(request)
            call.body = asked.recorded()
            result = route.answer(self._world, _checked(asked))
        except ApiError as error:
            call.status, call.code = error.status, error.code
            return json_response(error.as_body(), error.status, headers)
        if fault is not None and fault.kind == "lost":
            await reset_connection(request)
        return _answer(call, result, headers)

    def _check_client(self, request: web.Request, *, needs_token: bool) -> None:
        if not needs_token:
            return
        if not request.headers.get("User-Agent", "").startswith("DiscordBot ("):
            raise ApiError(*errors.NO_BOT)
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Bot" or token not in self._world.settings.tokens:
            raise errors.unauthorized()

    def _record(self, request: web.Request) -> DiscordCall:
        path = _VERSION.sub("", request.path)
        call = DiscordCall(method=request.method, path=path, time=time.time())
        self._world.calls.append(call)
        self._world.changed.fire()
        return call


def _answer(call: DiscordCall, result: Any, headers: dict[str, str]) -> web.Response:
    call.status = 204 if result is None else 200
    return web.Response(status=204, headers=headers) if result is None else json_response(result, 200, headers)


def _checked(asked: Asked) -> Asked:
    """Ids in the path are ids; raises ApiError."""
    for name, value in asked.places.items():
        if name.endswith("_id") and not is_snowflake(value):
            raise errors.not_a_snowflake(name, value)
    return asked
