"""Inbox and outbox: a message is stored before it is acknowledged, and done only together with its reply."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace

import msgspec

from agent.store.database import Store


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that came with a message and is still at the chat service.

    Attributes:
        name: as the sender's program named it: anything at all, and never a path.
        media_type: as the service says, `image/jpeg`.
        size: bytes, as the service says; None when it does not.
        reference: what the channel's `download` takes.
        preview: of a picture, the reference of a smaller one that a model may look at; empty when there is none.
    """

    name: str
    media_type: str
    size: int | None
    reference: str
    preview: str = ""


_ASIDE = "@"


def aside(place: str, user_id: str) -> str:
    """The chat id of what one user alone sees where others read, too: a command there is for all threads of the place.

    Args:
        place: a chat id without a thread.
        user_id: who gives the command, and sees the answer.
    """
    return f"{place}{_ASIDE}{user_id}"


def aside_of(chat_id: str) -> tuple[str, str | None]:
    """The place of a chat id, and who alone sees what is said there where that is so."""
    place, _, user = chat_id.partition(_ASIDE)
    return place, user or None


@dataclass(frozen=True, slots=True)
class Inbound:
    """A message from a chat service; `id` is 0 until it is stored.

    Attributes:
        channel: the channel's name.
        chat_id: where it was written, thread or topic included, and where the answer goes.
        external_id: the service's own name for it: delivered twice, it is stored once.
        user_id: who wrote it.
        message_id: what a reply refers to, and an edit.
        text: without the mention of the assistant that a group demands.
        language: the user's, as the service says.
        private: whether nobody else reads along.
        quoted: the text of the message that it replies to, when that is not the assistant's own.
        attachments: files that came with it.
        attempts: how often its turn was begun.
        revision: how many of the requests that its turn has stored are older than `text`; 0 when none is.
        draft: the message that shows the beginning of its answer.
        withdrawn: whether its sender has taken it back while it was worked on.
    """

    channel: str
    chat_id: str
    external_id: str
    user_id: str
    message_id: str
    text: str
    language: str = "en"
    private: bool = True
    quoted: str = ""
    attachments: tuple[Attachment, ...] = ()
    attempts: int = 0
    revision: int = 0
    draft: str | None = None
    withdrawn: bool = False
    id: int = 0

    @property
    def session(self) -> str:
        """The conversation it belongs to."""
        return f"{self.channel}:{self.chat_id}"

    @property
    def aside(self) -> bool:
        """Whether it is a command that was given as `aside` says."""
        return aside_of(self.chat_id)[1] is not None

    def concerns(self, session: str) -> bool:
        """Whether a command is for that conversation: its own, or all those at the place where it was given aside."""
        place, _ = aside_of(self.session)
        return session == self.session or (self.aside and (session == place or session.startswith(f"{place}:")))


@dataclass(frozen=True, slots=True)
class Edited:
    """The sender changed a message, or took it back: then `text` is None."""

    channel: str
    chat_id: str
    message_id: str
    text: str | None


@dataclass(frozen=True, slots=True)
class Outbound:
    """A message to a chat service; `id` is 0 until it is stored.

    Attributes:
        channel: the channel's name.
        chat_id: where it goes.
        text: a body that the channel's `compose` made; with a file, its caption in plain text.
        reply_to: the message it answers, where that is to be shown.
        edits: the message whose place it takes.
        file: a file to send, its absolute path in the gateway's container; it is not changed any more.
        file_name: what the recipient sees it called.
        turn: `Inbound.id` of what it answers; 0 for nothing.
    """

    channel: str
    chat_id: str
    text: str
    reply_to: str | None = None
    edits: str | None = None
    file: str | None = None
    file_name: str = ""
    turn: int = 0
    id: int = 0


_INBOUND = ", ".join(field.name for field in fields(Inbound))
_OUTBOUND = ", ".join(field.name for field in fields(Outbound))
_POSTED = _OUTBOUND.removesuffix(", id")
_attachments = msgspec.json.Decoder(tuple[Attachment, ...])


