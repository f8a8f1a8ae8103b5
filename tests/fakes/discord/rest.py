"""The REST API, version 10: token, rate limits, faults, and the methods."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from aiohttp import web

from tests.fakes import defaults
from tests.fakes.discord import errors, menu, messages, objects
from tests.fakes.discord.world import World
from tests.fakes.web import fall_silent, json_response, new_application, reset_connection
from tests.fakes.wire import DiscordCall

_WINDOW_S, _IN_WINDOW = 5.0, 5
Method = Callable[[web.Request], Awaitable[Any]]


class Rest:
    """Answers requests from what the world knows."""

    def __init__(self, world: World) -> None:
        """Serves this world."""
        self._world = world
        self._sent: dict[str, deque[float]] = defaultdict(deque)

    def application(self) -> web.Application:
        """To be served as discord.com."""
        application = new_application()
        routes: list[tuple[str, str, Method]] = [
            ("GET", "/users/@me", self._me),
            ("GET", "/applications/@me", self._application),
            ("GET", "/gateway/bot", self._gateway),
            ("POST", "/users/@me/channels", self._open),
            ("GET", "/channels/{channel}", self._channel),
            ("GET", "/channels/{channel}/messages", self._history),
            ("POST", "/channels/{channel}/messages", self._create),
            ("GET", "/channels/{channel}/messages/{message}", self._message),
            ("PATCH", "/channels/{channel}/messages/{message}", self._edit),
            ("DELETE", "/channels/{channel}/messages/{message}", self._delete),
            ("POST", "/channels/{channel}/typing", self._typing),
            ("GET", "/applications/{application}/commands", self._commands),
            ("PUT", "/applications/{application}/commands", self._put_commands),
            ("POST", "/interactions/{interaction}/{token}/callback", self._answer),
        ]
        for method, path, handler in routes:
            application.router.add_route(method, f"/api/v10{path}", self._answering(handler))
        application.router.add_route("*", "/{rest:.*}", self._answering(self._elsewhere))
        return application

    def _answering(self, handler: Method) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def answer(request: web.Request) -> web.StreamResponse:
            path = request.path.removeprefix("/api/v10")
            call = DiscordCall(method=request.method, path=path, time=time.time())
            self._world.calls.append(call)
            self._world.changed.fire()
            try:
                response = await self._suffer(request, path) or await self._allowed(request, handler)
            except errors.ApiError as error:
                response = json_response(error.body, error.status, self._headers(error))
            call.status = response.status
            return response

        return answer

    async def _suffer(self, request: web.Request, path: str) -> web.Response | None:
        fault = self._world.take_fault(request.method, path)
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
            body = {"message": "You are being rate limited.", "retry_after": fault.seconds, "global": fault.whole}
            return json_response(body, 429, {"Via": "1.1 google", "Retry-After": str(fault.seconds)})
        return json_response({"message": "fault", "code": fault.code}, fault.status)

    async def _allowed(self, request: web.Request, handler: Method) -> web.Response:
        if request.headers.get("Authorization") not in {f"Bot {token}" for token in self._world.tokens}:
            raise errors.unauthorized()
        if not request.headers.get("User-Agent", "").startswith("DiscordBot ("):
            return web.Response(status=403, text="<html>cloudflare</html>", content_type="text/html")
        self._limit(request)
        result = await handler(request)
        headers = self._headers(None)
        if result is None:
            return web.Response(status=204, headers=headers)
        # exactly this content type: the official libraries compare it
        return web.Response(body=msgspec.json.encode(result), headers={**headers, "Content-Type": "application/json"})

    def _limit(self, request: web.Request) -> None:
        """Five messages in five seconds to a channel, edits included; raises ApiError 429."""
        if not self._world.limited or request.method not in ("POST", "PATCH") or "channel" not in request.match_info:
            return
        sent, now = self._sent[request.match_info["channel"]], time.monotonic()
        while sent and sent[0] < now - _WINDOW_S:
            sent.popleft()
        if len(sent) >= _IN_WINDOW:
            wait = round(_WINDOW_S - (now - sent[0]), 3)
            raise errors.ApiError(429, 0, "You are being rate limited.", retry_after=wait, **{"global": False})
        sent.append(now)

    @staticmethod
    def _headers(error: errors.ApiError | None) -> dict[str, str]:
        if error is not None and error.status == 429:
            return {"Via": "1.1 google", "Retry-After": str(error.body["retry_after"])}
        return {"Via": "1.1 google"}

    async def _elsewhere(self, _request: web.Request) -> Any:
        raise errors.ApiError(404, 0, "404: Not Found")

    async def _me(self, _request: web.Request) -> Any:
        return objects.user(defaults.DISCORD_BOT_ID) | {"mfa_enabled": False, "verified": True, "flags": 0}

    async def _application(self, _request: web.Request) -> Any:
        return {"id": defaults.DISCORD_APPLICATION_ID, "flags": (1 << 19) if self._world.message_content else 0}

    async def _gateway(self, _request: web.Request) -> Any:
        limit = {"total": 1000, "remaining": 999, "reset_after": 0, "max_concurrency": 1}
        return {"url": f"wss://{defaults.DISCORD_GATEWAY_HOST}", "shards": 1, "session_start_limit": limit}

    async def _open(self, request: web.Request) -> Any:
        recipient = str((await messages.read_form(request)).payload.get("recipient_id", ""))
        if not recipient.isdigit():
            raise errors.invalid_form("recipient_id", "NUMBER_TYPE_COERCE", "Value is not snowflake.")
        if recipient not in (defaults.DISCORD_OWNER_ID, *self._world.locales):
            raise errors.ApiError(400, 50033, "Invalid Recipient(s)")
        return objects.channel(self._world.private_channel(recipient))

    async def _channel(self, request: web.Request) -> Any:
        return objects.channel(self._world.channel(request.match_info["channel"]))

    async def _history(self, request: web.Request) -> Any:
        return messages.history(self._world, request.match_info["channel"], request.query)

    async def _create(self, request: web.Request) -> Any:
        return messages.create(self._world, request.match_info["channel"], await messages.read_form(request))

    async def _message(self, request: web.Request) -> Any:
        channel = self._world.channel(request.match_info["channel"])
        stored = self._world.message(channel.id, request.match_info["message"])
        return objects.message(self._world, stored)

    async def _edit(self, request: web.Request) -> Any:
        place = request.match_info
        return messages.edit(self._world, place["channel"], place["message"], await messages.read_form(request))

    async def _delete(self, request: web.Request) -> Any:
        messages.delete(self._world, request.match_info["channel"], request.match_info["message"])

    async def _typing(self, request: web.Request) -> Any:
        channel = self._world.channel(request.match_info["channel"])
        self._world.typing.append((channel.id, time.time()))
        self._world.changed.fire()

    async def _commands(self, request: web.Request) -> Any:
        localized = request.query.get("with_localizations") == "true"
        return menu.listed(self._world, request.match_info["application"], localized=localized)

    async def _put_commands(self, request: web.Request) -> Any:
        try:
            wanted = msgspec.json.decode(await request.read())
        except msgspec.DecodeError:
            raise errors.ApiError(400, 50109, "The request body contains invalid JSON.") from None
        return menu.put(self._world, request.match_info["application"], wanted)

    async def _answer(self, request: web.Request) -> Any:
        form = await messages.read_form(request)
        menu.answer(self._world, request.match_info["token"], form.payload)
