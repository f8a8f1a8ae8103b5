"""Discord's ids: milliseconds since 2015, and a number within the millisecond."""

from __future__ import annotations

import time

_EPOCH_MS = 1420070400000


class Snowflakes:
    """Gives out ids, each above the one before."""

    def __init__(self) -> None:
        """None was given out."""
        self._last = 0

    def next(self) -> str:
        """An id of this moment."""
        self._last = max(self._last + 1, (int(time.time() * 1000) - _EPOCH_MS) << 22)
        return str(self._last)


def is_snowflake(value: object) -> bool:
    """Whether Discord would take it for an id."""
    return isinstance(value, int | str) and str(value).isdecimal() and int(value) < 1 << 63
