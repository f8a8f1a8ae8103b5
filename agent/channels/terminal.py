"""The terminal as a channel: `docker exec -it picoclaw picoclaw chat` talks to the running gateway.

An abstract Unix socket in the gateway's own network namespace: no file to replace, nothing to reach from outside the
container. Frames are lines of JSON, `{"text": ...}` both ways.
"""

from __future__ import annotations

import asyncio
import os
import socket
import struct
import uuid
from collections.abc import AsyncIterator

import msgspec

from agent.channels.base import ChannelError, Contact, Desk, Inbound, Limits, Outbound, RejectedError

ADDRESS = "\0picoclaw-chat"
OWNER = "owner"


class TerminalChannel:
    """Whoever can `docker exec` into the gateway is the owner; there is one conversation."""

    name = "terminal"
    limits = Limits(draft_every_s=60.0, file_bytes=0)

    def __init__(self, address: str = ADDRESS) -> None:
        self.contact = Contact(max_age_s=float("inf"))
        self._address = address
        self._clients: set[asyncio.StreamWriter] = set()
        self._desk: Desk | None = None

    async def run(self, desk: Desk) -> None:
        """Serve terminals until cancelled."""
        self._desk = desk
        server = await asyncio.start_unix_server(self._serve, self._address, limit=1 << 20)
        self.contact.succeeded()
        async with server:
            await server.serve_forever()

    def compose(self, markdown: str) -> list[str]:
        """Markdown is what a terminal shows."""
        return [markdown]

    async def send(self, message: Outbound) -> None:
        """Print on every terminal that is open."""
        if not self._clients:
            raise RejectedError("no terminal is open any more")
        line = msgspec.json.encode({"text": message.text}) + b"\n"
        for writer in self._clients:
            writer.write(line)

    async def draft(self, chat_id: str, body: str, shown: str | None, reply_to: str | None) -> str:  # noqa: ARG002
        """A terminal shows nothing of the kind."""
        raise ChannelError("a terminal shows whole answers")

    async def typing(self, chat_id: str) -> None:
        """A terminal shows nothing of the kind."""

    async def download(self, reference: str) -> AsyncIterator[bytes]:
        """Nothing can be attached in a terminal."""
        raise RejectedError(f"a terminal has no file {reference}")
        yield b""

    async def home(self, user_id: str) -> str:  # noqa: ARG002 - there is one conversation
        """The terminal."""
        return "terminal"

    async def aclose(self) -> None:
        """Hang up."""
        for writer in self._clients:
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not peer_may(writer):
            writer.close()
            return
        self._clients.add(writer)
        try:
            while line := await reader.readline():
                self._hear(line)
        except (ValueError, msgspec.MsgspecError, ConnectionError):  # an overlong line, no JSON, or a terminal gone
            pass
        finally:
            self._clients.discard(writer)
            writer.close()

    def _hear(self, line: bytes) -> None:
        text = msgspec.json.decode(line, type=dict[str, str]).get("text", "")
        number = uuid.uuid4().hex
        message = Inbound("terminal", "terminal", number, OWNER, number, text, os.environ.get("LANG", "en"))
        if self._desk is not None:
            self._desk.receive([message])


def peer_may(writer: asyncio.StreamWriter) -> bool:
    """Whether the other end runs as root or as this process's own user."""
    peer = writer.get_extra_info("socket").getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return struct.unpack("3i", peer)[1] in (0, os.getuid())
