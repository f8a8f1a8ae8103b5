"""The limits on sending: about one message a second to a chat, thirty a second in all, short bursts allowed."""

import math
import time
from dataclasses import dataclass, field

from tests.fakes.telegram.errors import too_many_requests

_CHAT_RATE, _CHAT_BURST = 1.0, 5.0
_GROUP_RATE, _GROUP_BURST = 20 / 60, 20.0
_TOTAL_RATE, _TOTAL_BURST = 30.0, 30.0


@dataclass
class _Bucket:
    rate: float
    burst: float
    filled: float = 0.0
    seen: float = field(default_factory=time.monotonic)

    def missing(self, now: float) -> float:
        """Seconds until one more fits."""
        self.filled = max(0.0, self.filled - (now - self.seen) * self.rate)
        self.seen = now
        return max(0.0, (self.filled + 1 - self.burst) / self.rate)


class FloodControl:
    """Off until a test switches it on; the numbers are what bots meet, the service publishes only the rates."""

    def __init__(self) -> None:
        """Nothing was sent."""
        self.active = False
        self._chats: dict[int, _Bucket] = {}
        self._total = _Bucket(_TOTAL_RATE, _TOTAL_BURST)

    def clear(self) -> None:
        """Off again, and nothing was sent."""
        self.active = False
        self._chats.clear()
        self._total = _Bucket(_TOTAL_RATE, _TOTAL_BURST)

    def check(self, chat_id: int) -> None:
        """Counts a message to the chat; raises ApiError 429 when it is one too many."""
        if not self.active:
            return
        rate, burst = (_CHAT_RATE, _CHAT_BURST) if chat_id > 0 else (_GROUP_RATE, _GROUP_BURST)
        buckets = (self._chats.setdefault(chat_id, _Bucket(rate, burst)), self._total)
        now = time.monotonic()
        missing = max(bucket.missing(now) for bucket in buckets)
        if missing > 0:
            raise too_many_requests(max(1, math.ceil(missing)))
        for bucket in buckets:
            bucket.filled += 1
