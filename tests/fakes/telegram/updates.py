"""The queue of updates and getUpdates: long polling, confirmation by offset, and the conflict of two pollers.

The rules are those of the service's server (`do_get_updates`, `abort_long_poll`): a poll that finds updates takes
nothing from anybody; a poll that has to wait ends the one that waited before it with 409; the next 409s within three
seconds are held back for three, so that two pollers do not chase each other in a storm.
"""

import asyncio
import time
from dataclasses import dataclass
from typing import Any

from tests.fakes.telegram.errors import ApiError, conflict

_LONGEST_POLL = 50
_MOST_UPDATES = 100
_CONFLICT_PAUSE = 3.0
_REPEATED_POLL_TIMEOUT = 3
_FURTHEST_OFFSET = 10
# what the service leaves out unless the bot asks for it
_KINDS_ON_REQUEST = frozenset({"chat_member", "message_reaction", "message_reaction_count"})

_TERMINATED = "terminated by other getUpdates request; make sure that only one bot instance is running"
_WEBHOOK_ACTIVE = "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
_TERMINATED_BY_WEBHOOK = "terminated by setWebhook request"


@dataclass(frozen=True)
class Poll:
    """The parameters of getUpdates; `allowed` is None when the request leaves the setting as it was."""

    offset: int
    limit: int
    timeout: int
    allowed: list[str] | None


class _Waiting:
    """A poll that waits: ended by an update, or by a conflict."""

    def __init__(self) -> None:
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.refusal: ApiError | None = None
        self.pause = 0.0

    def end(self) -> None:
        if not self.done.done():
            self.done.set_result(None)


class UpdateQueue:
    """Updates that the bot has not confirmed yet, and who waits for the next one."""

    def __init__(self) -> None:
        """An empty queue; identifiers go on over `clear`, as the bot's offset does."""
        self._next_id = 500_000_001
        self._updates: list[dict[str, Any]] = []
        self._waiting: _Waiting | None = None
        self.clear()

    def clear(self) -> None:
        """Forgets updates and settings."""
        self._updates.clear()
        self._allowed: list[str] = []
        self._webhook = ""
        self._next_conflict = 0.0
        self._last_offset: int | None = None
        self._last_start = float("-inf")

    @property
    def pending(self) -> int:
        """How many updates are not confirmed."""
        return len(self._updates)

    @property
    def webhook(self) -> str:
        """The webhook's address; empty while updates are polled."""
        return self._webhook

    def set_webhook(self, url: str, *, drop_pending: bool) -> None:
        """Sets or (empty) deletes the webhook; a waiting poll is ended by the former."""
        self._webhook = url
        if drop_pending:
            self._updates.clear()
        if url:
            self._end_waiting(_TERMINATED_BY_WEBHOOK)

    @property
    def polled(self) -> bool:
        """Whether a poll waits for the next update."""
        return self._waiting is not None

    def renumber(self, lower_by: int = 250_000_000) -> None:
        """Numbers what comes next anew, lower than before, as the service does when a bot had nothing for a week."""
        self._next_id -= lower_by

    def push(self, kind: str, payload: dict[str, Any]) -> int | None:
        """Adds an update and wakes the poll; None when the bot did not ask for this kind."""
        if kind not in self._allowed if self._allowed else kind in _KINDS_ON_REQUEST:
            return None
        update_id, self._next_id = self._next_id, self._next_id + 1
        self._updates.append({"update_id": update_id, kind: payload})
        if self._waiting is not None:
            self._waiting.end()
        return update_id

    async def poll(self, poll: Poll) -> list[dict[str, Any]]:
        """Answers getUpdates; raises ApiError 409."""
        if self._webhook:
            raise await self._conflict(_WEBHOOK_ACTIVE)
        if poll.allowed is not None:
            self._allowed = poll.allowed
        limit, timeout = self._slowed(poll)
        updates = self._take(poll.offset, limit)
        if updates or timeout == 0:
            return updates
        self._end_waiting(_TERMINATED)
        await self._wait(timeout)
        return self._take(poll.offset, limit)

    def _slowed(self, poll: Poll) -> tuple[int, int]:
        """Limit and timeout; a bot that asks for the same again at once is made to wait."""
        limit = max(1, min(_MOST_UPDATES, poll.limit))
        timeout = max(0, min(_LONGEST_POLL, poll.timeout))
        now = time.monotonic()
        if poll.offset == self._last_offset:
            if now < self._last_start + _REPEATED_POLL_TIMEOUT:
                timeout = max(timeout, _REPEATED_POLL_TIMEOUT)
            if now < self._last_start + 0.5:
                limit = 1
        self._last_offset, self._last_start = poll.offset, now
        return limit, timeout

    def _take(self, offset: int, limit: int) -> list[dict[str, Any]]:
        """Confirms what is below the offset, and gives what is left; a negative one keeps only the newest."""
        if offset < 0:
            del self._updates[:offset]
        elif offset <= self._next_id + _FURTHEST_OFFSET:
            self._updates = [update for update in self._updates if update["update_id"] >= offset]
        return self._updates[:limit]

    async def _wait(self, seconds: int) -> None:
        waiting = self._waiting = _Waiting()
        try:
            await asyncio.wait((waiting.done,), timeout=seconds)
        finally:
            if self._waiting is waiting:
                self._waiting = None
        if waiting.refusal is not None:
            await asyncio.sleep(waiting.pause)
            raise waiting.refusal

    def end_poll(self, refusal: ApiError, pause: float = 0.0) -> None:
        """Answers the poll that waits, if one does, with the refusal after a pause."""
        if self._waiting is not None:
            self._waiting.refusal = refusal
            self._waiting.pause = pause
            self._waiting.end()
            self._waiting = None

    def _end_waiting(self, reason: str) -> None:
        if self._waiting is not None:
            self.end_poll(conflict(reason), self._conflict_pause())

    async def _conflict(self, reason: str) -> ApiError:
        await asyncio.sleep(self._conflict_pause())
        return conflict(reason)

    def _conflict_pause(self) -> float:
        now = time.monotonic()
        if now < self._next_conflict:
            return _CONFLICT_PAUSE
        self._next_conflict = now + _CONFLICT_PAUSE
        return 0.0
