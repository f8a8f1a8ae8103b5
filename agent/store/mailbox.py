"""Inbox and outbox: a message is stored before it is acknowledged, and done only together with its reply."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable
from dataclasses import dataclass

from agent.store.database import transaction


@dataclass(frozen=True, slots=True)
class Inbound:
    """A message from a chat service; `id` is 0 until it is stored."""

    channel: str
    chat_id: str
    external_id: str
    user_id: str
    message_id: str
    text: str
    language: str = "en"
    id: int = 0

    @property
    def session(self) -> str:
        """The conversation it belongs to."""
        return f"{self.channel}:{self.chat_id}"


@dataclass(frozen=True, slots=True)
class Outbound:
    """A message to a chat service; `id` is 0 until it is stored."""

    channel: str
    chat_id: str
    text: str
    reply_to: str | None = None
    id: int = 0


_INBOUND = "channel, chat_id, external_id, user_id, message_id, text, language, id"
_OUTBOUND = "channel, chat_id, text, reply_to, id"


class Mailbox:
    """The inbox and outbox tables of the state file."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def receive(self, messages: Iterable[Inbound], mark: tuple[str, str] | None = None) -> list[Inbound]:
        """Store messages, and the channel's place in its stream with them; return those not seen before.

        Args:
            messages: what the service delivered; one it delivered before is skipped.
            mark: name and value of the place up to which the stream is now stored (`mark()` reads it).
        """
        fresh = []
        with transaction(self._db):
            for message in messages:
                row = self._db.execute(
                    "INSERT INTO inbox (channel, chat_id, external_id, user_id, message_id, text, language,"
                    f" received_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING {_INBOUND}",
                    (message.channel, message.chat_id, message.external_id, message.user_id, message.message_id,
                     message.text, message.language, time.time()),
                ).fetchone()  # fmt: skip
                if row is not None:
                    fresh.append(Inbound(*row))
            if mark is not None:
                self._db.execute("INSERT OR REPLACE INTO marks (name, value) VALUES (?, ?)", mark)
        return fresh

    def mark(self, name: str) -> str | None:
        """The place stored under this name by `receive`."""
        row = self._db.execute("SELECT value FROM marks WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def unfinished(self) -> list[Inbound]:
        """Messages that were stored but not yet done, oldest first: what a restart goes on with."""
        rows = self._db.execute(f"SELECT {_INBOUND} FROM inbox WHERE done_at IS NULL ORDER BY id")
        return [Inbound(*row) for row in rows]

    def finish(self, inbound: Inbound, replies: Iterable[Outbound]) -> None:
        """Mark a message done and store its replies, in one transaction."""
        now = time.time()
        with transaction(self._db):
            self._db.execute("UPDATE inbox SET done_at = ? WHERE id = ?", (now, inbound.id))
            self._db.executemany(
                "INSERT INTO outbox (channel, chat_id, text, reply_to, created_at) VALUES (?, ?, ?, ?, ?)",
                [(reply.channel, reply.chat_id, reply.text, reply.reply_to, now) for reply in replies],
            )

    def unsent(self, channel: str) -> list[Outbound]:
        """What waits to be sent on a channel, oldest first."""
        rows = self._db.execute(
            f"SELECT {_OUTBOUND} FROM outbox WHERE channel = ? AND sent_at IS NULL AND failed IS NULL ORDER BY id",
            (channel,),
        )
        return [Outbound(*row) for row in rows]

    def sent(self, outbound: Outbound) -> None:
        """Record that the service has taken a message."""
        self._db.execute("UPDATE outbox SET sent_at = ? WHERE id = ?", (time.time(), outbound.id))

    def failed(self, outbound: Outbound, why: str) -> None:
        """Give a message up: the service will never take it."""
        self._db.execute("UPDATE outbox SET failed = ? WHERE id = ?", (why, outbound.id))
