"""The terminal as a channel: `docker exec -it picoclaw picoclaw chat` talks to the running gateway.

Frames are lines of JSON, `{"text": ...}` both ways.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import uuid

import msgspec

from agent.channels.base import ChannelError, Inbound, Limits, Outbound, RejectedError
from agent.channels.local import LocalChannel
from agent.channels.words import Sentence
from agent.sockets import CHAT

OWNER = "owner"


class TerminalChannel(LocalChannel):
    """There is one conversation, on every terminal that is open."""

    name = "terminal"
    limits = Limits(draft_every_s=60.0, file_bytes=0)

    def __init__(self, address: str = CHAT) -> None:
        super().__init__(address)

    async def send(self, message: Outbound) -> None:
        """Print on every terminal that is open."""
        if not self.connected:
            raise RejectedError(Sentence("no_terminal"))
        line = msgspec.json.encode({"text": message.text}) + b"\n"
        for writer in self.connected:
            writer.write(line)

    async def draft(self, chat_id: str, body: str, shown: str | None, reply_to: str | None) -> str:  # noqa: ARG002
        """A terminal shows nothing of the kind."""
        raise ChannelError("a terminal shows whole answers")

    async def home(self, user_id: str) -> str:  # noqa: ARG002 - there is one conversation
        """The terminal."""
        return "terminal"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:  # noqa: ARG002
        """Hear what is typed."""
        with contextlib.suppress(ValueError, msgspec.MsgspecError):  # an overlong line, or no JSON
            while line := await reader.readline():
                self._hear(line)

    def _hear(self, line: bytes) -> None:
        text = msgspec.json.decode(line, type=dict[str, str]).get("text", "")
        number = uuid.uuid4().hex
        message = Inbound("terminal", "terminal", number, OWNER, number, text, os.environ.get("LANG", "en"))
        if self.desk is not None:
            self.desk.receive([message])
