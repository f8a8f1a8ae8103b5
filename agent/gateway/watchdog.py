"""A gateway that is deaf, or hangs, ends itself: Docker starts it anew, and nothing that is stored is lost.

Deaf: a channel without contact, for a reason that a restart may cure. Each restart that did not help doubles the
patience before the next, across restarts. Hanging: the event loop does not come round any more, which a thread of the
interpreter's own sees, without the GIL.
"""

from __future__ import annotations

import asyncio
import faulthandler
import json
import logging
import os
import sys
import time
from collections.abc import Callable, Mapping
from typing import NoReturn

from agent.channels.base import Contact
from agent.store.settings import Settings

log = logging.getLogger("watchdog")

LOOK_S = 15.0
HUNG_S = 90.0
DEAF_S = 5 * 60.0
# While another channel hears: a restart interrupts whoever writes there.
DEAF_BESIDE_OTHERS_S = 30 * 60.0
LONGEST_S = 6 * 3600.0
# A turn in progress is let finish, for so long.
BUSY_S = 10 * 60.0
# A channel that has been well for so long owes its earlier restarts nothing.
WELL_S = 10 * 60.0
# EX_TEMPFAIL of sysexits.h: try again.
EXIT_CODE = 75
SETTING = "self-restarts"


class Patience:
    """How long each channel has been deaf, and how often that has ended the gateway.

    Args:
        contacts: of the channels to chat services, by name.
        settings: keep the count across restarts.
        clock: seconds that only go forward.
    """

    def __init__(
        self, contacts: Mapping[str, Contact], settings: Settings, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._contacts = contacts
        self._settings = settings
        self._clock = clock
        self._deaf_since: dict[str, float] = {}
        self._well_since: dict[str, float] = {}
        self._restarts = {name: count for name, count in self._stored().items() if name in contacts}

    def exhausted(self, *, busy: bool = False) -> str | None:
        """Why the gateway should start anew now; None when it should not. To be asked every now and then.

        Args:
            busy: whether somebody's request is being worked on.
        """
        now = self._clock()
        for name, contact in self._contacts.items():
            self._note(name, contact, now)
        for name, since in self._deaf_since.items():
            deaf = now - since
            if deaf >= self._patience(name) + (BUSY_S if busy else 0.0):
                self._remember(name, self._restarts.get(name, 0) + 1)
                return f"{name} has been deaf for {deaf / 60:.0f} min ({self._contacts[name].problem})"
        return None

    def _note(self, name: str, contact: Contact, now: float) -> None:
        if contact.problem is None:
            self._deaf_since.pop(name, None)
            if now - self._well_since.setdefault(name, now) >= WELL_S and name in self._restarts:
                self._remember(name, 0)
            return
        self._well_since.pop(name, None)
        if contact.curable:
            self._deaf_since.setdefault(name, now)
        else:
            self._deaf_since.pop(name, None)

    def _patience(self, name: str) -> float:
        others = any(contact.problem is None for other, contact in self._contacts.items() if other != name)
        first = DEAF_BESIDE_OTHERS_S if others else DEAF_S
        return min(first * 2.0 ** min(self._restarts.get(name, 0), 10), LONGEST_S)

    def _remember(self, name: str, restarts: int) -> None:
        self._restarts[name] = restarts
        self._restarts = {one: count for one, count in self._restarts.items() if count}
        self._settings.put(SETTING, json.dumps(self._restarts) if self._restarts else None)

    def _stored(self) -> dict[str, int]:
        return dict(json.loads(self._settings.get(SETTING) or "{}"))


async def run(patience: Patience, busy: Callable[[], bool]) -> None:
    """Watch until cancelled, or end the process; `release` when closing down has come to its end as well."""
    while True:
        faulthandler.dump_traceback_later(HUNG_S, exit=True, file=sys.stderr)
        if (why := patience.exhausted(busy=busy())) is not None:
            end(why)
        await asyncio.sleep(LOOK_S)


def release() -> None:
    """The event loop may stop now."""
    faulthandler.cancel_dump_traceback_later()


def end(why: str) -> NoReturn:
    """End the process at once: a way out that tidies up could hang where the channel does."""
    log.error("%s: ending, so that Docker starts the gateway anew", why)
    logging.shutdown()
    os._exit(EXIT_CODE)
