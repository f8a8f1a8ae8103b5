"""Sends an answer as server-sent events, at the pace of the reply, and breaks off where the reply says so."""

import asyncio
from itertools import islice

import msgspec
from aiohttp import web

from tests.fakes.llm.dialect import Answer
from tests.fakes.wire import Reply

_encode = msgspec.json.Encoder().encode
_HEADERS = {"Content-Type": "text/event-stream", "Cache-Control": "no-cache"}


def event(value: object, name: str | None = None) -> bytes:
    """A server-sent event with a JSON value."""
    return (f"event: {name}\n".encode() if name else b"") + b"data: " + _encode(value) + b"\n\n"


async def send_stream(request: web.Request, answer: Answer, reply: Reply) -> web.StreamResponse:
    """The whole stream, or as much of it as the reply allows."""
    response = web.StreamResponse(headers=_HEADERS | dict(answer.headers))
    await response.prepare(request)
    await response.write(answer.opening())
    if reply.first_chunk_delay:
        await asyncio.sleep(reply.first_chunk_delay)
    for chunk in islice(answer.chunks(), reply.cut_after):
        if reply.chunk_delay:
            await asyncio.sleep(reply.chunk_delay)
        await response.write(chunk)
    if reply.cut_after is not None:
        await _break_off(request, response, answer, reply)
        return response
    for chunk in answer.closing():
        await response.write(chunk)
    await response.write_eof()
    return response


async def _break_off(request: web.Request, response: web.StreamResponse, answer: Answer, reply: Reply) -> None:
    if reply.stream_error is None and reply.garbage is None:
        if request.transport is not None:
            request.transport.close()
        return
    if reply.garbage is not None:
        await response.write(reply.garbage.encode())
    if reply.stream_error is not None:
        await response.write(answer.broken(reply.stream_error))
    await response.write_eof()
