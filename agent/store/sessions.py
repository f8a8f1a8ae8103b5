"""The conversation with each chat: OpenAI chat messages, stored as each step of a turn happens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

import msgspec

from agent.store.database import Store

Message = dict[str, Any]

# Of a conversation; a request to a model repeats 150,000 characters of it at most.
KEPT_CHARS = 2_000_000
# Of all together: a backup has room for no more (agent.snapshot.state).
KEPT_OF_ALL_BYTES = 60_000_000
_OUTLINE_CHARS = 2000


class Stretch(NamedTuple):
    """A part of a conversation: its first turn, its messages, and whether nothing older was left out."""

    first: int
    messages: list[Message]
    complete: bool


class Sessions(Store):
    """The messages table of the state file."""

    def append(self, session: str, turn: int, message: Message) -> int:
        """Store one message of a turn; return its characters of JSON."""
        body = msgspec.json.encode(message).decode()
        self._db.execute("INSERT INTO messages (session, turn, body) VALUES (?, ?, ?)", (session, turn, body))
        return len(body)

    def of_turn(self, session: str, turn: int) -> list[Message]:
        """What is stored of one turn, oldest first; empty when it has not begun.

        Of a long message it is who speaks, the ids of calls, and the end of a text: of all that one turn may hold, the
        whole would not fit into the gateway's memory.
        """
        rows = self._db.execute("SELECT body FROM messages WHERE session = ? AND turn = ? ORDER BY id", (session, turn))
        return [_outlined(body) for (body,) in rows]

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

    def prune_all(self, most_bytes: int) -> int:
        """Forget the oldest turns of all conversations together, of those that have ended; return how many."""
        sizes = self._db.execute(
            "SELECT turn, sum(length(CAST(body AS BLOB))) FROM messages GROUP BY turn"
            " HAVING turn NOT IN (SELECT id FROM inbox WHERE done_at IS NULL) ORDER BY turn DESC"
        )
        total, leaving = 0, []
        for turn, size in sizes.fetchall():
            total += size
            if total > most_bytes and total > size:
                leaving.append((turn,))
        self._db.executemany("DELETE FROM messages WHERE turn = ?", leaving)
        return len(leaving)

    def clear(self, session: str, before: int | None = None) -> None:
        """Forget a conversation, or what turns before that one have said in it."""
        self._db.execute("DELETE FROM messages WHERE session = ? AND (?2 IS NULL OR turn < ?2)", (session, before))


def _outlined(body: str) -> Message:
    message: Message = msgspec.json.decode(body)
    if len(body) <= _OUTLINE_CHARS:
        return message
    content = message.get("content")
    outline: Message = {
        "role": message["role"],
        "content": content[-_OUTLINE_CHARS:] if isinstance(content, str) else "",
    }
    if calls := message.get("tool_calls"):
        outline["tool_calls"] = [{"id": call["id"]} for call in calls]
    if "tool_call_id" in message:
        outline["tool_call_id"] = message["tool_call_id"]
    return outline


def _decoded(bodies: list[str]) -> list[Message]:
    return [msgspec.json.decode(body) for body in reversed(bodies)]


def _changed(body: str, change: Callable[[Message], Message]) -> str:
    return msgspec.json.encode(change(msgspec.json.decode(body))).decode()


def open_calls(messages: Sequence[Message]) -> list[str]:
    """The ids of tool calls that no tool message answers: those a restart interrupted."""
    answered = {message["tool_call_id"] for message in messages if message["role"] == "tool"}
    calls = [call["id"] for message in messages for call in message.get("tool_calls") or ()]
    return [call for call in calls if call not in answered]
