"""`/health` and `/ready` on the loopback address of the gateway's container; nothing listens on the host."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec

from agent.gateway.healthcheck import HOST, PORT

Report = Callable[[], dict[str, Any]]


async def serve(report: Report) -> asyncio.Server:
    """Answer until the returned server is closed.

    Args:
        report: gives `{"healthy": bool, "ready": bool, ...}`; the whole of it is the answer's body.
    """

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            line = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), timeout=5)
            writer.write(_response(line.split(b" ", 2), report()))
            await writer.drain()
        except (TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
            pass
        finally:
            writer.close()

    return await asyncio.start_server(answer, HOST, PORT, limit=4096)


def _response(request: list[bytes], report: dict[str, Any]) -> bytes:
    keys = {b"/health": "healthy", b"/ready": "ready"}
    key = keys.get(request[1]) if len(request) == 3 and request[0] == b"GET" else None
    status = "404 Not Found" if key is None else "200 OK" if report[key] else "503 Service Unavailable"
    body = b"" if key is None else msgspec.json.encode(report) + b"\n"
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n"
    )
    return head.encode() + b"\r\n" + body
