"""Refusals of the Web API: HTTP 200, `ok` false and a word."""

from typing import Any


class ApiError(Exception):
    """An answer that is not ok."""

    def __init__(self, word: str, status: int = 200, headers: dict[str, str] | None = None, **more: Any) -> None:
        """`more` are further fields of the answer."""
        super().__init__(word)
        self.word = word
        self.status = status
        self.headers = headers
        self.body: dict[str, Any] = {"ok": False, "error": word, **more}


def rate_limited(seconds: float) -> ApiError:
    """429; the seconds are a header, whole."""
    return ApiError("ratelimited", 429, {"Retry-After": str(max(1, round(seconds)))})
