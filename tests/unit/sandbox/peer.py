"""The sandbox's end of the link, speaking whatever a test wants."""

from __future__ import annotations

import asyncio
import json
import struct
from pathlib import Path


class Peer:
    """A sandbox that speaks any bytes it likes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    def raw(self, data: bytes) -> None:
        self.writer.write(data)

    def send(self, message: object) -> None:
        body = json.dumps(message).encode()
        self.raw(struct.pack(">I", len(body)) + body)

    async def receive(self) -> dict[str, object]:
        (length,) = struct.unpack(">I", await self.reader.readexactly(4))
        message: dict[str, object] = json.loads(await self.reader.readexactly(length))
        return message

    async def closed(self) -> bool:
        try:
            return await asyncio.wait_for(self.reader.read(1), 5) == b""
        except ConnectionResetError:
            return True


async def connect(path: Path) -> Peer:
    for _ in range(200):
        try:
            return Peer(*await asyncio.open_unix_connection(path))
        except (FileNotFoundError, ConnectionRefusedError):
            await asyncio.sleep(0.01)
    raise AssertionError("the link does not listen")
