"""Sends a completion as server-sent events, and breaks off where the reply says so."""

import asyncio

import msgspec
from aiohttp import web

from tests.fakes.llm.openai_chat.completion import Completion

_encode = msgspec.json.Encoder().encode
_HEADERS = {"Content-Type": "text/event-stream", "Cache-Control": "no-cache"}


async def send_stream(request: web.Request, completion: Completion) -> web.StreamResponse:
    """The whole stream, or as much of it as the reply allows."""
    reply, response = completion.reply, web.StreamResponse(headers=_HEADERS)
    await response.prepare(request)
    if completion.provider.comments:
        await response.write(b": OPENROUTER PROCESSING\n\n")
    for place, chunk in enumerate(completion.chunks()):
        if reply.cut_after is not None and place >= reply.cut_after:
            await _break_off(request, response, completion)
            return response
        if reply.chunk_delay:
            await asyncio.sleep(reply.chunk_delay)
        await response.write(_event(chunk))
    await response.write(b"data: [DONE]\n\n")
    await response.write_eof()
    return response


async def _break_off(request: web.Request, response: web.StreamResponse, completion: Completion) -> None:
    if completion.reply.stream_error is not None:
        await response.write(_event(completion.stream_error(completion.reply.stream_error)))
        await response.write_eof()
    elif request.transport is not None:
        request.transport.close()


def _event(value: object) -> bytes:
    return b"data: " + _encode(value) + b"\n\n"
