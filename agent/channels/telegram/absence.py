"""How long nobody has asked Telegram for updates, which it keeps for a day: what is older is gone, and that is said."""

from __future__ import annotations

import time

from agent.channels.base import Desk
from agent.channels.words import Sentence

ASKED = "telegram"  # the mark: when Telegram was asked last, in seconds since the epoch
KEPT_S = 24 * 3600.0
WRITTEN_EVERY_S = 600.0


class Absence:
    """Counts on over restarts.

    Args:
        desk: keeps when Telegram was asked last, and knows whom to tell.
    """

    def __init__(self, desk: Desk) -> None:
        mark = desk.marks(ASKED).get(ASKED)
        self._desk = desk
        # Before the start by the host's clock, from then on by one that does not jump.
        self._before = 0.0 if mark is None else max(0.0, time.time() - float(mark))
        self._since = time.monotonic()
        self._written: float | None = None

    def ended(self) -> None:
        """Telegram has answered: tell the owners if it was too late for what they may have written."""
        now = time.monotonic()
        away, self._before, self._since = self._before + now - self._since, 0.0, now
        late = self._desk.owners() if away > KEPT_S else []
        if self._written is not None and now - self._written < WRITTEN_EVERY_S and not late:
            return
        self._written, mark = now, {ASKED: f"{time.time():.0f}"}
        for owner in late:
            self._desk.tell(owner, Sentence("telegram_away", hours=round(away / 3600)), mark)
        if not late:
            self._desk.receive([], mark)
