"""In the egress proxy's place: CONNECT on a Unix socket, to stand-ins that go by their real names."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Coroutine, Iterator, Mapping
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

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                await self._answer(reader, writer)
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        method, target, _ = head.split(" ", 2)
        self.asked.append(f"{method} {target}")
        if target not in self.places:
            writer.write(_FAILED if target in self.unreachable else _REFUSED)
            await writer.drain()
            return
        far_reader, far_writer = await asyncio.open_connection(*self.places[target])
        try:
            writer.write(_WELL)
            await _until_one_ends(_copy(reader, far_writer), _copy(far_reader, writer))
        finally:
            far_writer.close()


async def _until_one_ends(*ways: Coroutine[None, None, None]) -> None:
    tasks = [asyncio.create_task(way) for way in ways]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()


@contextlib.contextmanager
def proxy(path: Path, places: Mapping[str, tuple[str, int]]) -> Iterator[Tunnels]:
    """Serves in a thread while the block runs."""
    tunnels = Tunnels(places)
    ready, finish = threading.Event(), threading.Event()

    async def serve() -> None:
        server = await asyncio.start_unix_server(tunnels.serve, path)
        ready.set()
        await asyncio.to_thread(finish.wait)
        server.close()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.wait(left or {asyncio.create_task(asyncio.sleep(0))})
        # Transports close in a later turn of the loop.
        await asyncio.sleep(0.1)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    ready.wait()
    try:
        yield tunnels
    finally:
        finish.set()
        thread.join()
