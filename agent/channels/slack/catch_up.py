"""What was missed on Slack is stored before what comes live; where that fails, beside it and until it has succeeded."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from agent.background import Background
from agent.channels.base import OWNER_WAIT_S, ChannelError, Desk, backoff
from agent.channels.slack.history import History, Marks
from agent.channels.slack.people import People
from agent.channels.slack.web import RefusedError

log = logging.getLogger("slack")

PATIENCE_S = 30.0  # what comes live waits so long, unacknowledged, so that the order is kept
_UNKNOWN_FORM = (KeyError, TypeError, ValueError, AttributeError)

# Stores one message of the history.
Take = Callable[[Mapping[str, Any]], Awaitable[None]]


class CatchUp:
    """Reads the history whenever a connection begins.

    Args:
        history: what it is read from.
        people: know the owners' private channels.
        marks: where it begins; they are held while it is behind.
        desk: knows the owners.
        take: stores a message.
    """

    def __init__(self, history: History, people: People, marks: Marks, desk: Desk, take: Take) -> None:
        self._history = history
        self._people = people
        self._marks = marks
        self._desk = desk
        self._take = take
        self._turn = asyncio.Event()
        self._background = Background()
        self._reading: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """A connection begins: what was said before it may be missing."""
        self._turn.clear()
        self._marks.hold()
        if self._reading is not None:
            self._reading.cancel()
        self._reading = self._background.start(self._read_all())

    async def turn(self) -> None:
        """Wait until what comes live may be stored."""
        await self._turn.wait()

    async def aclose(self) -> None:
        """Leave the rest to the next start."""
        await self._background.aclose()

    async def _read_all(self) -> None:
        patience = asyncio.get_running_loop().call_later(PATIENCE_S, self._turn.set)
        failures, done = 0, set[str]()
        try:
            while (error := await self._failure(done)) is not None:
                self._turn.set()
                if failures == 0:
                    log.warning("what was written while I was away is not read yet: %s", _words(error))
                failures += 1
                await asyncio.sleep(_wait(error, failures))
        finally:
            patience.cancel()
        if failures:
            log.info("what was written while I was away is read")
        self._marks.release()
        self._turn.set()

    async def _failure(self, done: set[str]) -> Exception | None:
        """Read once, but for the chats that are done; why it did not come to its end."""
        try:
            await self._begin_at_home()
            async for missed in self._history.missed(self._marks.stored, done):
                if missed.cut:
                    self._marks.cut(missed.chat, missed.events)
                for event in missed.events:
                    await self._take_known(event)
                self._marks.read(missed.chat, str(missed.events[-1]["ts"]))
        except Exception as error:  # noqa: BLE001 - whatever it is, a full disk say, what was missed stays wanted
            return error
        return None

    async def _take_known(self, event: Mapping[str, Any]) -> None:
        try:
            await self._take(event)
        except _UNKNOWN_FORM as error:  # it would be of that form every time
            log.warning("message %s is of an unknown form: %r", event.get("ts"), error)

    async def _begin_at_home(self) -> None:
        """Mark where the owners' direct messages begin, so that a first one written while away is read later on."""
        for owner in self._desk.owners():
            try:
                home = await self._people.home(owner)
            except RefusedError as error:
                if not error.final:
                    raise
                log.info("there are no direct messages with %s: %s", owner, error)
            else:
                self._marks.begin(home)


def _words(error: Exception) -> str:
    return str(error) if isinstance(error, ChannelError) else repr(error)


def _wait(error: Exception, failures: int) -> float:
    """Seconds until the next attempt."""
    if isinstance(error, RefusedError) and error.of_token:
        return OWNER_WAIT_S
    asked = error.retry_after if isinstance(error, ChannelError) else None
    return asked or backoff(failures)
