"""Errors in the form of google.rpc.Status as JSON, with their details."""

from collections.abc import Sequence
from typing import Any

from tests.fakes.llm.dialect import Refusal
from tests.fakes.llm.gemini.protojson import Violation
from tests.fakes.wire import FailureKind, HttpError

_STATUSES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
_QUOTA = (
    "You exceeded your current quota, please check your plan and billing details. For more information on this error, "
    "head to: https://ai.google.dev/gemini-api/docs/rate-limits."
)
_NO_KEY = (
    "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other "
    "form of API consumer identity to call this API."
)
_BAD_KEY = "API key not valid. Please pass a valid API key."
_LOST = (
    "An internal error has occurred. Please retry or report in "
    "https://developers.generativeai.google/guide/troubleshooting"
)
_KINDS: dict[FailureKind, tuple[int, str]] = {
    "key": (400, _BAD_KEY),
    "forbidden": (403, "Your project has been denied access. Please contact support."),
    "quota": (429, _QUOTA),
    "model": (404, "The model is not found for API version v1beta, or is not supported for generateContent."),
    "rate_limit": (429, _QUOTA),
    "too_large": (400, "Request payload size exceeds the limit: 20971520 bytes."),
    "context": (
        400,
        "The input token count (1048580) exceeds the maximum number of tokens allowed (1048576).",
    ),
    "server": (500, _LOST),
    "overloaded": (503, "The model is overloaded. Please try again later."),
    "timeout": (504, "The request timed out. Please try again."),
}
_METADATA = {"service": "generativelanguage.googleapis.com"}


def refusal(status: int, message: str, details: Sequence[dict[str, Any]] = ()) -> Refusal:
    """An error with the name that belongs to its status."""
    error: dict[str, Any] = {"code": status, "message": message, "status": _STATUSES.get(status, "UNKNOWN")}
    if details:
        error["details"] = list(details)
    return Refusal(status, {"error": error})


def unauthorized(key: str | None) -> Refusal:
    """No key is a matter of permission, a wrong one a matter of arguments."""
    if key is None:
        return refusal(403, _NO_KEY)
    return refusal(400, _BAD_KEY, _key_details())


def unreadable(message: str, violations: Sequence[Violation]) -> Refusal:
    """A request that does not fit its form."""
    found = [{"field": one.field, "description": one.description} for one in violations]
    return refusal(400, message, [_detail("BadRequest", fieldViolations=found)])


def failure(error: HttpError) -> Refusal:
    """What a test ordered; when to come back is a detail here, not a header."""
    usual, message = error.status, "Error"
    if error.kind is not None:
        usual, message = _KINDS[error.kind]
    details = _key_details() if error.kind == "key" else []
    status = error.status or usual
    if status == 429:
        quota = "GenerateRequestsPerDayPerProjectPerModel" if error.kind == "quota" else "GenerateRequestsPerMinute"
        details = [_detail("QuotaFailure", violations=[{"quotaId": quota, "quotaValue": "10"}])]
        links = [{"description": "Learn more", "url": "https://ai.google.dev/gemini-api/docs/rate-limits"}]
        details.append(_detail("Help", links=links))
    if error.retry_after is not None:
        details.append(_detail("RetryInfo", retryDelay=f"{error.retry_after:g}s"))
    return refusal(status, error.message or message, details)


def _key_details() -> list[dict[str, Any]]:
    info = _detail("ErrorInfo", reason="API_KEY_INVALID", domain="googleapis.com", metadata=_METADATA)
    return [info, _detail("LocalizedMessage", locale="en-US", message=_BAD_KEY)]


def _detail(name: str, **fields: Any) -> dict[str, Any]:
    return {"@type": f"type.googleapis.com/google.rpc.{name}"} | fields
