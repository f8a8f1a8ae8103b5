"""A gateway that cannot hear ends itself, and Docker starts it again: better a short gap than a deaf assistant.

Two ways of being deaf: a channel without contact for a reason that a restart may cure, and an event loop that hangs.
"""

from __future__ import annotations

import asyncio
import faulthandler
import logging
import time
from collections.abc import Mapping

from agent.channels.base import Contact
from agent.store.mailbox import Mailbox

log = logging.getLogger("watchdog")

# How long the only channel, or every channel, may be deaf; one of several while others hear.
ALL_DEAF_S = 300.0
ONE_DEAF_S = 1800.0
# Each restart that did not help doubles the patience, up to this.
LONGEST_S = 6 * 3600.0
WELL_AGAIN_S = 600.0
LOOK_S = 10.0
# An event loop that has not come round for so long hangs.
HUNG_S = 90.0
_MARK = "restarts"


class RestartError(Exception):
    """The gateway should be started anew; says why."""


class Watchdog:
    """Looks at the contacts of the channels.

    Args:
        contacts: by channel.
        mailbox: remembers how many restarts in a row did not help.
    """

    def __init__(self, contacts: Mapping[str, Contact], mailbox: Mailbox) -> None:
        self._contacts = contacts
        self._mailbox = mailbox
        self._restarts = int(mailbox.marks(_MARK).get(_MARK, "0"))
        self._deaf_since: dict[str, float] = {}
        self._well_since: float | None = None

    async def run(self) -> None:
        """Look until cancelled; raise RestartError when it is time."""
        try:
            while True:
                faulthandler.dump_traceback_later(HUNG_S, exit=True)
                self.look(time.monotonic())
                await asyncio.sleep(LOOK_S)
        finally:
            faulthandler.cancel_dump_traceback_later()

    def look(self, now: float) -> None:
        """Raise RestartError when a channel has been deaf for too long."""
        deaf = {name for name, contact in self._contacts.items() if contact.problem is not None and contact.curable}
        self._deaf_since = {name: self._deaf_since.get(name, now) for name in deaf}
        self._count_well(now)
        hears = any(contact.problem is None for contact in self._contacts.values())
        patience = min((ONE_DEAF_S if hears else ALL_DEAF_S) * 2**self._restarts, LONGEST_S)
        for name, since in self._deaf_since.items():
            if now - since >= patience:
                self._remember(self._restarts + 1)
                raise RestartError(
                    f"{name} has been deaf for {now - since:.0f} s ({self._contacts[name].problem}): starting anew"
                )

    def _count_well(self, now: float) -> None:
        """Forget earlier restarts once everything has been well for a while."""
        if any(contact.problem is not None for contact in self._contacts.values()):
            self._well_since = None
        elif self._well_since is None:
            self._well_since = now
        elif self._restarts and now - self._well_since >= WELL_AGAIN_S:
            self._remember(0)

    def _remember(self, restarts: int) -> None:
        self._restarts = restarts
        self._mailbox.remember(_MARK, str(restarts))
