"""What a channel is to the gateway, and what the gateway is to a channel."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from agent.channels.words import Sentence
from agent.errors import PicoClawError
from agent.store.mailbox import Attachment, Edited, Inbound, Outbound, aside, aside_of

FRESH_AFTER = 4  # failures in a row, after which the connections are made anew: a pool can be wedged
MOST_MISSED = 1000  # messages of a chat that are caught up with; of more, the chat is told
OWNER_WAIT_S = 300.0  # what the owner has to put right is not tried again sooner: a refused token, say


class ChannelError(PicoClawError):
    """The chat service did not do what it was asked; the same call may succeed later."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.words = message
        self.retry_after = retry_after


class RejectedError(ChannelError):
    """The chat service will never take this message."""


class Desk(Protocol):
    """Where a channel hands in what it hears, and asks what the gateway knows."""

    def receive(self, events: Iterable[Inbound | Edited], marks: Mapping[str, str] | None = None) -> None:
        """Store what may be answered; returns only when it is committed, so the channel may acknowledge then.

        Args:
            events: in the order in which they happened; a message that was delivered before is skipped.
            marks: names and values of the places up to which the service's streams are stored with them; a name begins
                with the channel's own.
        """

    def tell(self, chat_id: str, sentence: Sentence, marks: Mapping[str, str]) -> None:
        """Have something said in a chat, in its language, and store marks with it: said once, whatever happens."""

    def moved(self, chat_id: str, to: str) -> None:
        """The service has given a chat another id: its conversation goes along; `send` still takes the old one."""

    def marks(self, prefix: str) -> dict[str, str]:
        """The marks stored so far whose names begin with `prefix`, by name."""

    def knows(self, chat_id: str) -> bool:
        """Whether this channel's chat has a conversation already."""

    def permits(self, user_id: str) -> bool:
        """Whether this user of the channel may give orders."""

    def owners(self) -> list[str]:
        """The user ids of this channel that may give orders."""


class Contact:
    """When the service last answered, and what is wrong if it does not.

    Args:
        max_age_s: silence for longer than this means a deaf channel.
    """

    def __init__(self, max_age_s: float = 90.0, clock: Callable[[], float] = time.monotonic) -> None:
        self.max_age_s = max_age_s
        self._clock = clock
        self._last: float | None = None
        self._problem: str | None = Sentence("never")
        # Whether a restart could help: not where the owner has to do something first, as with a refused token.
        self.curable = True

    def succeeded(self) -> None:
        """The service has answered."""
        self._last = self._clock()
        self._problem, self.curable = None, True

    def failed(self, problem: str, *, curable: bool = True) -> bool:
        """The service cannot be used, for a reason in the owner's words; whether that is news, worth a line of log.

        The words are `Sentence` where the owner's language matters.
        """
        news = problem != self._problem
        self._problem, self.curable = problem, curable
        return news

    def age(self) -> float | None:
        """Seconds since the last answer; None before the first."""
        return None if self._last is None else self._clock() - self._last

    @property
    def problem(self) -> str | None:
        """What is wrong; None when all is well, which silence is not."""
        age = self.age()
        if self._problem is None and age is not None and age > self.max_age_s:
            return Sentence("silent", age=age)
        return self._problem


@dataclass(frozen=True, slots=True)
class Limits:
    """What a service allows.

    Attributes:
        draft_every_s: seconds between two edits of an answer that is still being written.
        file_bytes: the largest file that can be sent.
    """

    draft_every_s: float
    file_bytes: int


class Channel(Protocol):
    """A chat service that the assistant is reachable over."""

    name: str
    contact: Contact
    limits: Limits

    async def run(self, desk: Desk) -> None:
        """Listen until cancelled, whatever the service does; what was missed while away is caught up with first.

        Only messages that are meant for the assistant are handed in: all of a private chat, in groups those that
        mention it or reply to it. A chat id names the thread or topic as well, where there is one.
        """

    def compose(self, markdown: str) -> list[str]:
        """An answer as the bodies of one or more messages that the service will take."""

    async def send(self, message: Outbound) -> None:
        """Deliver a body that `compose` made, or a file; with `edits`, in place of that message if it is still there.

        Raises:
            RejectedError: the service will never take it.
            ChannelError: not now; `retry_after` says when, if the service did.
        """

    async def draft(self, chat_id: str, body: str, shown: str | None, reply_to: str | None) -> str:
        """Show the beginning of an answer that is still being written.

        Args:
            chat_id: where.
            body: the first that `compose` made of what there is so far.
            shown: the message to replace, from an earlier call; None for a new one.
            reply_to: the message it answers, where that is to be shown.

        Returns:
            The id of the message that shows it; `Outbound.edits` takes it.

        Raises:
            ChannelError: it is not shown; nothing is lost by it.
        """

    async def typing(self, chat_id: str) -> None:
        """Show that an answer is being worked on; errors are not worth reporting."""

    def download(self, reference: str) -> AsyncIterator[bytes]:
        """The content of an attachment, in pieces; `reference` is one of its own.

        Raises:
            RejectedError: it is not to be had any more, or never was.
            ChannelError: not now.
        """

    async def home(self, user_id: str) -> str:
        """The id of the private chat with a user; raise ChannelError when there is none."""

    async def aclose(self) -> None:
        """Close the connections."""


@contextlib.contextmanager
def uncut() -> Iterator[None]:
    """A pool that is closed cancels who waits for a connection of it; to them it is a call that failed.

    Raises:
        ChannelError: nobody has cancelled the task that runs.
    """
    try:
        yield
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        raise ChannelError("the connections were made anew") from None


def backoff(failures: int, longest: float = 60.0) -> float:
    """Seconds to wait after this many failures in a row: doubling from 1 s up to `longest`, and as little as half."""
    return min(longest, 2.0 ** min(failures - 1, 10)) * random.uniform(0.5, 1.0)  # noqa: S311 - jitter, no secret


__all__ = [
    "FRESH_AFTER",
    "MOST_MISSED",
    "OWNER_WAIT_S",
    "Attachment",
    "Channel",
    "ChannelError",
    "Contact",
    "Desk",
    "Edited",
    "Inbound",
    "Limits",
    "Outbound",
    "RejectedError",
    "aside",
    "aside_of",
    "backoff",
    "uncut",
]
