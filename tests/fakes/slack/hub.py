"""Envelopes: each is sent over one of the open connections, and again until it is acknowledged or given up.

https://docs.slack.dev/apis/events-api/using-socket-mode, and the Events API's three retries.
"""

from __future__ import annotations

import asyncio
import uuid
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Protocol

RETRY_S = (0.5, 60.0, 300.0)
ACKNOWLEDGE_S = 3.0


class Line(Protocol):
    """An open connection."""

    gone: asyncio.Event

    def put(self, frame: dict[str, Any]) -> None:
        """Sends a frame."""


@dataclass
class Envelope:
    """Something to be acknowledged; `answer` is what the acknowledgement carried."""

    kind: str
    payload: dict[str, Any]
    repeated: bool
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    sent: int = 0
    acknowledged: asyncio.Event = field(default_factory=asyncio.Event)
    answer: dict[str, Any] | None = None

    def frame(self, attempt: int, reason: str) -> dict[str, Any]:
        """As it is sent."""
        frame: dict[str, Any] = {"envelope_id": self.id, "type": self.kind, "payload": self.payload}
        frame["accepts_response_payload"] = self.kind != "events_api"
        return frame | ({"retry_attempt": attempt, "retry_reason": reason} if self.kind == "events_api" else {})


class Hub:
    """Sends envelopes; the newest connection gets them."""

    def __init__(self) -> None:
        """Nobody is connected."""
        self._tasks: set[asyncio.Task[None]] = set()
        self.lines: list[Line] = []
        self.reset()

    def reset(self) -> None:
        """Forgets what is under way."""
        for task in self._tasks:
            task.cancel()
        self._tasks.clear()
        self.envelopes: deque[Envelope] = deque(maxlen=5000)
        self.opened = 0
        self.retry_s: tuple[float, ...] = RETRY_S
        self.acknowledge_s = ACKNOWLEDGE_S

    def push(self, kind: str, payload: dict[str, Any]) -> Envelope:
        """Sends an envelope; only events are sent again."""
        envelope = Envelope(kind, payload, repeated=kind == "events_api")
        self.envelopes.append(envelope)
        line = self._send(envelope, 0, "")
        task = asyncio.ensure_future(self._see_through(envelope, line))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return envelope

    def acknowledge(self, envelope_id: str, answer: dict[str, Any] | None) -> None:
        """A client has taken an envelope."""
        for envelope in self.envelopes:
            if envelope.id == envelope_id:
                envelope.answer = answer
                envelope.acknowledged.set()

    def send_again(self) -> None:
        """Sends what was acknowledged already, as the service does when acknowledgements cross with its retries."""
        for envelope in self.envelopes:
            if envelope.repeated and envelope.acknowledged.is_set():
                self._send(envelope, 1, "timeout")

    def _send(self, envelope: Envelope, attempt: int, reason: str) -> Line | None:
        if not self.lines:
            return None
        envelope.sent += 1
        self.lines[-1].put(envelope.frame(attempt, reason))
        return self.lines[-1]

    async def _see_through(self, envelope: Envelope, line: Line | None) -> None:
        for attempt, wait in enumerate((*(self.retry_s if envelope.repeated else ()), None), 1):
            reason = "timeout" if line is not None else "connection_failed"
            if line is not None and await self._acknowledged(envelope, line):
                return
            if wait is None:
                return
            await asyncio.sleep(wait)
            if envelope.acknowledged.is_set():
                return
            line = self._send(envelope, attempt, reason)

    async def _acknowledged(self, envelope: Envelope, line: Line) -> bool:
        waits = [asyncio.ensure_future(envelope.acknowledged.wait()), asyncio.ensure_future(line.gone.wait())]
        try:
            await asyncio.wait(waits, timeout=self.acknowledge_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        return envelope.acknowledged.is_set()
