"""What the forwarder's tests share: a socket in the proxy's place, and what the forwarder does and takes."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

from agent.forwarder import PORT
from tests.unit.egress.world import abort, echo


@contextlib.asynccontextmanager
async def echoing(path: Path, handle: Callable[..., Awaitable[None]] = echo):  # type: ignore[no-untyped-def]  # noqa: ANN201
    """A Unix socket in the proxy's place."""
    writers: list[asyncio.StreamWriter] = []

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        with contextlib.suppress(OSError):
            await handle(reader, writer)
        writer.close()

    server = await asyncio.start_unix_server(connected, path)
    try:
        yield
    finally:
        server.close()
        with contextlib.suppress(FileNotFoundError):  # Python 3.13 removes it itself
            os.unlink(path)  # noqa: PTH108
        await abort(writers)


async def well() -> None:
    """The forwarder still carries."""
    reader, writer = await asyncio.open_connection("127.0.0.1", PORT)
    writer.write(b"ping")
    async with asyncio.timeout(5):
        assert await reader.readexactly(4) == b"ping"
    writer.close()


def resident(pid: int) -> int:
    """Resident memory in kB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise AssertionError("no VmRSS")
