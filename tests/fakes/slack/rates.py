"""The limits on calls: one message a second to a channel with short bursts, and tiers for other methods.

https://docs.slack.dev/apis/web-api/rate-limits
"""

import time
from collections import defaultdict, deque

from tests.fakes.slack.errors import rate_limited

_POST_BURST, _POST_WINDOW = 5, 5.0
_PER_MINUTE = {"chat.update": 50, "conversations.history": 50, "conversations.replies": 50, "reactions.add": 50}


class Rates:
    """Off until a test switches it on; the bursts are what bots meet, the service publishes only the rates."""

    def __init__(self) -> None:
        """Nothing was called."""
        self.active = False
        self._calls: dict[str, deque[float]] = defaultdict(deque)

    def check(self, method: str, channel: str) -> None:
        """Counts a call; raises ApiError when it is one too many."""
        if not self.active:
            return
        if method == "chat.postMessage":
            self._count(f"{method} {channel}", _POST_BURST, _POST_WINDOW)
        elif method in _PER_MINUTE:
            self._count(method, _PER_MINUTE[method], 60.0)

    def _count(self, key: str, most: int, window: float) -> None:
        now, calls = time.monotonic(), self._calls[key]
        while calls and calls[0] <= now - window:
            calls.popleft()
        if len(calls) >= most:
            raise rate_limited(calls[0] + window - now)
        calls.append(now)
