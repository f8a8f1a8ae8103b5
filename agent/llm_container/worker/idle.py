"""When the worker leaves: after some minutes without a connection, if at all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

DEFAULT_MINUTES = 15.0
_LOOK_S = 1.0


class Idle:
    """Counts the time since somebody was last connected. `minutes` is set by requests; 0 means never."""

    def __init__(self, busy: Callable[[], bool]) -> None:
        self.minutes = DEFAULT_MINUTES
        self._busy = busy

    async def over(self) -> None:
        """Return when it is time to leave."""
        loop = asyncio.get_running_loop()
        last = loop.time()
        while True:
            await asyncio.sleep(min(_LOOK_S, self.minutes * 60 or _LOOK_S))
            now = loop.time()
            if self._busy():
                last = now
            elif self.minutes and now - last >= self.minutes * 60:
                return
