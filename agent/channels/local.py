"""What serves `docker exec`: a channel on one of `agent.sockets`; whoever can `docker exec` into it is the owner."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator

from agent.channels.base import Contact, Desk, RejectedError


class LocalChannel(ABC):
    """The part of `agent.channels.base.Channel` that is the same for all of them.

    Args:
        address: of the socket, beginning with a NUL.
        longest_line: in bytes; a longer one is a ValueError of the reader's.
    """

    def __init__(self, address: str, longest_line: int = 1 << 20) -> None:
        self.contact = Contact(max_age_s=float("inf"))
        self.desk: Desk | None = None
        self.connected: set[asyncio.StreamWriter] = set()
        self._address = address
        self._longest_line = longest_line

    async def run(self, desk: Desk) -> None:
        """Serve until cancelled."""
        self.desk = desk
        server = await asyncio.start_unix_server(self._admit, self._address, limit=self._longest_line)
        self.contact.succeeded()
        async with server:
            await server.serve_forever()

    def compose(self, markdown: str) -> list[str]:
        """Markdown is what a terminal shows, and what a script gets."""
        return [markdown]

    async def typing(self, chat_id: str) -> None:  # noqa: B027 - not shown by any of them
        """Nothing of the kind is shown."""

    async def download(self, reference: str) -> AsyncIterator[bytes]:
        """Nothing can be attached."""
        raise RejectedError(f"there is no file {reference} here")
        yield b""

    async def aclose(self) -> None:
        """Hang up."""
        for writer in self.connected:
            writer.close()

    @abstractmethod
    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Talk with one that is connected, in lines; it is hung up on when this ends, and may be gone at any time."""

    async def _admit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not peer_may(writer):
            writer.close()
            return
        self.connected.add(writer)
        try:
            await self.serve(reader, writer)
        except ConnectionError:
            pass
        finally:
            self.connected.discard(writer)
            writer.close()


def peer_may(writer: asyncio.StreamWriter) -> bool:
    """Whether the other end runs as root or as this process's own user."""
    peer = writer.get_extra_info("socket").getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return struct.unpack("3i", peer)[1] in (0, os.getuid())
