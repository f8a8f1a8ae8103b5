"""Where a channel hands in what it hears: strangers are turned away, the rest is stored and passed on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from agent.gateway.access import Access
from agent.gateway.redaction import Redaction
from agent.store.mailbox import Edited, Inbound, Mailbox


class FrontDesk:
    """The `agent.channels.base.Desk` of one channel."""

    def __init__(
        self,
        channel: str,
        access: Access,
        mailbox: Mailbox,
        redact: Redaction,
        received: Callable[[Inbound], None],
    ) -> None:
        """`received` is called with each message that was just stored."""
        self._channel = channel
        self._access = access
        self._mailbox = mailbox
        self._redact = redact
        self._received = received

    def receive(self, events: Iterable[Inbound | Edited], marks: Mapping[str, str] | None = None) -> None:
        """Store what may be answered, then queue it; the channel acknowledges when this returns."""
        messages = [event for event in events if isinstance(event, Inbound)]
        welcome = [m for m in messages if self._access.pair(m) or self._access.permits(m)]
        safe = [replace(message, text=self._redact(message.text)) for message in welcome]
        for message in self._mailbox.receive(safe, marks):
            self._received(message)

    def marks(self, prefix: str) -> dict[str, str]:
        """The places stored so far."""
        return self._mailbox.marks(prefix)

    def knows(self, chat_id: str) -> bool:
        """Whether anything was ever received in that chat."""
        return self._mailbox.knows(self._channel, chat_id)

    def permits(self, user_id: str) -> bool:
        """Whether this user may give orders."""
        return self._access.knows(user_id)

    def owners(self) -> list[str]:
        """Who may give orders."""
        return self._access.owners()
