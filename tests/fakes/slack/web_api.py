"""The Web API over HTTP: token, scope, form, limits and faults."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from typing import Any

from aiohttp import web

from tests.fakes import defaults
from tests.fakes.slack.methods import METHODS, Limits
from tests.fakes.slack.world import ApiError, World
from tests.fakes.web import fall_silent, json_response, new_application, reset_connection
from tests.fakes.wire import SlackCall


class WebApi:
    """Answers requests from what the world knows."""

    def __init__(self, world: World) -> None:
        """Serves this world."""
        self._world = world
        self._limits = Limits()

    def application(self) -> web.Application:
        """To be served as slack.com."""
        application = new_application()
        application.router.add_route("*", "/api/{method}", self._call)
        return application

    async def _call(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        call = SlackCall(method=method, time=time.time())
        self._world.calls.append(call)
        self._world.changed.fire()
        try:
            response = await self._suffer(request, method) or json_response(await self._answer(request, method))
        except ApiError as error:
            call.error = str(error.body["error"])
            headers = {"Retry-After": str(error.body.get("retry_after", 1))} if error.status == 429 else None
            response = json_response(error.body, error.status, headers)
        call.status = response.status
        return response

    async def _suffer(self, request: web.Request, method: str) -> web.Response | None:
        fault = self._world.take_fault(method)
        if fault is None:
            return None
        if fault.kind == "reset":
            await reset_connection(request)
        if fault.kind == "silence":
            await fall_silent()
        if fault.kind == "hang":
            await asyncio.sleep(fault.seconds)
            return None
        if fault.status == 429:
            raise ApiError("ratelimited", 429, retry_after=fault.seconds)
        raise ApiError(fault.error, fault.status)

    async def _answer(self, request: web.Request, method: str) -> dict[str, Any]:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if method == "apps.connections.open":
            return self._open_socket(token)
        self._check(token)
        known = METHODS.get(method)
        if known is None:
            raise ApiError("unknown_method")
        if known.scope is not None and known.scope not in self._world.scopes:
            raise ApiError("missing_scope", needed=known.scope, provided=",".join(sorted(self._world.scopes)))
        arguments = await _arguments(request, takes_json=known.takes_json)
        if self._world.limited:
            self._limits.check(method, str(arguments.get("channel")))
        answer = known.run(self._world, arguments)
        if str(answer.get("upload_url", "")).startswith("@files"):
            answer["upload_url"] = str(answer["upload_url"]).replace("@files", self._world.files_url)
        return {"ok": True, **answer}

    def _check(self, token: str) -> None:
        if not token:
            raise ApiError("not_authed")
        if token.startswith("xapp-"):
            raise ApiError("not_allowed_token_type")
        if token not in self._world.tokens:
            raise ApiError("token_revoked" if token == defaults.SLACK_TOKEN else "invalid_auth")

    def _open_socket(self, token: str) -> dict[str, Any]:
        if token.startswith("xoxb-"):
            raise ApiError("not_allowed_token_type")
        if token not in self._world.app_tokens:
            raise ApiError("invalid_auth")
        ticket = secrets.token_hex(8)
        self._world.tickets.add(ticket)
        return {"ok": True, "url": f"{self._world.socket_url}/link/?ticket={ticket}&app_id=A0LAB00001"}


async def _arguments(request: web.Request, *, takes_json: bool) -> dict[str, Any]:
    if request.content_type == "application/json":
        if not takes_json:
            return dict(request.query)
        try:
            found = json.loads(await request.text() or "{}")
        except ValueError:
            raise ApiError("invalid_json") from None
        if not isinstance(found, dict):
            raise ApiError("json_not_object")
        return {**request.query, **found}
    return {**request.query, **dict(await request.post())}
