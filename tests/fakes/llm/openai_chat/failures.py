"""The errors that a test can order, as OpenAI and OpenRouter put them."""

from dataclasses import dataclass

from tests.fakes.llm.dialect import Refusal
from tests.fakes.wire import FailureKind, HttpError

_BY_STATUS = {
    401: ("invalid_request_error", "invalid_api_key"),
    403: ("invalid_request_error", "unsupported_country_region_territory"),
    404: ("invalid_request_error", "model_not_found"),
    429: ("requests", "rate_limit_exceeded"),
    500: ("server_error", None),
    503: ("server_error", None),
}
_MESSAGES = {
    402: "Insufficient credits. Add more using https://openrouter.ai/settings/credits",
    403: "Forbidden",
    408: "Request timed out",
    429: "Rate limit exceeded",
    500: "The server had an error while processing your request. Sorry about that!",
    502: "Provider returned error",
    503: "The engine is currently overloaded, please try again later",
    529: "Overloaded",
}


@dataclass(frozen=True)
class _Kind:
    status: int
    message: str
    type: str = "invalid_request_error"
    code: str | None = None


_CONTEXT = "This model's maximum context length is 128000 tokens. However, your messages resulted in 130001 tokens."
_OPENAI: dict[FailureKind, _Kind] = {
    "key": _Kind(401, "Incorrect API key provided.", code="invalid_api_key"),
    "forbidden": _Kind(
        403, "Country, region, or territory not supported", "request_forbidden", "unsupported_country_region_territory"
    ),
    "quota": _Kind(
        429,
        "You exceeded your current quota, please check your plan and billing details.",
        "insufficient_quota",
        "insufficient_quota",
    ),
    "model": _Kind(404, "The model does not exist or you do not have access to it.", code="model_not_found"),
    "rate_limit": _Kind(429, "Rate limit reached for requests per min (RPM).", "requests", "rate_limit_exceeded"),
    "too_large": _Kind(413, "Request body too large."),
    "context": _Kind(400, _CONTEXT, code="context_length_exceeded"),
    "server": _Kind(500, _MESSAGES[500], "server_error"),
    "overloaded": _Kind(503, _MESSAGES[503], "server_error"),
    "timeout": _Kind(504, "Gateway timeout", "server_error"),
}
_OPENROUTER: dict[FailureKind, tuple[int, str]] = {
    "key": (401, "User not found."),
    "forbidden": (403, "Key limit exceeded (total limit). Manage it using https://openrouter.ai/settings/keys"),
    "quota": (402, _MESSAGES[402]),
    "model": (404, "No endpoints found for this model."),
    "rate_limit": (429, "Rate limit exceeded: free-models-per-min."),
    "too_large": (413, "Request Entity Too Large"),
    "context": (
        400,
        "This endpoint's maximum context length is 128000 tokens. However, you requested about 130001 tokens.",
    ),
    "server": (500, "Internal Server Error"),
    "overloaded": (503, "No instances available"),
    "timeout": (408, "Request timed out"),
}


def openai_failure(error: HttpError) -> Refusal:
    """Type and code as usual for the kind or the status."""
    if error.kind is not None:
        kind = _OPENAI[error.kind]
    else:
        usual = "server_error" if error.status >= 500 else "invalid_request_error"
        name, code = _BY_STATUS.get(error.status, (usual, None))
        kind = _Kind(error.status, _MESSAGES.get(error.status, "Bad request"), name, code)
    body = {"message": error.message or kind.message, "type": kind.type, "param": None, "code": kind.code}
    return Refusal(error.status or kind.status, {"error": body})


def openrouter_failure(error: HttpError) -> Refusal:
    """The code is the status."""
    usual, message = error.status, _MESSAGES.get(error.status, "Bad request")
    if error.kind is not None:
        usual, message = _OPENROUTER[error.kind]
    status = error.status or usual
    return Refusal(status, {"error": {"message": error.message or message, "code": status}})
