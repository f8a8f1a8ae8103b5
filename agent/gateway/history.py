"""The part of a conversation that is sent to the model, bounded for the gateway's memory.

Each model's own window comes later (agent.llm.window). Where the part begins stays the same until the bound is reached
again, so that requests begin alike and are read from the provider's prompt cache.
"""

from __future__ import annotations

from agent.llm.window import shorten, valid
from agent.store.sessions import Message, Sessions

# Characters of JSON: 25,000 to 50,000 tokens. A request is in memory some five times over, with each chat.
MOST_CHARS = 150_000
# What is left when the oldest turns leave.
KEPT_CHARS = 90_000

UNKNOWN = "error: the assistant was interrupted while this ran; its outcome is unknown, check before repeating it"


class History:
    """The newest turns of each conversation."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._first: dict[str, int] = {}

    def of(self, session: str) -> list[Message]:
        """A valid sequence: each tool call with its result."""
        stretch = self._sessions.newest(session, MOST_CHARS, self._first.get(session, 0), shorten)
        if not stretch.complete:
            stretch = self._sessions.newest(session, KEPT_CHARS, stretch.first, shorten)
            self._first[session] = stretch.first
        return valid(stretch.messages, UNKNOWN)
