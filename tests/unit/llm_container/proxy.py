"""In the egress proxy's place: CONNECT on a Unix socket, to stand-ins that go by their real names."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

_REFUSED = b"HTTP/1.1 403 Not in the allow-list\r\nConnection: close\r\n\r\n"
_FAILED = b"HTTP/1.1 502 No such host\r\nConnection: close\r\n\r\n"
_WELL = b"HTTP/1.1 200 OK\r\n\r\n"


class Tunnels:
    """What was asked for, and where each `host:port` leads; a name without a place is refused."""

    def __init__(self, places: Mapping[str, tuple[str, int]]) -> None:
        self.places = dict(places)
        self.asked: list[str] = []
        self.unreachable: set[str] = set()
        self.open = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            method, target, _ = head.split(" ", 2)
            self.asked.append(f"{method} {target}")
            if target in self.unreachable or target not in self.places:
                writer.write(_FAILED if target in self.unreachable else _REFUSED)
                await writer.drain()
            else:
                await self._carry(target, reader, writer)
        writer.close()

    async def _carry(self, target: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(*self.places[target])
        writer.write(_WELL)
        self.open += 1
        try:
            await asyncio.wait(
                [asyncio.create_task(_copy(*way)) for way in ((reader, far_writer), (far_reader, writer))],
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            self.open -= 1
            far_writer.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()


@contextlib.contextmanager
def proxy(path: Path, places: Mapping[str, tuple[str, int]]) -> Iterator[Tunnels]:
    """Serves in a thread while the block runs."""
    tunnels = Tunnels(places)
    loop = asyncio.new_event_loop()
    ready, finish = threading.Event(), asyncio.Event()

    async def serve() -> None:
        server = await asyncio.start_unix_server(tunnels.serve, path)
        ready.set()
        await finish.wait()
        server.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    ready.wait()
    try:
        yield tunnels
    finally:
        loop.call_soon_threadsafe(finish.set)
        thread.join()
        loop.close()
