"""The conversation with each chat: OpenAI chat messages, stored as each step of a turn happens."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import AbstractContextManager
from itertools import groupby
from operator import itemgetter
from typing import Any

import msgspec

from agent.store.database import transaction

Message = dict[str, Any]


class Sessions:
    """The messages table of the state file."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def together(self) -> AbstractContextManager[None]:
        """A transaction around what is stored inside, here or in another table of the same file."""
        return transaction(self._db)

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

    def history(self, session: str, max_chars: int) -> list[Message]:
        """The newest whole turns that fit into `max_chars` characters of JSON, and always the newest one.

        Whole turns, so that a tool call is never parted from its result.
        """
        rows = self._db.execute("SELECT turn, body FROM messages WHERE session = ? ORDER BY id DESC", (session,))
        bodies: list[str] = []  # newest first
        for _, turn in groupby(rows, key=itemgetter(0)):
            older = [body for _, body in turn]
            if bodies and sum(map(len, bodies)) + sum(map(len, older)) > max_chars:
                break
            bodies += older
        return [msgspec.json.decode(body) for body in reversed(bodies)]

    def clear(self, session: str) -> None:
        """Forget a conversation."""
        self._db.execute("DELETE FROM messages WHERE session = ?", (session,))


def open_calls(messages: Sequence[Message]) -> list[str]:
    """The ids of tool calls that no tool message answers: those a restart interrupted."""
    answered = {message["tool_call_id"] for message in messages if message["role"] == "tool"}
    calls = [call["id"] for message in messages for call in message.get("tool_calls") or ()]
    return [call for call in calls if call not in answered]
