"""How answers leave: as messages that the channel takes, in place of the draft, and as a file when they are long."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Protocol

from agent.channels.base import Channel
from agent.gateway.printable import printable
from agent.gateway.progress import Progress
from agent.gateway.redaction import Redaction
from agent.messages import say
from agent.store.mailbox import Inbound, Mailbox, Outbound
from agent.store.spool import Spool

# More than so many messages, or characters, and the chat gets the beginning, and the whole as a file.
MOST_BODIES = 5
MOST_CHARS = 20_000
BEGINNING_CHARS = 900
FILE_NAME = "answer.md"


class Ended(Protocol):
    """Is told what a message is answered with."""

    def __call__(self, message: Inbound, text: str, *, failed: bool = False) -> None:
        """`text` is Markdown; `failed`: it only says that something went wrong."""


class Answers:
    """Ends messages of the inbox, with or without a reply.

    Args:
        channels: by name.
        mailbox: where both stand.
        spool: keeps long answers until they are sent.
        redact: takes secrets out of them.
        ready: called with a channel's name when something waits to be sent there.
        ended: called with each message just before its answer is stored.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - the parts that an answer passes through
        self,
        channels: Mapping[str, Channel],
        mailbox: Mailbox,
        spool: Spool,
        redact: Redaction,
        ready: Callable[[str], None],
        ended: Ended | None = None,
    ) -> None:
        self._channels = channels
        self._mailbox = mailbox
        self._spool = spool
        self._redact = redact
        self.ready = ready
        self._ended = ended or _untold

    def progress(self, message: Inbound, *, crowded: bool) -> Progress:
        """What shows the answer to `message` while it is being written."""
        channel = self._channels[message.channel]
        answered = _answered(message, crowded=crowded)
        return Progress(channel, message, answered, self._redact, lambda draft: self._mailbox.drafted(message, draft))

    def give(self, message: Inbound, text: str, language: str, *, failed: bool = False) -> None:
        """Answer at once, without a draft."""
        self._ended(message, self._redact(printable(text)), failed=failed)
        self._mailbox.finish(message, self._messages(message, text, language, crowded=False))
        self.ready(message.channel)

    def finish(self, message: Inbound, text: str, language: str, draft: str | None, *, crowded: bool) -> None:
        """Answer a turn; call `ready` when it is committed.

        Args:
            message: what is answered.
            text: Markdown.
            language: the user's.
            draft: the message that shows the beginning; the answer takes its place.
            crowded: whether other messages wait, so that it is to be shown which one is answered.
        """
        self._ended(message, self._redact(printable(text)))
        messages = list(self._messages(message, text, language, crowded=crowded))
        if draft is not None:
            messages[0] = replace(messages[0], edits=draft)
        self._mailbox.finish(message, messages)

    def break_off(self, message: Inbound, note: str, said: str, draft: str | None) -> None:
        """End a message without an answer; a draft that is in sight keeps what was said, and says why it ends."""
        text = f"{self._redact(printable(said[:MOST_CHARS]))}\n\n*{note}*".strip()
        self._ended(message, text)
        body = self._channels[message.channel].compose(text)[0] if draft is not None else ""
        kept = [Outbound(message.channel, message.chat_id, body, edits=draft, turn=message.id)] if draft else []
        self._mailbox.finish(message, kept)
        if kept:
            self.ready(message.channel)

    def _messages(self, message: Inbound, text: str, language: str, *, crowded: bool) -> Iterator[Outbound]:
        channel = self._channels[message.channel]
        safe = self._redact(printable(text))
        file = None
        bodies = channel.compose(safe) if len(safe) <= MOST_CHARS or channel.limits.file_bytes == 0 else []
        if channel.limits.file_bytes and not 0 < len(bodies) <= MOST_BODIES:
            file = str(self._spool.keep_text(safe))
            bodies = channel.compose(f"{_beginning(safe)}\n\n*{say('long_answer', language, name=FILE_NAME)}*")
        answered = _answered(message, crowded=crowded)
        for place, body in enumerate(bodies):
            reply_to = answered if place == 0 else None
            yield Outbound(message.channel, message.chat_id, body, reply_to, turn=message.id)
        if file is not None:
            yield Outbound(message.channel, message.chat_id, "", file=file, file_name=FILE_NAME, turn=message.id)


def _untold(_: Inbound, __: str, *, failed: bool = False) -> None:
    del failed


def _answered(message: Inbound, *, crowded: bool) -> str | None:
    """The message that an answer is shown to belong to, where that is not plain."""
    return message.message_id if crowded or not message.private else None


def _beginning(text: str) -> str:
    """The first paragraphs, never the half of a block of code."""
    cut = text.rfind("\n\n", 0, BEGINNING_CHARS)
    beginning = text[: cut if cut > 0 else BEGINNING_CHARS]
    fences = beginning.count("\n```") + beginning.startswith("```")
    if fences % 2 == 1:
        opened = max(beginning.rfind("\n```"), 0)
        beginning = beginning[:opened] or f"{beginning}\n```"
    return beginning.rstrip()
