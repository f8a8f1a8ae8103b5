"""Errors as the API puts them, and the headers that come with every answer."""

import secrets
import time
from typing import Any

from tests.fakes.llm.dialect import Headers, Refusal
from tests.fakes.wire import FailureKind, HttpError

_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    504: "timeout_error",
    529: "overloaded_error",
}
_MESSAGES = {
    401: "invalid x-api-key",
    403: "Your API key does not have permission to use the specified resource.",
    404: "Not found",
    413: "Request exceeds the maximum size",
    429: "This request would exceed your organization's rate limit of 50 requests per minute.",
    500: "Internal server error",
    504: "Request timed out",
    529: "Overloaded",
}
_NO_CREDIT = (
    "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase "
    "credits."
)
_KINDS: dict[FailureKind, tuple[int, str | None]] = {
    "key": (401, None),
    "forbidden": (403, None),
    "quota": (400, _NO_CREDIT),
    "model": (404, "model: the model does not exist"),
    "rate_limit": (429, None),
    "too_large": (413, None),
    "context": (400, "prompt is too long: 210001 tokens > 200000 maximum"),
    "server": (500, None),
    "overloaded": (529, None),
    "timeout": (504, None),
}


def refusal(status: int, message: str, headers: Headers | None = None) -> Refusal:
    """An error with the type that belongs to its status."""
    identifier = new_request_id()
    kind = _TYPES.get(status, "api_error" if status >= 500 else "invalid_request_error")
    body: dict[str, Any] = {"type": "error", "error": {"type": kind, "message": message}, "request_id": identifier}
    return Refusal(status, body, {"request-id": identifier, **(headers or {})})


def failure(error: HttpError) -> Refusal:
    """What a test ordered; a rate limit comes with the headers that explain it."""
    usual, message = error.status, None
    if error.kind is not None:
        usual, message = _KINDS[error.kind]
    status = error.status or usual
    text = error.message or message or _MESSAGES.get(status, "Error")
    headers = dict(rate_limit_headers(left=0)) if status == 429 else {}
    if error.retry_after is not None:
        headers["retry-after"] = f"{error.retry_after:g}"
    return refusal(status, text, headers)


def new_request_id() -> str:
    """As in the `request-id` header."""
    return f"req_011{secrets.token_hex(10)}"


def rate_limit_headers(left: int = 49) -> Headers:
    """How much the organisation may still ask for."""
    reset = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 60))
    return {
        "anthropic-ratelimit-requests-limit": "50",
        "anthropic-ratelimit-requests-remaining": str(left),
        "anthropic-ratelimit-requests-reset": reset,
        "anthropic-ratelimit-tokens-limit": "40000",
        "anthropic-ratelimit-tokens-remaining": str(left * 800),
        "anthropic-ratelimit-tokens-reset": reset,
    }
