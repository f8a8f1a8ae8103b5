"""Pairing: who sends the one-time code becomes the owner of a channel that has none.

A code is 39 random bits. Of all its wrong guesses together CODE_TRIES are heard, a user's own few of them and then
silence: so guessing is hopeless, and keeping the owner out takes hundreds of accounts, for as long as nobody asks for a
new code with `picoclaw pair`.
"""

from __future__ import annotations

import hmac
import logging
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from agent.messages import spelled

log = logging.getLogger("access")

CODE_LIFETIME_S = 15 * 60.0
# Without letters and digits that people mix up.
CODE_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
CODE_LENGTH = 8
CODE_TRIES = 1000
# After a code that too many guesses ended.
PAUSE_S = 60.0
USER_TRIES = 5
USER_PAUSE_S = 15 * 60.0
_USERS = 1000


@dataclass(slots=True)
class _Tries:
    """A user's wrong codes since a moment."""

    count: int
    since: float


class Pairing:
    """The one-time code of a channel without an owner.

    Args:
        channel: its name.
        clock: seconds that only go forward.
    """

    def __init__(self, channel: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._channel = channel
        self._clock = clock
        self._users: OrderedDict[str, _Tries] = OrderedDict()
        self._not_before = 0.0
        self._renew()

    def code(self) -> tuple[str, float]:
        """The code that pairs now, a new one where the last has ended, and for how many seconds it does."""
        if self._ended():
            self._renew()
        return self._code, self._expires - self._clock()

    def matches(self, user_id: str, code: str) -> bool:
        """Whether it is the code. One that has expired is replaced, and the new one logged."""
        now = self._clock()
        if self._silenced(user_id, now) or now < self._not_before:
            return False
        if self._ended():
            self._renew()
            return False
        if hmac.compare_digest(code.strip().upper().encode(), self._code.encode()):
            return True
        self._count(user_id, now)
        return False

    def _ended(self) -> bool:
        return self._tries_left == 0 or self._clock() > self._expires

    def _silenced(self, user_id: str, now: float) -> bool:
        tries = self._users.get(user_id)
        return tries is not None and tries.count >= USER_TRIES and now - tries.since < USER_PAUSE_S

    def _count(self, user_id: str, now: float) -> None:
        tries = self._users.pop(user_id, None)
        if tries is None or now - tries.since >= USER_PAUSE_S:
            tries = _Tries(0, now)
        tries.count += 1
        self._users[user_id] = tries
        if len(self._users) > _USERS:
            self._users.popitem(last=False)
        if tries.count in (1, USER_TRIES):
            ignored = f", ignored for {USER_PAUSE_S / 60:.0f} minutes" if tries.count == USER_TRIES else ""
            log.warning("%s: wrong pairing code from user %s%s", self._channel, user_id, ignored)
        self._tries_left -= 1
        if self._tries_left == 0:
            self._not_before = now + PAUSE_S
            log.error(
                "%s: %d wrong pairing codes: somebody guesses. This code has ended; the next /pair after %.0f s makes "
                "another, docker exec picoclaw picoclaw pair makes one at once", self._channel, CODE_TRIES, PAUSE_S,
            )  # fmt: skip

    def _renew(self) -> None:
        self._code = "".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH))
        self._expires = self._clock() + CODE_LIFETIME_S
        self._tries_left = CODE_TRIES
        self._not_before = 0.0
        log.warning(
            "%s: nobody is allowed yet; within %d minutes send the bot: %s %s",
            self._channel, CODE_LIFETIME_S // 60, spelled("/pair", self._channel), self._code,
        )  # fmt: skip
