"""What may go wrong on the way to a model: the fault, the error that it has to become, how often it is tried."""

from dataclasses import dataclass
from typing import Any

from agent.llm.errors import (
    LLMError,
    LLMKeyError,
    LLMModelError,
    LLMQuotaError,
    LLMUnavailableError,
    LLMWindowError,
)
from tests.conformance.cases import EXEC, LONG
from tests.fakes.wire import HttpError, NetworkMode, Reply

RECOVERED = "second attempt"


@dataclass(frozen=True)
class Failure:
    """`retried`: the next attempt succeeds, and the owner hears nothing; else `error` is raised after one attempt."""

    name: str
    fault: Reply
    error: type[LLMError] = LLMUnavailableError
    retried: bool = False


def _fails(kind: Any, error: type[LLMError]) -> Failure:
    return Failure(str(kind), Reply(error=HttpError(kind=kind)), error)


def _passes(name: str, fault: Reply) -> Failure:
    return Failure(name, fault, retried=True)


FAILURES = (
    _fails("key", LLMKeyError),
    _fails("forbidden", LLMKeyError),
    _fails("quota", LLMQuotaError),
    _fails("model", LLMModelError),
    _fails("context", LLMWindowError),
    _fails("too_large", LLMWindowError),
    Failure("long Retry-After", Reply(error=HttpError(kind="rate_limit", retry_after=3600))),
    _passes("rate limit", Reply(error=HttpError(kind="rate_limit"))),
    _passes("server error", Reply(error=HttpError(kind="server"))),
    _passes("overloaded", Reply(error=HttpError(kind="overloaded"))),
    _passes("bad gateway in HTML", Reply(error=HttpError(status=502, body="<html>Bad gateway</html>"))),
    _passes("timeout", Reply(connection="silence")),
    _passes("provider's own timeout", Reply(error=HttpError(kind="timeout"))),
    _passes("connection reset", Reply(connection="reset")),
    _passes("garbage", Reply(garbage="<html>Welcome</html>")),
    _passes("garbage half-way", Reply(text=LONG, cut_after=4, garbage="data: <html>\n\n")),
    _passes("cut half-way", Reply(text=LONG, cut_after=4)),
    _passes("cut before the last chunk", Reply(text="short", cut_after=99)),
    _passes("cut in a tool call", Reply(tool_calls=[EXEC], cut_after=3)),
    _passes("error half-way", Reply(text=LONG, cut_after=4, stream_error="Overloaded")),
    _passes("silence before the first chunk", Reply(text="late", first_chunk_delay=5)),
)

NETWORKS: tuple[NetworkMode, ...] = ("refuse", "reset", "silence")
