"""`/health`, `/ready`, `/status` and `/log` on the loopback address of the gateway's container.

Nothing listens on the host, and no other container has this address.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from agent.gateway import logs
from agent.gateway.healthcheck import HOST, PORT

Report = Callable[[], dict[str, Any]]
Status = Callable[[], Awaitable[dict[str, Any]]]
# Of a status: the sandbox and picoclaw-llm are asked for it.
_PATIENCE_S = 10.0
# What of an answer decides over its status; the end of the log is had in any case.
_DECIDES = {b"/health": "healthy", b"/ready": "ready", b"/status": "ready", b"/log": None}


async def serve(report: Report, status: Status | None = None) -> asyncio.Server:
    """Answer until the returned server is closed.

    Args:
        report: gives `{"healthy": bool, "ready": bool, ...}`; the whole of it is the answer's body, but for `/log`.
        status: gives more of the same for `/status`; without it, that is `report` too.
    """

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            line = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), timeout=5)
            path = _path(line)
            if path == b"/status" and status is not None:
                body = await asyncio.wait_for(status(), _PATIENCE_S)
            else:
                body = logs.last_lines() if path == b"/log" else report()
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
    known = path in _DECIDES
    key = _DECIDES.get(path)
    well = key is None or report[key]
    status = "404 Not Found" if not known else "200 OK" if well else "503 Service Unavailable"
    body = b"" if not known else msgspec.json.encode(report) + b"\n"
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n"
    )
    return head.encode() + b"\r\n" + body
