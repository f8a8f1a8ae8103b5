"""What can go wrong between the gateway and a model, sorted by what helps.

LLMError
├── LLMKeyError          401, 403       the owner must change llm.api_key
├── LLMQuotaError        402, no quota  the owner must pay or wait
├── LLMRequestError      other 4xx      the owner must change llm.model or settings; a retry cannot help
├── LLMTooLongError      an endless answer: a retry would cost the same again
└── LLMUnavailableError  408, 429, 5xx, connection, timeout, garbage: a retry may help (`retry_after`, seconds)
"""

from agent.errors import PicoClawError


class LLMError(PicoClawError):
    """The model gave no answer; `detail` is the provider's own word, safe to show to the owner."""

    reply = "llm_unavailable"  # the key of the sentence in agent.messages

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class LLMKeyError(LLMError):
    """The provider refuses the key."""

    reply = "llm_key"


class LLMQuotaError(LLMError):
    """The account has no credit left."""

    reply = "llm_quota"


class LLMRequestError(LLMError):
    """The provider refuses the request as it is: an unknown model, a wrong setting."""

    reply = "llm_request"


class LLMTooLongError(LLMError):
    """The answer had no end; the rest of it was not read."""


class LLMUnavailableError(LLMError):
    """The provider did not answer, or not usably; the same request may succeed later."""

    def __init__(self, detail: str, retry_after: float | None = None) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


def from_status(status: int, detail: str, retry_after: float | None = None, code: object = None) -> LLMError:
    """The error that an HTTP status stands for; `code` is the provider's own, if it has one."""
    if status in (401, 403):
        return LLMKeyError(detail)
    if status == 402 or code == "insufficient_quota":  # OpenAI says it with a 429
        return LLMQuotaError(detail)
    if status in (408, 429) or status >= 500:
        return LLMUnavailableError(detail, retry_after)
    return LLMRequestError(detail)
