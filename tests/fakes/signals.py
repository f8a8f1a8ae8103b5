"""A wake-up call for everyone who waits for something to happen; no polling, so that latency can be measured."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class Signal:
    """Coroutines wait until a condition holds; whoever changes what it looks at calls `fire`."""

    def __init__(self) -> None:
        """Nobody waits yet."""
        self._waiting: set[asyncio.Future[None]] = set()

    def fire(self) -> None:
        """Wakes everyone who waits; each looks at its condition again."""
        waiting, self._waiting = self._waiting, set()
        for future in waiting:
            if not future.done():
                future.set_result(None)

    async def until(self, look: Callable[[], T | None], seconds: float) -> T | None:
        """What `look` returns as soon as that is neither None nor empty, or its last answer after so many seconds."""
        deadline = asyncio.get_running_loop().time() + seconds
        while not (found := look()):
            remaining = deadline - asyncio.get_running_loop().time()
            if remaining <= 0:
                break
            await self._next(remaining)
        return found

    async def _next(self, seconds: float) -> None:
        future = asyncio.get_running_loop().create_future()
        self._waiting.add(future)
        try:
            await asyncio.wait((future,), timeout=seconds)
        finally:
            self._waiting.discard(future)
