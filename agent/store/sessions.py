"""The conversation with each chat: OpenAI chat messages, stored as each step of a turn happens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

import msgspec

from agent.store.database import Store

Message = dict[str, Any]


class Stretch(NamedTuple):
    """A part of a conversation: its first turn, its messages, and whether nothing older was left out."""

    first: int
    messages: list[Message]
    complete: bool


class Sessions(Store):
    """The messages table of the state file."""

    def append(self, session: str, turn: int, message: Message) -> None:
        """Store one message of a turn."""
        self._db.execute(
            "INSERT INTO messages (session, turn, body) VALUES (?, ?, ?)",
            (session, turn, msgspec.json.encode(message).decode()),
        )

    def of_turn(self, session: str, turn: int) -> list[Message]:
        """What is stored of one turn, oldest first; empty when it has not begun."""
        rows = self._db.execute("SELECT body FROM messages WHERE session = ? AND turn = ? ORDER BY id", (session, turn))
        return [msgspec.json.decode(body) for (body,) in rows]

    def newest(
        self, session: str, max_chars: int, since: int = 0, shorten: Callable[[Message], Message] | None = None
    ) -> Stretch:
        """The newest whole turns from `since` on that fit into `max_chars` characters of JSON; always the newest one.

        Whole turns, so that a tool call is never parted from its result. What of the newest turn lies beyond
        `max_chars` from its end is given to `shorten`, message by message: so no more than `max_chars` and one message
        are ever in memory.
        """
        rows = self._db.execute(
            "SELECT turn, body FROM messages WHERE session = ? AND turn >= ? ORDER BY id DESC", (session, since)
        )
        kept: list[str] = []  # newest first
        first = size = 0
        for turn, older in groupby(rows, key=itemgetter(0)):
            bodies: list[str] = []
            for _, body in older:
                fits = size + len(body) <= max_chars
                if not fits and kept:
                    return Stretch(first, _decoded(kept), complete=False)
                bodies.append(body if fits or shorten is None else _changed(body, shorten))
                size += len(bodies[-1])
            kept += bodies
            first = turn
        return Stretch(first, _decoded(kept), complete=True)

    def all(self) -> list[str]:
        """The conversations that there are."""
        return [session for (session,) in self._db.execute("SELECT DISTINCT session FROM messages")]

    def prune(self, session: str, most_chars: int) -> int:
        """Forget the oldest turns of a conversation that is longer than so many characters; return how many turns.

        Only what no request to a model repeats any more: `most_chars` must be more than `newest` is asked for.
        """
        sizes = self._db.execute(
            "SELECT turn, sum(length(body)) FROM messages WHERE session = ? GROUP BY turn ORDER BY turn DESC",
            (session,),
        )
        total, leaving = 0, []
        for turn, size in sizes.fetchall():
            total += size
            if total > most_chars and total > size:
                leaving.append((session, turn))
        self._db.executemany("DELETE FROM messages WHERE session = ? AND turn = ?", leaving)
        return len(leaving)

    def clear(self, session: str) -> None:
        """Forget a conversation."""
        self._db.execute("DELETE FROM messages WHERE session = ?", (session,))


def _decoded(bodies: list[str]) -> list[Message]:
    return [msgspec.json.decode(body) for body in reversed(bodies)]


def _changed(body: str, change: Callable[[Message], Message]) -> str:
    return msgspec.json.encode(change(msgspec.json.decode(body))).decode()


def open_calls(messages: Sequence[Message]) -> list[str]:
    """The ids of tool calls that no tool message answers: those a restart interrupted."""
    answered = {message["tool_call_id"] for message in messages if message["role"] == "tool"}
    calls = [call["id"] for message in messages for call in message.get("tool_calls") or ()]
    return [call for call in calls if call not in answered]
