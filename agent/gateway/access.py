"""Who may talk to the assistant. Fails closed: nobody listed and nobody paired means nobody."""

from __future__ import annotations

import hmac
import logging
import secrets
import time
from collections.abc import Iterable

from agent.store.mailbox import Inbound
from agent.store.owners import Owners

log = logging.getLogger("access")

CODE_LIFETIME_S = 15 * 60.0
CODE_TRIES = 5
# Without letters and digits that people mix up; eight of them are 37 bits for five tries.
CODE_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"


class Access:
    """Decides over each message; pairs the first owner of a channel that has none."""

    def __init__(self, channel: str, allowed: Iterable[int | str], owners: Owners) -> None:
        self._channel = channel
        self._owners = owners
        self._allowed = {str(user) for user in allowed} | owners.of(channel)
        self._strangers: set[str] = set()
        self._code = ""
        self._expires = 0.0
        self._tries_left = 0
        if not self._allowed:
            self._new_code()

    def owners(self) -> list[str]:
        """Who may give orders: those listed, and those paired."""
        return sorted(self._allowed)

    def knows(self, user_id: str) -> bool:
        """Whether this user may give orders."""
        return user_id in self._allowed

    def permits(self, message: Inbound) -> bool:
        """Whether the message's sender may give orders; a stranger is logged once, and without the text."""
        if self.knows(message.user_id):
            return True
        if message.user_id not in self._strangers and len(self._strangers) < 1000:
            self._strangers.add(message.user_id)
            log.warning("%s: user %s is not in allowed_user_ids; ignored", self._channel, message.user_id)
        return False

    def pair(self, message: Inbound) -> bool:
        """Make the sender of a right `/pair CODE` the owner; False for anything else."""
        command, _, code = message.text.partition(" ")
        if command != "/pair" or self._allowed or self._tries_left == 0:
            return False
        if time.monotonic() > self._expires:
            self._new_code()
            return False
        if not hmac.compare_digest(code.strip().upper().encode(), self._code.encode()):
            self._tries_left -= 1
            log.warning("%s: wrong pairing code from user %s; %d tries left, then restart for a new one",
                        self._channel, message.user_id, self._tries_left)  # fmt: skip
            return False
        self._owners.add(self._channel, message.user_id)
        self._allowed.add(message.user_id)
        log.info("%s: user %s is paired and now the owner", self._channel, message.user_id)
        return True

    def _new_code(self) -> None:
        self._code = "".join(secrets.choice(CODE_LETTERS) for _ in range(8))
        self._expires = time.monotonic() + CODE_LIFETIME_S
        self._tries_left = CODE_TRIES
        log.warning(
            "%s: nobody is allowed yet; within %d minutes send the bot: /pair %s",
            self._channel, CODE_LIFETIME_S // 60, self._code,
        )  # fmt: skip
