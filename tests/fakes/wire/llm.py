"""The stand-in of the models' APIs."""

from typing import Any, Literal

from msgspec import field

from tests.fakes.wire.base import Form


class ToolCall(Form):
    """A tool call of the model; `arguments` as a string is sent as it is, malformed or not."""

    name: str
    arguments: dict[str, Any] | str = field(default_factory=dict)
    id: str | None = None


FailureKind = Literal[
    "key", "forbidden", "quota", "model", "rate_limit", "too_large", "context", "server", "overloaded", "timeout"
]


class HttpError(Form):
    """An error for an answer: a `kind`, in the status and form that the provider has for it, or a bare `status`.

    Without a body it is the provider's own. `retry_after` is said the provider's way: a header, or a RetryInfo.
    """

    status: int = 0
    kind: FailureKind | None = None
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    message: str | None = None
    retry_after: float | None = None


class Reply(Form):
    """What the model does with one request, in every dialect.

    `finish_reason` is OpenAI's word (`length`, `content_filter`, ...) and said in the dialect's own; a word that OpenAI
    does not have is sent as it is. `refusal`: the provider's filter answers instead of the model. `cached_tokens` of
    the prompt came from a cache. Arguments that are no JSON object are what the dialect makes of them.

    `delay` seconds before the first byte, `first_chunk_delay` after the head of a stream, `chunk_delay` between its
    chunks; `cut_after` chunks (and never later than before the last) the connection closes, or `stream_error` or
    `garbage` end the stream; without `cut_after`, `garbage` replaces the body; `connection` is lost without an answer.
    """

    text: str = ""
    tool_calls: list[ToolCall] = field(default_factory=list)
    refusal: str | None = None
    finish_reason: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cached_tokens: int | None = None
    error: HttpError | None = None
    delay: float = 0.0
    first_chunk_delay: float = 0.0
    chunk_delay: float = 0.0
    cut_after: int | None = None
    stream_error: str | None = None
    garbage: str | None = None
    connection: Literal["kept", "reset", "silence"] = "kept"


class Rule(Form):
    """Answers with `reply` when `match` (a regular expression, case ignored) is found in the newest message.

    `on` says what that has to be: what the user wrote, or a tool's result.
    """

    match: str
    reply: Reply
    on: Literal["user", "tool"] = "user"


class LlmSettings(Form):
    """What is given is changed, the rest stays."""

    keys: list[str] | None = None
    models: list[str] | None = None


class Image(Form):
    """A picture that was shown to the model, by content or by address."""

    media_type: str = ""
    data: bytes = b""
    url: str = ""


class Conversation(Form):
    """A request as every dialect understands it; `tool_output` is None unless a tool's result is the newest message."""

    user_text: str = ""
    tool_output: str | None = None
    tools: list[str] = field(default_factory=list)
    system: str = ""
    images: list[Image] = field(default_factory=list)


def text_of(message: dict[str, Any]) -> str:
    """What a chat message says, be its content a text or a list of parts (as it is where it marks a cache)."""
    content = message["content"]
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)


class LlmRequest(Form):
    """A request to a model's API as it arrived, and as it was `seen` when it was accepted.

    `problem` says why it was refused, empty when it was not.
    """

    host: str
    path: str
    time: float
    authorization: Literal["ok", "bad", "missing"]
    body: Any
    seen: Conversation | None = None
    status: int = 0
    problem: str = ""
    seconds: float = 0.0
