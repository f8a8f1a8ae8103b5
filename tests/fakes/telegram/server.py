"""The Bot API over HTTP: token, method, parameters, and one answer form for all."""

import re
import time
from typing import Any

from aiohttp import web

from tests.fakes.telegram.errors import ApiError
from tests.fakes.telegram.faults import suffer
from tests.fakes.telegram.methods import METHODS
from tests.fakes.telegram.params import Params, read_params
from tests.fakes.telegram.world import World
from tests.fakes.web import json_response, new_application
from tests.fakes.wire import Call

_WELL_FORMED_TOKEN = re.compile(r"[1-9]\d{0,17}:[\w-]+")


class TelegramServer:
    """Answers requests from what the world knows."""

    def __init__(self, world: World) -> None:
        """Serves this world."""
        self._world = world

    def application(self) -> web.Application:
        """To be served as api.telegram.org."""
        application = new_application()
        application.router.add_get("/file/bot{token}/{path:.+}", self._download)
        application.router.add_route("*", "/bot{token}/{method:.*}", self._call)
        application.router.add_route("*", "/{rest:.*}", self._elsewhere)
        return application

    async def _elsewhere(self, _request: web.Request) -> web.Response:
        return _refusal(ApiError(404, "Not Found"))

    async def _download(self, request: web.Request) -> web.Response:
        try:
            self._check_token(request.match_info["token"])
        except ApiError as error:
            return _refusal(error)
        file = self._world.file_at(request.match_info["path"])
        if file is None:
            return _refusal(ApiError(404, "Not Found"))
        return web.Response(body=file.content, content_type="application/octet-stream")

    async def _call(self, request: web.Request) -> web.Response:
        token, method = request.match_info["token"], request.match_info["method"].lower()
        params = await read_params(request)
        call = self._record(token, request.match_info["method"], params)
        began = time.perf_counter()
        try:
            response = await self._answer(request, token, method, params)
        except ApiError as error:
            response, call.description = _refusal(error), error.description
        finally:
            call.seconds = time.perf_counter() - began
        call.status = response.status
        return response

    async def _answer(self, request: web.Request, token: str, method: str, params: Params) -> web.Response:
        fault = self._world.faults.take(
            lambda one: one.method.lower() in ("*", method) and one.says in params.text("text")
        )
        if fault is not None and (raw := await suffer(fault, request)) is not None:
            return raw
        self._check_token(token)
        if method not in METHODS:
            raise ApiError(404, "Not Found: method not found" if method else "Not Found")
        result: Any = await METHODS[method](self._world, params)
        # the token may have been revoked while the request was waiting
        self._check_token(token)
        return json_response({"ok": True, "result": result})

    def _check_token(self, token: str) -> None:
        if not _WELL_FORMED_TOKEN.fullmatch(token):
            raise ApiError(404, "Not Found")
        if token not in self._world.tokens:
            raise ApiError(401, "Unauthorized")

    def _record(self, token: str, method: str, params: Params) -> Call:
        known = token in self._world.tokens
        call = Call(method=method, token_ok=known, time=time.time(), parameters=params.recorded())
        self._world.calls.append(call)
        self._world.changed.fire()
        return call


def _refusal(error: ApiError) -> web.Response:
    retry = error.parameters.get("retry_after")
    headers = {"Retry-After": str(retry)} if retry else None
    return json_response(error.as_body(), error.code, headers)
