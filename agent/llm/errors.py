"""What can go wrong between the gateway and a model, sorted by what helps.

LLMError
├── LLMKeyError          401, 403            the owner must change the api_key
├── LLMQuotaError        402, no quota       the owner must pay or wait
├── LLMModelError        404, unknown name   the owner must change model (or api_base)
├── LLMProxyError        the egress proxy refuses the provider's host: the owner must deploy again
├── LLMRequestError      other 4xx           a retry cannot help, another model may take it
│   └── LLMWindowError   the conversation is too long for the model; another one may have a larger window
├── LLMSlowError         the answer was still growing at the end of timeout_s: again would take as long
├── LLMTooLongError      an endless answer: neither a retry nor another model is paid for it
├── LLMUnavailableError  408, 429, 5xx, connection, silence, garbage: a retry may help
└── LLMAllFailedError    several models are configured and none of them answered

Two attributes say what Models does: `moves_on`, whether the next model is asked, and `rest_s`, for how long this one is
then left alone as long as there is another (a range: it doubles from failure to failure in a row).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from agent.errors import PicoClawError

ATTEMPTS = 3
_OWNERS_MOVE = (60.0, 900.0)


@dataclass(frozen=True, slots=True)
class About:
    """The model that failed, in the owner's words: `where` is its place in config.json, `llm.fallbacks[0]` say."""

    where: str
    provider: str
    model: str
    host: str
    timeout_s: float


class LLMError(PicoClawError):
    """The model gave no answer; `detail` is the provider's own word, safe to show to the owner."""

    reply = "llm_unavailable"  # the key of the sentence in agent.messages
    moves_on = True
    rest_s: tuple[float, float] | None = None
    about: About | None = None

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class LLMKeyError(LLMError):
    """The provider refuses the key."""

    reply = "llm_key"
    rest_s = _OWNERS_MOVE


class LLMQuotaError(LLMError):
    """The account has no credit left."""

    reply = "llm_quota"
    rest_s = _OWNERS_MOVE


class LLMModelError(LLMError):
    """The provider has no such model, or nothing at that address."""

    reply = "llm_model"
    rest_s = _OWNERS_MOVE


class LLMProxyError(LLMError):
    """The egress proxy does not let litellm reach the provider."""

    reply = "llm_proxy"
    rest_s = _OWNERS_MOVE


class LLMRequestError(LLMError):
    """The provider refuses the request as it is: a wrong setting, a picture it does not take."""

    reply = "llm_request"


class LLMWindowError(LLMRequestError):
    """The conversation is longer than the model can read."""

    reply = "llm_window"


class LLMSlowError(LLMError):
    """The answer came, but did not end in time."""

    reply = "llm_slow"


class LLMTooLongError(LLMError):
    """The answer had no end; the rest of it was not read."""

    reply = "llm_endless"
    moves_on = False


class LLMUnavailableError(LLMError):
    """The provider did not answer, or not usably; the same request may succeed later.

    Args:
        detail: what was seen.
        retry_after: seconds, as the provider wished.
        reply: the sentence for the owner.
        attempts: how often it is worth trying in all.
    """

    rest_s = (60.0, 60.0)

    def __init__(
        self,
        detail: str,
        retry_after: float | None = None,
        reply: str = "llm_unavailable",
        attempts: int = ATTEMPTS,
    ) -> None:
        super().__init__(detail)
        self.retry_after = retry_after
        self.reply = reply
        self.attempts = attempts


class LLMAllFailedError(LLMError):
    """None of the configured models answered; `errors` says why of each, in their order."""

    reply = "llm_all"

    def __init__(self, errors: Sequence[LLMError]) -> None:
        super().__init__("; ".join(f"{_name(error)}: {type(error).__name__}: {error.detail}" for error in errors))
        self.errors = tuple(errors)


# Providers' words where status and code do not tell. Each was seen from the provider named.
_NO_QUOTA = "insufficient_quota"  # OpenAI says it with a 429
_KEY = re.compile(r"api key not valid", re.IGNORECASE)  # Gemini's 400
_QUOTA = re.compile(r"credit balance is too low", re.IGNORECASE)  # Anthropic's 400
_MODEL = re.compile(r"not a valid model|model .{0,80}(not found|does not exist)", re.IGNORECASE)  # OpenRouter's 400
_WINDOW = re.compile(
    r"maximum context length|context.(length|window|size|limit)|prompt is too long|request too large|"
    r"payload size exceeds|(token|input|prompt).{0,40}(exceeds|exceeded).{0,40}(maximum|limit|window)",
    re.IGNORECASE,
)


def from_status(status: int, detail: str, retry_after: float | None = None, code: object = None) -> LLMError:
    """The error that an HTTP status stands for; `code` is the provider's own, if it has one."""
    if status == 408 or status >= 500:
        return LLMUnavailableError(detail, retry_after)
    if status == 429 and code != _NO_QUOTA:
        return LLMUnavailableError(detail, retry_after, "llm_rate")
    return _refusal(status, detail, code)(detail)


def _refusal(status: int, detail: str, code: object) -> type[LLMError]:
    if status in (401, 403) or (status == 400 and _KEY.search(detail)):
        return LLMKeyError
    if status == 402 or code == _NO_QUOTA or (status == 400 and _QUOTA.search(detail)):
        return LLMQuotaError
    if status == 413 or code == "context_length_exceeded" or _WINDOW.search(detail):
        return LLMWindowError
    if status == 404 or code == "model_not_found" or _MODEL.search(detail):
        return LLMModelError
    return LLMRequestError


def from_container(detail: str, retry_after: float | None, code: object) -> LLMError | None:
    """What picoclaw-llm itself has to say, by its code; None when it passes on what the provider said."""
    unavailable = LLMUnavailableError
    made: dict[str, Callable[[], LLMError]] = {
        "proxy_refused": lambda: LLMProxyError(detail),
        "proxy_failed": lambda: unavailable(detail, reply="llm_unreachable"),
        "connection": lambda: unavailable(detail, reply="llm_unreachable"),
        "timeout": lambda: unavailable(detail, reply="llm_silent", attempts=2),
        "too_slow": lambda: LLMSlowError(detail),
        "broken_off": lambda: unavailable(detail, reply="llm_broken_off"),
        "worker_failing": lambda: unavailable(detail, retry_after, "llm_container"),
        "not_confined": lambda: unavailable(detail, reply="llm_container", attempts=1),
    }
    return made[code]() if isinstance(code, str) and code in made else None


def _name(error: LLMError) -> str:
    return f"{error.about.provider} {error.about.model}" if error.about else "?"
