"""Who may talk to the assistant. Fails closed: nobody listed and nobody paired means nobody."""

from __future__ import annotations

import hmac
import logging
import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterable

from agent.store.mailbox import Inbound
from agent.store.owners import Owners

log = logging.getLogger("access")

CODE_LIFETIME_S = 15 * 60.0
# Without letters and digits that people mix up; eight of them are 37 bits.
CODE_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
TRIES_OF_ONE = 5
# Of all strangers together; then the code is void. A new one follows, so that they cannot keep the owner out.
TRIES_OF_ALL = 20
PAUSE_S = 60.0
_MOST_STRANGERS = 1000  # that are told apart


class Access:
    """Decides over each message; pairs the first owner of a channel that has none."""

    def __init__(
        self, channel: str, allowed: Iterable[int | str], owners: Owners, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._channel = channel
        self._owners = owners
        self._clock = clock
        self._allowed = {str(user) for user in allowed} | owners.of(channel)
        self._strangers: set[str] = set()
        self._tries: Counter[str] = Counter()
        self._code = ""
        self._expires = self._next_code_at = 0.0
        if not self._allowed:
            self._new_code()

    @property
    def strangers(self) -> int:
        """How many users without the right to have written, as far as they are told apart."""
        return len(self._strangers)

    def owners(self) -> list[str]:
        """Who may give orders: those listed, and those paired."""
        return sorted(self._allowed)

    def knows(self, user_id: str) -> bool:
        """Whether this user may give orders."""
        return user_id in self._allowed

    def code(self) -> str | None:
        """The code that makes its sender the owner; None when there is an owner. One that has run out is renewed."""
        if self._allowed:
            return None
        if self._clock() > self._expires:
            self._new_code()
        return self._code

    def permits(self, message: Inbound) -> bool:
        """Whether the message's sender may give orders; a stranger is logged once, and without the text."""
        if self.knows(message.user_id):
            return True
        if message.user_id not in self._strangers and len(self._strangers) < _MOST_STRANGERS:
            self._strangers.add(message.user_id)
            log.warning("%s: user %s is not in allowed_user_ids; ignored", self._channel, message.user_id)
        return False

    def pair(self, message: Inbound) -> bool:
        """Make the sender of a right `/pair CODE`, in private, the owner; False for anything else."""
        command, _, code = message.text.strip().partition(" ")
        if command != "/pair" or self._allowed or not message.private:
            return False
        if self._clock() > self._expires:
            self._renew()
            return False
        if self._tries[message.user_id] >= TRIES_OF_ONE:
            return False
        if not hmac.compare_digest(code.strip().upper().encode(), self._code.encode()):
            self._wrong(message.user_id)
            return False
        self._owners.add(self._channel, message.user_id)
        self._allowed.add(message.user_id)
        self._code = ""
        log.info("%s: user %s is paired and now the owner", self._channel, message.user_id)
        return True

    def _wrong(self, user: str) -> None:
        self._tries[user] += 1
        log.warning("%s: wrong pairing code from user %s", self._channel, user)
        if self._tries.total() >= TRIES_OF_ALL:
            log.warning("%s: too many wrong codes, so this one is void; a new one follows", self._channel)
            self._expires, self._next_code_at = 0.0, self._clock() + PAUSE_S

    def _renew(self) -> None:
        """A new code for whoever tries the next time, at most one a minute."""
        if self._clock() >= self._next_code_at:
            self._new_code()

    def _new_code(self) -> None:
        self._code = "".join(secrets.choice(CODE_LETTERS) for _ in range(8))
        self._expires = self._clock() + CODE_LIFETIME_S
        self._next_code_at = self._clock() + PAUSE_S
        self._tries.clear()
        log.warning(
            "%s: nobody is allowed yet; within %d minutes send the bot: /pair %s",
            self._channel, CODE_LIFETIME_S // 60, self._code,
        )  # fmt: skip
