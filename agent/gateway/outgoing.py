"""What a turn has sent besides its answer: files, on their way together with the step that promised them."""

from __future__ import annotations

from collections.abc import AsyncIterator

from agent.channels.base import Limits
from agent.errors import PicoClawError
from agent.gateway.printable import one_line, printable, shortened
from agent.gateway.redaction import Redaction
from agent.store.mailbox import Inbound, Mailbox, Outbound
from agent.store.spool import Spool

# Telegram's bound, in UTF-16 units; others take more.
LONGEST_CAPTION = 1000
# What one turn sends; a model that means harm would go on.
MOST_FILES = 10


class Outgoing:
    """The `agent.tools.registry.Outgoing` of one turn; `post` is called in the transaction that stores a step.

    Args:
        message: what is being answered.
        limits: those of its channel.
        mailbox: where messages to send are stored.
        spool: where files wait until they are sent.
        redact: takes secrets out of names and captions.
    """

    def __init__(self, message: Inbound, limits: Limits, mailbox: Mailbox, spool: Spool, redact: Redaction) -> None:
        self._message = message
        self._limits = limits
        self._mailbox = mailbox
        self._spool = spool
        self._redact = redact
        self._waiting: list[Outbound] = []
        self._files = 0

    async def file(self, name: str, pieces: AsyncIterator[bytes], caption: str) -> None:
        """Keep a file to be sent with the next step that is stored."""
        if self._limits.file_bytes == 0:
            raise PicoClawError(f"files cannot be sent to the {self._message.channel}; say where it is instead")
        if self._files == MOST_FILES:
            raise PicoClawError(f"{MOST_FILES} files are the most that go out for one message; send an archive")
        self._files += 1
        path = await self._spool.keep(pieces, self._limits.file_bytes)
        text = self._redact(printable(caption)).strip()
        self._waiting.append(
            Outbound(
                self._message.channel,
                self._message.chat_id,
                shortened(text, LONGEST_CAPTION),
                file=str(path),
                file_name=self._redact(one_line(name)) or "file",
                turn=self._message.id,
            )
        )

    def post(self) -> None:
        """Store what is to be sent."""
        self._mailbox.post(self._waiting)
        self._waiting.clear()
