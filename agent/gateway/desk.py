"""Where a channel hands in what it hears: strangers are turned away, the rest is stored and passed on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from agent.channels.words import Sentence, said
from agent.gateway.access import Access
from agent.gateway.redaction import Redaction
from agent.store.mailbox import Edited, Inbound, Mailbox, Outbound


class FrontDesk:
    """The `agent.channels.base.Desk` of one channel.

    Args:
        channel: its name.
        access: who may give orders.
        mailbox: where messages and places are stored.
        redact: takes secrets out of what is stored.
        received: called with each message that was just stored.
        edited: called with each change of a message.
        compose: the channel's.
        ready: called when something is to be sent.
    """

    def __init__(  # noqa: PLR0913 - those that are called go by name
        self,
        channel: str,
        access: Access,
        mailbox: Mailbox,
        redact: Redaction,
        *,
        received: Callable[[Inbound], None],
        edited: Callable[[Edited], None],
        compose: Callable[[str], list[str]],
        ready: Callable[[], None],
    ) -> None:
        self._channel = channel
        self._access = access
        self._mailbox = mailbox
        self._redact = redact
        self._received = received
        self._edited = edited
        self._compose = compose
        self._ready = ready

    def receive(self, events: Iterable[Inbound | Edited], marks: Mapping[str, str] | None = None) -> None:
        """Store what may be answered, then pass it on; the channel acknowledges when this returns.

        The edits come last: each is of a message that was there before, in this batch or an earlier one.
        """
        events = list(events)
        messages = [event for event in events if isinstance(event, Inbound)]
        welcome = [m for m in messages if self._access.pair(m) or self._access.permits(m)]
        for message in self._mailbox.receive(map(self._safe, welcome), marks):
            self._received(message)
        for event in events:
            if isinstance(event, Edited):
                text = None if event.text is None else self._redact(event.text)
                self._edited(replace(event, text=text))

    def tell(self, chat_id: str, sentence: Sentence, marks: Mapping[str, str]) -> None:
        """Store what is to be said and the places in one transaction, then have it sent."""
        text = str(said(sentence, self._mailbox.language_in(self._channel, chat_id)))
        self._mailbox.post([Outbound(self._channel, chat_id, body) for body in self._compose(text)], marks)
        self._ready()

    def moved(self, chat_id: str, to: str) -> None:
        """Move what is stored of a chat."""
        self._mailbox.move(self._channel, chat_id, to)

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

    def _safe(self, message: Inbound) -> Inbound:
        return replace(message, text=self._redact(message.text), quoted=self._redact(message.quoted))
