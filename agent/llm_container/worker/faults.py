"""What went wrong, as OpenAI's error JSON with the provider's own status. Pure, but for looking into exceptions."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_SAID_AT_MOST = 500
_TYPES = {401: "authentication_error", 402: "insufficient_quota", 403: "permission_error", 404: "not_found_error"}
# A timeout and a lost connection, which litellm reports as 408 and 500, are a gateway's faults in HTTP's terms.
_BY_CLASS = {"Timeout": (504, "timeout"), "APIConnectionError": (502, "connection")}
# Both come as other statuses: Anthropic's as 400, OpenAI's as a 429 that no waiting helps.
_NO_CREDIT = ("credit balance is too low", "insufficient_quota", "exceeded your current quota")
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


def fault_of(error: Exception, key: str) -> Fault:
    """What to answer for an exception; the key is in no message, whatever the provider or litellm repeat of it."""
    if isinstance(error, RequestError):
        return Fault(error.status, str(error), error.code)
    refused = next(filter(None, map(_proxy_refusal, _chain(error))), None)
    if refused is not None:
        return refused
    text = _without(key, str(getattr(error, "message", None) or error) or type(error).__name__)
    status, code = _status(error)
    said, provider_code = _said(text)
    if any(sign in text for sign in _NO_CREDIT):
        status = 402
    return Fault(status, said, code or provider_code, _retry_after(error))


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
    for kind in type(error).__mro__:
        if kind.__name__ in _BY_CLASS:
            return _BY_CLASS[kind.__name__]
    status = getattr(error, "status_code", None)
    status = int(status) if isinstance(status, int | str) and str(status).isdigit() else 500
    return (status if 400 <= status < 600 else 502), None


def _said(text: str) -> tuple[str, str | None]:
    """The provider's own message and code out of litellm's wrapping."""
    code = None
    start = text.find("{")
    if start >= 0:
        try:
            found, _ = json.JSONDecoder().raw_decode(text[start:])
        except (ValueError, RecursionError):
            found = None
        inner = found.get("error", found) if isinstance(found, dict) else None
        if isinstance(inner, dict) and isinstance(inner.get("message"), str):
            text = inner["message"]
            code = inner.get("code") or inner.get("type")
    said = " ".join(_LITELLM_PREFIX.sub("", text).split())[:_SAID_AT_MOST]
    return said or "no reason given", str(code) if code is not None else None


def _without(key: str, text: str) -> str:
    return text.replace(key, "***") if key else text


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
