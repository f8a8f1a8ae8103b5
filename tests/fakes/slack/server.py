"""The Web API over HTTP: token, scope, rate, faults, and one form of answer for all."""

from __future__ import annotations

import time

from aiohttp import web

from tests.fakes.faults import disturb
from tests.fakes.slack.errors import ApiError, rate_limited
from tests.fakes.slack.methods import METHODS, Method
from tests.fakes.slack.params import Params, read_params
from tests.fakes.slack.socket import Sockets
from tests.fakes.slack.world import World
from tests.fakes.web import json_response, new_application
from tests.fakes.wire import SlackCall, SlackFault

_OPEN = "apps.connections.open"


class Slack:
    """The workspace and its websockets, as hosts."""

    def __init__(self) -> None:
        """A fresh workspace."""
        self.world = World()
        self.sockets = Sockets(self.world)

    def reset(self) -> None:
        """Forgets everything."""
        self.world.reset()
        self.sockets.reset()

    def application(self) -> web.Application:
        """To be served as slack.com."""
        application = new_application()
        application.router.add_route("*", "/api/{method}", self._call)
        application.router.add_get("/", self._sign_in)
        return application

    async def _sign_in(self, _request: web.Request) -> web.Response:
        return web.Response(text="<!DOCTYPE html><title>Sign in | Slack</title>", content_type="text/html")

    async def _call(self, request: web.Request) -> web.Response:
        name = request.match_info["method"]
        call = SlackCall(method=name, time=time.time())
        self.world.calls.append(call)
        try:
            response = await self._answer(request, name, call)
        except ApiError as error:
            call.error = error.word
            response = json_response(error.body, error.status, error.headers)
        call.status = response.status
        return response

    async def _answer(self, request: web.Request, name: str, call: SlackCall) -> web.Response:
        method = METHODS.get(name)
        params = await read_params(request, takes_json=method is None or method.json)
        call.parameters = params.recorded()
        token = request.headers.get("Authorization", "").removeprefix("Bearer ") or params.text("token")
        call.token = token[:4]
        fault = self.world.faults.take(lambda one: one.method in ("*", name))
        if fault is not None and (raw := await _suffer(fault, request)) is not None:
            return raw
        if name == _OPEN:
            self._check_token(token, "app")
            self._check_scope("connections:write", self.world.app_scopes)
            if not self.world.socket_mode:
                raise ApiError("socket_mode_not_enabled")
            return json_response({"ok": True, "url": self.sockets.ticket()})
        if method is None:
            raise ApiError("unknown_method", req_method=name)
        return json_response({"ok": True, **self._run(name, method, params, token)})

    def _run(self, name: str, method: Method, params: Params, token: str) -> dict[str, object]:
        self._check_token(token, method.token)
        self._check_scope(method.scope, self.world.scopes)
        self.world.rates.check(name, params.text("channel"))
        return method.run(self.world, params)

    def _check_token(self, token: str, kind: str) -> None:
        if not token:
            raise ApiError("not_authed")
        if token in self.world.revoked:
            raise ApiError("token_revoked")
        if token not in self.world.bot_tokens | self.world.app_tokens:
            raise ApiError("invalid_auth")
        if kind != "any" and token not in (self.world.app_tokens if kind == "app" else self.world.bot_tokens):
            raise ApiError("not_allowed_token_type")

    def _check_scope(self, scope: str, granted: set[str]) -> None:
        if scope and scope not in granted:
            raise ApiError("missing_scope", needed=scope, provided=",".join(sorted(granted)))


async def _suffer(fault: SlackFault, request: web.Request) -> web.Response | None:
    """Plays the fault: a raw answer, ApiError, a lost connection, or (after a pause) nothing at all."""
    await disturb(fault, request)
    if fault.kind == "hang":
        return None
    if fault.status == 429:
        raise rate_limited(fault.seconds)
    if fault.body is not None:
        kind = "application/json" if fault.body.startswith("{") else "text/html"
        return web.Response(status=fault.status, body=fault.body.encode(), content_type=kind)
    raise ApiError(fault.error, fault.status)
