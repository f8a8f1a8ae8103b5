"""Prompt caching: what was sent before up to a breakpoint is read instead of paid for again.

The prefix of a request is its tools, then system, then messages, block by block. A breakpoint writes the prefix up to
it, unless that is too short; a later request reads the longest written prefix that lies at most 20 blocks before one
of its own breakpoints. An entry lives 5 minutes or an hour after it was last used, and belongs to one model.
"""

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

_LOOK_BACK = 20
_LIFE_S = {"5m": 300.0, "1h": 3600.0}


@dataclass(frozen=True)
class Segment:
    """A block of the prompt; `ttl` when it is a breakpoint."""

    text: str
    tokens: int
    ttl: str | None = None


@dataclass(frozen=True)
class CacheUse:
    """Tokens of a prompt: neither read nor written, read, and written for 5 minutes or an hour."""

    plain: int
    read: int = 0
    written_5m: int = 0
    written_1h: int = 0


@dataclass
class _Entry:
    expires: float
    life: float


class PromptCache:
    """The prefixes that were written."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Empty."""
        self._clock = clock
        self._entries: dict[str, _Entry] = {}

    def clear(self) -> None:
        """Forgets everything."""
        self._entries.clear()

    def use(self, model: str, segments: Sequence[Segment], shortest: int) -> CacheUse:
        """Reads and writes as one request does; `shortest` is the smallest prefix in tokens that is cached at all."""
        now, hashes, sums = self._clock(), _hashes(model, segments), _sums(segments)
        breakpoints = [place for place, segment in enumerate(segments) if segment.ttl]
        found = self._longest(breakpoints, hashes, now)
        written = {"5m": 0, "1h": 0}
        reached = 0 if found is None else sums[found]
        read = reached
        for place in breakpoints:
            ttl = segments[place].ttl or "5m"
            if sums[place] < shortest or sums[place] <= reached:
                continue
            written[ttl] += sums[place] - reached
            reached = sums[place]
            self._entries[hashes[place]] = _Entry(now + _LIFE_S[ttl], _LIFE_S[ttl])
        total = sums[-1] if sums else 0
        return CacheUse(total - reached, read, written["5m"], written["1h"])

    def _longest(self, breakpoints: Sequence[int], hashes: Sequence[str], now: float) -> int | None:
        for place in reversed(breakpoints):
            for earlier in range(place, max(place - _LOOK_BACK, -1), -1):
                entry = self._entries.get(hashes[earlier])
                if entry is not None and entry.expires > now:
                    entry.expires = now + entry.life
                    return earlier
        return None


def _hashes(model: str, segments: Sequence[Segment]) -> list[str]:
    digest, hashes = hashlib.sha256(model.encode()), []
    for segment in segments:
        digest.update(b"\0" + segment.text.encode())
        hashes.append(digest.hexdigest())
    return hashes


def _sums(segments: Sequence[Segment]) -> list[int]:
    sums, total = [], 0
    for segment in segments:
        total += segment.tokens
        sums.append(total)
    return sums
