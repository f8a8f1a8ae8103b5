"""The HTTP routes of the worker. Connections carry one request each, so that the worker can leave between two."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from agent.cgroup import Cgroup
from agent.llm_container.worker import answer, mended
from agent.llm_container.worker.call import Call, read_call
from agent.llm_container.worker.faults import BROKEN_OFF, TOO_SLOW, RequestError, fault_of
from agent.llm_container.worker.idle import Idle
from agent.llm_container.worker.shapes import Response, Stream

CHAT_PATHS = ("/v1/chat/completions", "/chat/completions")
# A conversation with several photographs; the container's memory allows not much more.
_REQUEST_BYTES = 16 * 1024 * 1024
_EVENT_STREAM = {"Content-Type": "text/event-stream", "Cache-Control": "no-cache"}


def application(idle: Idle) -> web.Application:
    """The routes, on a litellm that has been imported."""
    import litellm

    routes = _Routes(litellm.acompletion, idle)
    made = web.Application(client_max_size=_REQUEST_BYTES)
    made.on_response_prepare.append(_one_request_each)
    made.router.add_get("/health", routes.health)
    made.router.add_post("/warm", routes.warm)
    for path in CHAT_PATHS:
        made.router.add_post(path, routes.chat)
    return made


async def _one_request_each(_: web.Request, response: web.StreamResponse) -> None:
    response.force_close()
    # aiohttp has written its own headers by now; a client that is not told would use the connection once more.
    response.headers["Connection"] = "close"


class _Routes:
    def __init__(self, complete: Callable[..., Awaitable[Any]], idle: Idle) -> None:
        self._complete = complete
        self._idle = idle
        self._cgroup = Cgroup()

    async def health(self, _: web.Request) -> web.Response:
        memory = {"memory": self._cgroup.memory(), "memory_limit": self._cgroup.memory_limit or 0}
        return _json(200, {"status": "ok", "detail": "worker warm", **memory})

    async def warm(self, request: web.Request) -> web.Response:
        try:
            self._idle.minutes = _minutes(await _body(request))
        except RequestError as error:
            return _refused(error, "")
        return _json(200, {"status": "ok"})

    async def chat(self, request: web.Request) -> web.StreamResponse:
        key = ""
        try:
            call = read_call(request.headers.get("Authorization", ""), await _body(request))
            key = call.key
            if call.idle_minutes is not None:
                self._idle.minutes = call.idle_minutes
            if call.stream:
                return await self._streamed(request, call)
            async with asyncio.timeout(call.timeout_s):
                return _json(200, answer.completion(await self._complete(**call.arguments)))
        except web.HTTPException:
            raise
        except Exception as error:  # noqa: BLE001 - litellm raises anything; the gateway must hear of all
            return _refused(error, key)

    async def _streamed(self, request: web.Request, call: Call) -> web.StreamResponse:
        ends = asyncio.get_running_loop().time() + call.timeout_s
        mended.note_ends(call.provider)
        async with asyncio.timeout_at(ends):
            stream: Stream = await self._complete(**call.arguments)
        try:
            # Until the first piece has come, the answer can still be an error with a status of its own.
            async with asyncio.timeout_at(ends):
                first = await anext(stream)
            response = web.StreamResponse(headers=_EVENT_STREAM)
            await response.prepare(request)
            try:
                async with asyncio.timeout_at(ends):
                    await _send(response, stream, first)
            except (ConnectionError, web.HTTPException):
                raise
            except TimeoutError:
                await response.write(answer.event(TOO_SLOW.body()))
            except Exception as error:  # noqa: BLE001 - see above
                await response.write(answer.event(fault_of(error, call.key).body()))
            return response
        finally:
            await stream.aclose()


async def _send(response: web.StreamResponse, stream: Stream, piece: Response | None) -> None:
    while piece is not None:
        for chunk in answer.chunks(piece):
            if _finished(chunk) and not mended.ended(stream):
                await response.write(answer.event(BROKEN_OFF.body()))
                return
            await response.write(answer.event(chunk))
        piece = await anext(stream, None)
    await response.write(answer.DONE)


def _finished(chunk: dict[str, Any]) -> bool:
    return any(choice["finish_reason"] for choice in chunk["choices"])


def _minutes(body: object) -> float:
    minutes = body.get("idle_minutes") if isinstance(body, dict) else None
    if not isinstance(minutes, int | float) or minutes < 0:
        raise RequestError("POST /warm wants idle_minutes, a number from 0 on", "bad_request")
    return minutes


async def _body(request: web.Request) -> object:
    try:
        return json.loads(await request.read())
    except (ValueError, RecursionError):
        raise RequestError("the request's body is not JSON", "bad_request") from None
    except web.HTTPRequestEntityTooLarge:
        megabytes = _REQUEST_BYTES // 1024**2
        raise RequestError(f"the request is larger than {megabytes} MB", "too_large", 413) from None


def _refused(error: Exception, key: str) -> web.Response:
    fault = fault_of(error, key)
    # Neither message nor traceback: they may hold what was asked, or the key.
    sys.stderr.write(f"llm: answered {fault.status} ({type(error).__name__}, {fault.code})\n")
    response = _json(fault.status, fault.body())
    if fault.retry_after is not None:
        response.headers["Retry-After"] = fault.retry_after
    return response


def _json(status: int, body: dict[str, Any]) -> web.Response:
    return web.json_response(body, status=status)
