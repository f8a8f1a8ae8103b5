"""`/health`, `/ready` and `/status` on the loopback address of the gateway's container; nothing listens on the host."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from agent.gateway.healthcheck import HOST, PORT

Report = Callable[[], dict[str, Any]]
Status = Callable[[], Awaitable[dict[str, Any]]]
# Of a status: the sandbox and picoclaw-llm are asked for it.
_PATIENCE_S = 10.0


async def serve(report: Report, status: Status | None = None) -> asyncio.Server:
    """Answer until the returned server is closed.

    Args:
        report: gives `{"healthy": bool, "ready": bool, ...}`; the whole of it is the answer's body.
        status: gives more of the same for `/status`; without it, that is `report` too.
    """

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            line = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), timeout=5)
            path = _path(line)
            if path == b"/status" and status is not None:
                body = await asyncio.wait_for(status(), _PATIENCE_S)
            else:
                body = report()
            writer.write(_response(path, body))
            await writer.drain()
        except (TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
            pass
        finally:
            writer.close()

    return await asyncio.start_server(answer, HOST, PORT, limit=4096)


def _path(head: bytes) -> bytes:
    """What is asked for; empty when it is no GET."""
    words = head.split(b" ", 2)
    return words[1] if len(words) == 3 and words[0] == b"GET" else b""


def _response(path: bytes, report: dict[str, Any]) -> bytes:
    keys = {b"/health": "healthy", b"/ready": "ready", b"/status": "ready"}
    key = keys.get(path)
    status = "404 Not Found" if key is None else "200 OK" if report[key] else "503 Service Unavailable"
    body = b"" if key is None else msgspec.json.encode(report) + b"\n"
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n"
    )
    return head.encode() + b"\r\n" + body
