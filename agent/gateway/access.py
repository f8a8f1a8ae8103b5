"""Who may talk to the assistant. Fails closed: nobody listed and nobody paired means nobody."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterable

from agent.gateway.pairing import Pairing
from agent.store.mailbox import Inbound
from agent.store.owners import Owners

log = logging.getLogger("access")

# So many are told apart; those that come later are still turned away.
MOST_STRANGERS = 1000
_PAIR = re.compile(r"/pair(?:@\w+)?\s+(\S+)\s*", re.IGNORECASE)


class Access:
    """Decides over each message; pairs the first owner of a channel that has none."""

    def __init__(
        self, channel: str, allowed: Iterable[int | str], owners: Owners, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._channel = channel
        self._owners = owners
        # Whoever lists ids has said it all: one who had paired before is in no longer. In the order of the list.
        self._allowed = dict.fromkeys(map(str, allowed)) or dict.fromkeys(sorted(owners.of(channel)))
        self._strangers: set[str] = set()
        self._pairing = None if self._allowed else Pairing(channel, clock)

    def owners(self) -> list[str]:
        """Who may give orders: those listed, in that order; where nobody is, those paired."""
        return list(self._allowed)

    def code(self) -> tuple[str, float] | None:
        """The code that pairs now, and for how many seconds; None where somebody is allowed."""
        return None if self._pairing is None else self._pairing.code()

    @property
    def strangers(self) -> int:
        """How many others have written since the start, at most MOST_STRANGERS."""
        return len(self._strangers)

    def knows(self, user_id: str) -> bool:
        """Whether this user may give orders."""
        return user_id in self._allowed

    def permits(self, message: Inbound) -> bool:
        """Whether the message's sender may give orders; a stranger is logged once, and without the text."""
        if self.knows(message.user_id):
            return True
        if message.user_id not in self._strangers and len(self._strangers) < MOST_STRANGERS:
            self._strangers.add(message.user_id)
            log.warning("%s: user %s is not in allowed_user_ids; ignored", self._channel, message.user_id)
        return False

    def pair(self, message: Inbound) -> bool:
        """Make the sender of a right `/pair CODE` the owner, in private: in a group others read the code first."""
        found = _PAIR.fullmatch(message.text)
        if found is None or self._pairing is None or not message.private:
            return False
        if not self._pairing.matches(message.user_id, found[1]):
            return False
        self._owners.add(self._channel, message.user_id)
        self._allowed[message.user_id] = None
        self._strangers.discard(message.user_id)
        self._pairing = None
        log.info("%s: user %s is paired and now the owner", self._channel, message.user_id)
        return True
