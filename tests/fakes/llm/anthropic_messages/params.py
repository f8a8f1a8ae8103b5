"""The form of a request, strict: what an assistant without server-side tools may send.

Written by hand from the anthropic package's parameter types, and held against them by
`tests/unit/fakes/test_anthropic_sdk.py`.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

Identifier = Annotated[str, Field(pattern="^[a-zA-Z0-9_-]+$")]
ToolName = Annotated[str, Field(pattern="^[a-zA-Z0-9_-]{1,128}$")]

TEXT, LIST = "<text>", "<list>"


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class CacheControl(_Form):
    """A breakpoint: everything up to here is cached."""

    type: Literal["ephemeral"]
    ttl: Literal["5m", "1h"] = "5m"


class TextBlock(_Form):
    """Text."""

    type: Literal["text"]
    text: str
    cache_control: CacheControl | None = None
    citations: list[Any] | None = None


class Base64Image(_Form):
    """A picture by its content."""

    type: Literal["base64"]
    media_type: Literal["image/jpeg", "image/png", "image/gif", "image/webp"]
    data: str


class UrlSource(_Form):
    """A picture or document by its address."""

    type: Literal["url"]
    url: str


class ImageBlock(_Form):
    """A picture."""

    type: Literal["image"]
    source: Annotated[Base64Image | UrlSource, Discriminator("type")]
    cache_control: CacheControl | None = None


class Base64Pdf(_Form):
    """A document by its content."""

    type: Literal["base64"]
    media_type: Literal["application/pdf"]
    data: str


class PlainText(_Form):
    """A document that is text."""

    type: Literal["text"]
    media_type: Literal["text/plain"]
    data: str


class DocumentBlock(_Form):
    """A document."""

    type: Literal["document"]
    source: Annotated[Base64Pdf | PlainText | UrlSource, Discriminator("type")]
    cache_control: CacheControl | None = None
    citations: dict[str, bool] | None = None
    context: str | None = None
    title: str | None = None


class ToolUseBlock(_Form):
    """A call that the model made."""

    type: Literal["tool_use"]
    id: Identifier
    name: Annotated[str, Field(min_length=1, max_length=200)]
    input: dict[str, Any]
    cache_control: CacheControl | None = None
    caller: dict[str, Any] | None = None


def _text_or_list(value: Any) -> str:
    return TEXT if isinstance(value, str) else LIST


ResultPart = Annotated[TextBlock | ImageBlock | DocumentBlock, Discriminator("type")]
ResultContent = Annotated[
    Annotated[str, Tag(TEXT)] | Annotated[list[ResultPart], Tag(LIST)], Discriminator(_text_or_list)
]


class ToolResultBlock(_Form):
    """What came of a call."""

    type: Literal["tool_result"]
    tool_use_id: Identifier
    content: ResultContent = ""
    is_error: bool = False
    cache_control: CacheControl | None = None


class ThinkingBlock(_Form):
    """The model's thoughts, given back."""

    type: Literal["thinking"]
    thinking: str
    signature: str


class RedactedThinkingBlock(_Form):
    """Thoughts that only the API can read."""

    type: Literal["redacted_thinking"]
    data: str


Block = Annotated[
    TextBlock | ImageBlock | DocumentBlock | ToolUseBlock | ToolResultBlock | ThinkingBlock | RedactedThinkingBlock,
    Discriminator("type"),
]
Content = Annotated[Annotated[str, Tag(TEXT)] | Annotated[list[Block], Tag(LIST)], Discriminator(_text_or_list)]
System = Annotated[Annotated[str, Tag(TEXT)] | Annotated[list[TextBlock], Tag(LIST)], Discriminator(_text_or_list)]


class Message(_Form):
    """One turn."""

    role: Literal["user", "assistant"]
    content: Content


class CustomTool(_Form):
    """A tool of the client's own."""

    type: Literal["custom"] | None = None
    name: ToolName
    description: str | None = None
    input_schema: dict[str, Any]
    cache_control: CacheControl | None = None
    strict: bool | None = None
    eager_input_streaming: bool | None = None
    defer_loading: bool | None = None
    allowed_callers: list[str] | None = None
    input_examples: list[dict[str, Any]] | None = None


def _tool_kind(tool: Any) -> str:
    kind = tool.get("type") if isinstance(tool, dict) else None
    return "custom" if kind is None else str(kind)


Tool = Annotated[Annotated[CustomTool, Tag("custom")], Discriminator(_tool_kind)]


class AutoChoice(_Form):
    """The model decides."""

    type: Literal["auto"]
    disable_parallel_tool_use: bool = False


class AnyChoice(_Form):
    """Some tool has to be called."""

    type: Literal["any"]
    disable_parallel_tool_use: bool = False


class ToolChoice(_Form):
    """This tool has to be called."""

    type: Literal["tool"]
    name: str
    disable_parallel_tool_use: bool = False


class NoChoice(_Form):
    """No tool may be called."""

    type: Literal["none"]


class EnabledThinking(_Form):
    """So many tokens for thoughts."""

    type: Literal["enabled"]
    budget_tokens: Annotated[int, Field(ge=1024)]
    display: Literal["summarized", "omitted"] | None = None


class AdaptiveThinking(_Form):
    """As many thoughts as the model likes."""

    type: Literal["adaptive"]
    display: Literal["summarized", "omitted"] | None = None


class DisabledThinking(_Form):
    """No thoughts."""

    type: Literal["disabled"]


class Metadata(_Form):
    """Who asks."""

    user_id: Annotated[str, Field(max_length=256)] | None = None


class OutputConfig(_Form):
    """How hard to try, and in which form to answer."""

    effort: Literal["low", "medium", "high", "xhigh", "max"] | None = None
    format: dict[str, Any] | None = None


class Request(_Form):
    """The body of POST /v1/messages."""

    model: Annotated[str, Field(min_length=1)]
    messages: list[Message]
    max_tokens: Annotated[int, Field(ge=1)]
    cache_control: CacheControl | None = None
    inference_geo: str | None = None
    metadata: Metadata | None = None
    output_config: OutputConfig | None = None
    service_tier: Literal["auto", "standard_only"] | None = None
    stop_sequences: list[str] | None = None
    stream: bool | None = None
    system: System | None = None
    temperature: Annotated[float, Field(ge=0, le=1)] | None = None
    thinking: Annotated[EnabledThinking | AdaptiveThinking | DisabledThinking, Discriminator("type")] | None = None
    tool_choice: Annotated[AutoChoice | AnyChoice | ToolChoice | NoChoice, Discriminator("type")] | None = None
    tools: list[Tool] | None = None
    top_k: Annotated[int, Field(ge=0)] | None = None
    top_p: Annotated[float, Field(ge=0, le=1)] | None = None
