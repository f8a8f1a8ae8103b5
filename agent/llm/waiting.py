"""How long to wait before the same model is asked again."""

from __future__ import annotations

import random
import time
from email.utils import parsedate_to_datetime

# What a person waits for an answer without wondering; beyond it the next model is asked at once.
LONGEST_WAIT_S = 20.0
_FIRST_S = 1.0


def backoff(attempt: int, retry_after: float | None) -> float:
    """Seconds after the `attempt`-th failure (from 1): exponential with full jitter, never before `retry_after`.

    Full jitter, because several chats may have failed at the same moment.
    """
    jitter = random.uniform(0, _FIRST_S * 2 ** (attempt - 1))  # noqa: S311 - no secret
    return jitter if not retry_after else retry_after + min(jitter, _FIRST_S)


def retry_after(value: str) -> float | None:
    """Seconds out of a Retry-After header, which has them or a date; None when it has neither."""
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(value).timestamp() - time.time()
        except (ValueError, OverflowError):
            return None
    return max(0.0, seconds) if seconds < float("inf") else None