class Mailbox(Store):
    """The inbox and outbox tables of the state file.

    Args:
        connection: to the state file.
        language: in which everybody is spoken to; `auto` is each one's own.
    """

    def __init__(self, connection: sqlite3.Connection, language: str = "auto") -> None:
        super().__init__(connection)
        self._language = language

    def receive(self, messages: Iterable[Inbound], marks: Mapping[str, str] | None = None) -> list[Inbound]:
        """Store messages, and the channel's places in its streams with them; return those not seen before.

        Args:
            messages: what the service delivered; one it delivered before is skipped.
            marks: names and values of the places up to which the streams are now stored (`marks()` reads them).
        """
        fresh = []
        with self.together():
            for message in messages:
                row = self._db.execute(
                    "INSERT INTO inbox (channel, chat_id, external_id, user_id, message_id, text, language, private,"
                    " quoted, attachments, received_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
                    f" ON CONFLICT DO NOTHING RETURNING {_INBOUND}",
                    (message.channel, message.chat_id, message.external_id, message.user_id, message.message_id,
                     message.text, message.language, message.private, message.quoted,
                     msgspec.json.encode(message.attachments).decode(), time.time()),
                ).fetchone()  # fmt: skip
                if row is not None:
                    fresh.append(self._inbound(row))
            self._mark(marks)
        return fresh

    def marks(self, prefix: str) -> dict[str, str]:
        """The places stored by `receive` under names that begin with `prefix`, by name."""
        rows = self._db.execute("SELECT name, value FROM marks WHERE substr(name, 1, ?) = ?", (len(prefix), prefix))
        return dict(rows.fetchall())

    def knows(self, channel: str, chat_id: str) -> bool:
        """Whether anything was ever received in that chat."""
        found = self._db.execute("SELECT 1 FROM inbox WHERE channel = ? AND chat_id = ? LIMIT 1", (channel, chat_id))
        return found.fetchone() is not None

    def unfinished(self) -> list[Inbound]:
        """Messages that were stored but not yet done, oldest first: what a restart goes on with."""
        rows = self._db.execute(f"SELECT {_INBOUND} FROM inbox WHERE done_at IS NULL ORDER BY id")
        return [self._inbound(row) for row in rows]

    def pending(self, edited: Edited) -> Inbound | None:
        """The message that an edit is of, when it is not done yet."""
        row = self._db.execute(
            f"SELECT {_INBOUND} FROM inbox WHERE channel = ? AND chat_id = ? AND message_id = ? AND done_at IS NULL",
            (edited.channel, edited.chat_id, edited.message_id),
        ).fetchone()
        return None if row is None else self._inbound(row)

    def unfinished_one(self, inbound: Inbound) -> Inbound | None:
        """A message as it is stored now, when it is not done yet."""
        row = self._db.execute(
            f"SELECT {_INBOUND} FROM inbox WHERE id = ? AND done_at IS NULL", (inbound.id,)
        ).fetchone()
        return None if row is None else self._inbound(row)

    def rewrite(self, inbound: Inbound, text: str, revision: int) -> Inbound:
        """Give a message that is not done yet another text."""
        self._db.execute(
            "UPDATE inbox SET text = ?, revision = ?, attempts = 0 WHERE id = ?", (text, revision, inbound.id)
        )
        return replace(inbound, text=text, revision=revision, attempts=0)

    def begun(self, inbound: Inbound) -> None:
        """Count a beginning of a message's turn."""
        self._db.execute("UPDATE inbox SET attempts = attempts + 1 WHERE id = ?", (inbound.id,))

    def drafted(self, inbound: Inbound, message_id: str) -> None:
        """Remember the message that shows the beginning of the answer."""
        self._db.execute("UPDATE inbox SET draft = ? WHERE id = ?", (message_id, inbound.id))

    def withdraw(self, inbound: Inbound) -> None:
        """Record that a message is taken back, before its turn has ended."""
        self._db.execute("UPDATE inbox SET withdrawn = 1 WHERE id = ?", (inbound.id,))

    def finish(self, inbound: Inbound, replies: Iterable[Outbound]) -> None:
        """Mark a message done and store its replies, in one transaction."""
        with self.together():
            self._db.execute("UPDATE inbox SET done_at = ? WHERE id = ?", (time.time(), inbound.id))
            self.post(replies)

    def post(self, messages: Iterable[Outbound], marks: Mapping[str, str] | None = None) -> None:
        """Store messages that are to be sent, and marks with them."""
        now = time.time()
        with self.together():
            self._db.executemany(
                f"INSERT INTO outbox ({_POSTED}, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [(*(getattr(message, column) for column in _POSTED.split(", ")), now) for message in messages],
            )
            self._mark(marks)

    def _mark(self, marks: Mapping[str, str] | None) -> None:
        self._db.executemany("INSERT OR REPLACE INTO marks (name, value) VALUES (?, ?)", (marks or {}).items())

    def move(self, channel: str, chat_id: str, to: str) -> None:
        """Give a chat another id, in its conversation as well; a second time changes nothing.

        What is worked on or on its way keeps the old one, which the channel's `send` follows: it would go out twice.
        """
        with self.together():
            self._db.execute(
                "UPDATE inbox SET chat_id = ? WHERE channel = ? AND chat_id = ? AND done_at IS NOT NULL",
                (to, channel, chat_id),
            )
            self._db.execute(
                "UPDATE messages SET session = ? WHERE session = ?", (f"{channel}:{to}", f"{channel}:{chat_id}")
            )

    def chats_to_send_to(self, channel: str) -> list[str]:
        """The chats of a channel for which something waits to be sent, the longest wait first."""
        rows = self._db.execute(
            "SELECT chat_id FROM outbox WHERE channel = ? AND sent_at IS NULL AND failed IS NULL"
            " GROUP BY chat_id ORDER BY min(id)",
            (channel,),
        )
        return [row[0] for row in rows]

    def next_unsent(self, channel: str, chat_id: str, after: int = 0) -> Outbound | None:
        """What is to be sent next to a chat, `after` a message with this id."""
        row = self._db.execute(
            f"SELECT {_OUTBOUND} FROM outbox WHERE channel = ? AND chat_id = ? AND sent_at IS NULL AND failed IS NULL"
            " AND id > ? ORDER BY id LIMIT 1",
            (channel, chat_id, after),
        ).fetchone()
        return None if row is None else Outbound(*row)

    def unsent(self) -> int:
        """How many messages wait to be sent, on all channels."""
        found = self._db.execute("SELECT count(*) FROM outbox WHERE sent_at IS NULL AND failed IS NULL")
        return int(found.fetchone()[0])

    def language_of(self, turn: int) -> str:
        """The language of the user whose message has this id; English when there is none any more."""
        return self._spoken(self._db.execute("SELECT language FROM inbox WHERE id = ?", (turn,)).fetchone())

    def language_in(self, channel: str, chat_id: str) -> str:
        """The language of who wrote last in a chat, or else in the channel; English when nobody has."""
        row = self._db.execute(
            "SELECT language FROM inbox WHERE channel = ? ORDER BY chat_id = ? DESC, id DESC LIMIT 1",
            (channel, chat_id),
        ).fetchone()
        return self._spoken(row)

    def _spoken(self, row: tuple[str] | None) -> str:
        if self._language != "auto":
            return self._language
        return "en" if row is None else row[0]

    def files(self) -> set[str]:
        """The paths of all files that wait to be sent."""
        rows = self._db.execute("SELECT file FROM outbox WHERE file IS NOT NULL AND sent_at IS NULL AND failed IS NULL")
        return {row[0] for row in rows}

    def sent(self, outbound: Outbound) -> None:
        """Record that the service has taken a message."""
        self._db.execute("UPDATE outbox SET sent_at = ? WHERE id = ?", (time.time(), outbound.id))

    def failed(self, outbound: Outbound, why: str, notices: Iterable[Outbound] = ()) -> None:
        """Give a message up: the service will never take it. What is to be said of it is stored with that."""
        with self.together():
            self._db.execute("UPDATE outbox SET failed = ? WHERE id = ?", (why, outbound.id))
            self.post(notices)

    def heard(self, channel: str) -> bool:
        """Whether anybody who may has ever written there."""
        return self._db.execute("SELECT 1 FROM inbox WHERE channel = ? LIMIT 1", (channel,)).fetchone() is not None

    def _inbound(self, row: tuple[object, ...]) -> Inbound:
        values = dict(zip(_INBOUND.split(", "), row, strict=True))
        values |= {name: bool(values[name]) for name in ("private", "withdrawn")}
        values["attachments"] = _attachments.decode(str(values["attachments"]))
        values["language"] = self._spoken((str(values["language"]),))
        return Inbound(**values)  # type: ignore[arg-type]  # the columns are the fields

    def prune(self, older_than: float, at_most: int = 500) -> int:
        """Forget messages that were done, sent or given up before a time (seconds since the epoch); return how many.

        The newest of each chat stays, for `knows`.
        """
        with self.together():
            received = self._db.execute(
                "DELETE FROM inbox WHERE id IN (SELECT id FROM inbox AS old WHERE done_at < ? AND EXISTS (SELECT 1"
                " FROM inbox AS newer WHERE newer.channel = old.channel AND newer.chat_id = old.chat_id"
                " AND newer.id > old.id) LIMIT ?)",
                (older_than, at_most),
            ).rowcount
            sent = self._db.execute(
                "DELETE FROM outbox WHERE id IN (SELECT id FROM outbox WHERE created_at < ?1"
                " AND (sent_at IS NOT NULL OR failed IS NOT NULL) LIMIT ?2)",
                (older_than, at_most),
            ).rowcount
        return received + sent
