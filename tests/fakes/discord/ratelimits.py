"""Rate limits: a bucket for each route and channel, fifty requests a second in all, and the headers that say so."""

from __future__ import annotations

import hashlib
import math
import time
from dataclasses import dataclass

from aiohttp import web

from tests.fakes.web import json_response

# Requests and seconds, as bots meet them; Discord publishes none of these numbers but the global one.
_KNOWN = {
    "POST /channels/{channel_id}/messages": (5, 5.0),
    "PATCH /channels/{channel_id}/messages/{message_id}": (5, 5.0),
    "DELETE /channels/{channel_id}/messages/{message_id}": (5, 1.0),
    "GET /channels/{channel_id}/messages": (5, 1.0),
    "POST /channels/{channel_id}/typing": (5, 5.0),
}
_OTHERS = (10, 1.0)
_WHOLE = (50, 1.0)


@dataclass
class _Bucket:
    limit: int
    seconds: float
    left: int = 0
    ends: float = 0.0

    def take(self) -> bool:
        now = time.monotonic()
        if now >= self.ends:
            self.left, self.ends = self.limit, now + self.seconds
        if self.left == 0:
            return False
        self.left -= 1
        return True

    @property
    def wait(self) -> float:
        return max(0.0, self.ends - time.monotonic())


class RateLimits:
    """Off until a test switches it on: then nobody is refused, and the headers tell of plenty."""

    def __init__(self) -> None:
        """Nothing was asked."""
        self.active = False
        self._buckets: dict[tuple[str, str], _Bucket] = {}
        self._whole = _Bucket(*_WHOLE)

    def check(self, route: str, channel_id: str) -> tuple[dict[str, str], web.Response | None]:
        """The headers of the answer, and the 429 when it is one request too many."""
        name = hashlib.md5(route.encode(), usedforsecurity=False).hexdigest()
        if not self.active:
            return _headers(name, 1000, 999, 1.0), None
        if "/interactions/" not in route and not self._whole.take():
            return {}, too_many(self._whole.wait, whole=True)
        bucket = self._buckets.setdefault((route, channel_id), _Bucket(*_KNOWN.get(route, _OTHERS)))
        taken = bucket.take()
        headers = _headers(name, bucket.limit, bucket.left, bucket.wait)
        return headers, None if taken else too_many(bucket.wait, headers=headers)


def too_many(seconds: float, *, whole: bool = False, headers: dict[str, str] | None = None) -> web.Response:
    """429, as the API itself gives it (`Via`), not Cloudflare before it."""
    body = {"message": "You are being rate limited.", "retry_after": round(seconds, 3), "global": whole}
    told = {"Retry-After": str(math.ceil(seconds)), "X-RateLimit-Scope": "global" if whole else "user"}
    if whole:
        told["X-RateLimit-Global"] = "true"
    return json_response(body, 429, {**(headers or {}), **told, "Via": "1.1 google"})


def _headers(name: str, limit: int, left: int, wait: float) -> dict[str, str]:
    return {
        "X-RateLimit-Limit": str(limit),
        "X-RateLimit-Remaining": str(left),
        "X-RateLimit-Reset": f"{time.time() + wait:.3f}",
        "X-RateLimit-Reset-After": f"{wait:.3f}",
        "X-RateLimit-Bucket": name,
        "Via": "1.1 google",
    }
