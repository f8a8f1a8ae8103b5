"""All connections to the Gateway, the sessions behind them, and what a test does to both."""

from __future__ import annotations

import secrets
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.fakes.wire import DiscordOrder

if TYPE_CHECKING:
    from tests.fakes.discord.gateway.connection import Connection
    from tests.fakes.discord.world import World

_EVENTS_KEPT = 5000
# How long a session without a connection can be resumed.
_SESSION_S = 180.0


@dataclass
class Session:
    """What a bot hears between IDENTIFY and the end of what can be resumed."""

    token: str
    intents: int
    id: str = field(default_factory=lambda: secrets.token_hex(16))
    sequence: int = 0
    events: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=_EVENTS_KEPT))
    connection: Connection | None = None
    left_at: float | None = None

    def add(self, name: str, data: dict[str, Any]) -> dict[str, Any]:
        """Numbers an event and keeps it for a RESUME."""
        self.sequence += 1
        event = {"op": 0, "t": name, "s": self.sequence, "d": data}
        self.events.append(event)
        return event

    @property
    def over(self) -> bool:
        """Whether it cannot be resumed any more."""
        return self.left_at is not None and time.monotonic() > self.left_at + _SESSION_S


class Hub:
    """Hands events to sessions, and sessions to connections; `begun` has the time of each READY and RESUMED."""

    def __init__(self, world: World) -> None:
        """Nobody is connected."""
        self.world = world
        self.sessions: dict[str, Session] = {}
        self.open: set[Connection] = set()
        self.identifies = self.resumes = self.resumed = 0
        self.begun: list[float] = []

    @property
    def connected(self) -> bool:
        """Whether somebody listens."""
        return any(session.connection is not None for session in self.sessions.values())

    def publish(self, name: str, data: dict[str, Any], intent: int) -> None:
        """Tells every session that asked for it; 0 is what everybody hears."""
        for session in self.sessions.values():
            if (intent and not session.intents & intent) or session.over:
                continue
            event = session.add(name, data)
            if session.connection is not None:
                session.connection.send(event)

    def check_tokens(self) -> None:
        """Ends the sessions of tokens that are revoked."""
        for session in list(self.sessions.values()):
            if session.token not in self.world.settings.tokens:
                self.forget(session)
                if session.connection is not None:
                    session.connection.close(4004)

    def forget(self, session: Session) -> None:
        """It cannot be resumed."""
        self.sessions.pop(session.id, None)

    def order(self, order: DiscordOrder) -> None:
        """Plays what a test orders."""
        for connection in list(self.open):
            if order.action == "forget" and connection.session is not None:
                self.forget(connection.session)
            connection.suffer(order)
