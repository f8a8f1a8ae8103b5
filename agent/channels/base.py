"""What a channel is to the gateway."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable
from typing import Protocol

from agent.errors import PicoClawError
from agent.store.mailbox import Inbound, Outbound


class ChannelError(PicoClawError):
    """The chat service did not do what it was asked; the same call may succeed later."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class RejectedError(ChannelError):
    """The chat service will never take this message."""


class Receiver(Protocol):
    """Where a channel puts what it hears; returns only when everything is stored."""

    def __call__(self, messages: Iterable[Inbound], mark: tuple[str, str] | None = None) -> None: ...


class Contact:
    """When the service last answered, and what is wrong if it does not."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._last: float | None = None
        self.problem: str | None = "no contact yet"

    def succeeded(self) -> None:
        """The service has answered."""
        self._last = self._clock()
        self.problem = None

    def age(self) -> float | None:
        """Seconds since the last answer; None before the first."""
        return None if self._last is None else self._clock() - self._last


class Channel(Protocol):
    """A chat service that the assistant is reachable over."""

    name: str
    contact: Contact

    async def run(self, receive: Receiver, place: str | None) -> None:
        """Listen until cancelled.

        Args:
            receive: stores messages; a message is acknowledged to the service only after it returned.
            place: the mark stored last, to go on from there.
        """

    def compose(self, markdown: str) -> list[str]:
        """An answer as the bodies of one or more messages that the service will take."""

    async def send(self, message: Outbound) -> None:
        """Deliver a body that `compose` made.

        Raises:
            RejectedError: the service will never take it.
            ChannelError: not now; `retry_after` says when, if the service did.
        """

    async def typing(self, chat_id: str) -> None:
        """Show that an answer is being worked on; errors are not worth reporting."""

    async def aclose(self) -> None:
        """Close the connections."""


def backoff(failures: int, longest: float = 60.0) -> float:
    """Seconds to wait after this many failures in a row: doubling from 1 s, with jitter."""
    return min(longest, 2.0 ** (failures - 1)) * random.uniform(0.75, 1.25)  # noqa: S311 - jitter, not a secret
