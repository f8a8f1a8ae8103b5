"""What went wrong, as OpenAI's error JSON with the provider's own status. Pure, but for looking into exceptions."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_SAID_AT_MOST = 500
_TYPES = {401: "authentication_error", 402: "insufficient_quota", 403: "permission_error", 404: "not_found_error"}
# They come as other statuses: Anthropic's as 400, OpenAI's as a 429 that no waiting helps, and so Gemini's of a day.
_NO_CREDIT = re.compile(r"credit balance is too low|insufficient_quota|quotaId\W+\w+PerDay")
_NO_QUOTA = "exceeded your current quota"  # what both say; Gemini of its limits for a minute as well
_BAD_KEY = "API_KEY_INVALID"  # Gemini's, with a 400
# Gemini's Retry-After, in the body.
_RETRY_DELAY = re.compile(r"retryDelay\W+([\d.]+)s")
# By the names of base classes: aiohttp's and httpx's, neither of which is imported for this.
_LOST = frozenset({"APIConnectionError", "ClientConnectionError", "TransportError", "ConnectionError"})
# Where litellm drops the cause.
_LOST_IN_WORDS = ("Cannot connect to host", "Server disconnected", "Connection reset", "Connection error.")
_LITELLM_SUFFIX = re.compile(r" ssl:<.*?> \[\w*\]|\.? ?Handle with `litellm\.\w+`\.?")
_CUT = frozenset({"ClientPayloadError", "RemoteProtocolError"})
_LITELLM_PREFIX = re.compile(r"^(?:litellm\.\w+: |\w+(?:Error|Exception)(?: - |: ))+")
_PROXY_STATUS = re.compile(r"\b([45]\d\d)\b")


class RequestError(Exception):
    """The request cannot be made a call."""

    def __init__(self, message: str, code: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


@dataclass(frozen=True)
class Fault:
    """An error to answer; `retry_after` as the provider wrote it."""

    status: int
    message: str
    code: str | None = None
    retry_after: str | None = None

    def body(self) -> dict[str, Any]:
        """OpenAI's form."""
        kind = _TYPES.get(self.status) or ("rate_limit_error" if self.status == 429 else None)
        kind = kind or ("server_error" if self.status >= 500 else "invalid_request_error")
        return {"error": {"message": self.message, "type": kind, "code": self.code}}


BROKEN_OFF = Fault(502, "the provider's answer broke off half-way", "broken_off")
TOO_SLOW = Fault(504, "the provider's answer was not whole in time", "too_slow")
SILENT = Fault(504, "the provider was silent for too long", "timeout")


def fault_of(error: Exception, key: str) -> Fault:
    """What to answer for an exception; the key is in no message, whatever the provider or litellm repeat of it."""
    if isinstance(error, RequestError):
        return Fault(error.status, str(error), error.code)
    if isinstance(error, TimeoutError):
        return SILENT
    refused = next(filter(None, map(_proxy_refusal, _chain(error))), None)
    if refused is not None:
        return refused
    text = _without(key, str(getattr(error, "message", None) or error) or type(error).__name__)
    status, code = _status(error)
    said, provider_code = _said(text)
    if _BAD_KEY in text:
        status = 401
    if _NO_CREDIT.search(text) or (_NO_QUOTA in text and "quotaId" not in text):
        status = 402
    return Fault(status, said, code or provider_code, _retry_after(error) or _retry_delay(text))


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _proxy_refusal(error: BaseException) -> Fault | None:
    """Aiohttp's and httpx's ways to say what the egress proxy answered to CONNECT."""
    name, text = type(error).__name__, str(error)
    if name not in {"ClientHttpProxyError", "ProxyError"}:
        return None
    status = getattr(error, "status", None) or _PROXY_STATUS.search(text)
    number = int(status[1]) if isinstance(status, re.Match) else status
    said = getattr(error, "message", "") or text
    if number is not None and number < 500:
        return Fault(400, f"the egress proxy refused the connection to the provider: {said}", "proxy_refused")
    return Fault(502, f"the egress proxy could not reach the provider: {said}", "proxy_failed")


def _status(error: Exception) -> tuple[int, str | None]:
    """The provider's own status where it answered one: litellm makes others of some (a 529, a 403)."""
    if "Timeout" in {kind.__name__ for kind in type(error).__mro__}:
        return 504, "timeout"
    inner = [found for cause in _chain(error) if cause is not error and (found := _number(cause)) is not None]
    causes = {kind.__name__ for cause in _chain(error) for kind in type(cause).__mro__}
    if not inner and causes & _CUT:
        return 502, "broken_off"
    status = inner[-1] if inner else _number(error) or 500
    # litellm gives a 500 to what never reached the provider. Another status is the provider's own, even when a
    # connection that had been kept too long was lost before it.
    if status == 500 and (causes & _LOST or any(sign in str(error) for sign in _LOST_IN_WORDS)):
        return 502, "connection"
    return status, None


def _number(error: BaseException) -> int | None:
    status = getattr(error, "status_code", None)
    return status if isinstance(status, int) and 400 <= status < 600 else None


def _said(text: str) -> tuple[str, str | None]:
    """The provider's own message and code out of litellm's wrapping."""
    code = None
    start = text.find("{")
    if start >= 0:
        # litellm writes some bodies as Python writes bytes.
        found = _json(text[start:]) or _json(text[start:].replace("\\'", "'"))
        inner = found.get("error", found) if isinstance(found, dict) else None
        if isinstance(inner, dict) and isinstance(inner.get("message"), str):
            text = inner["message"]
            code = inner.get("code") or inner.get("type")
    said = " ".join(_LITELLM_SUFFIX.sub("", _LITELLM_PREFIX.sub("", text)).split())[:_SAID_AT_MOST]
    return said or "no reason given", str(code) if code is not None else None


def _json(text: str) -> object:
    try:
        return json.JSONDecoder().raw_decode(text)[0]
    except (ValueError, RecursionError):
        return None


def _without(key: str, text: str) -> str:
    return text.replace(key, "***") if key else text


def _retry_delay(text: str) -> str | None:
    found = _RETRY_DELAY.search(text)
    return found[1] if found else None


def _retry_after(error: Exception) -> str | None:
    places = (
        getattr(error, "litellm_response_headers", None),
        getattr(getattr(error, "response", None), "headers", None),
    )
    for headers in places:
        for name in ("retry-after", "llm_provider-retry-after"):
            value = headers.get(name) if headers is not None else None
            if value:
                return str(value)
    return None
