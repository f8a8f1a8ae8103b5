"""Putting the chunks of a streamed chat completion together."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec

from agent.llm.errors import LLMUnavailableError


class FunctionDelta(msgspec.Struct):
    """A piece of a function call."""

    name: str | None = None
    arguments: str | None = None


class ToolCallDelta(msgspec.Struct):
    """A piece of the tool call at `index`."""

    index: int = 0
    id: str | None = None
    function: FunctionDelta | None = None


class Delta(msgspec.Struct):
    """What a chunk adds to the message."""

    content: str | None = None
    tool_calls: list[ToolCallDelta] | None = None


class Choice(msgspec.Struct):
    """One of the answers of a chunk; only the first is used."""

    delta: Delta = msgspec.field(default_factory=Delta)
    finish_reason: str | None = None


class Usage(msgspec.Struct, frozen=True):
    """Tokens that a request cost."""

    prompt_tokens: int = 0
    completion_tokens: int = 0


class Chunk(msgspec.Struct):
    """One `chat.completion.chunk`."""

    choices: list[Choice] = []
    usage: Usage | None = None
    error: Any = None  # OpenRouter reports a failure inside the stream


class ToolCall(msgspec.Struct, frozen=True):
    """What the model wants done; `arguments` is the JSON text as the model wrote it, valid or not."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Completion:
    """A whole answer of the model."""

    text: str
    tool_calls: tuple[ToolCall, ...]
    finish_reason: str
    usage: Usage

    def message(self) -> dict[str, Any]:
        """The answer as the `assistant` message that the next request repeats."""
        message: dict[str, Any] = {"role": "assistant", "content": self.text or None}
        if self.tool_calls:
            message["tool_calls"] = [
                {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
                for call in self.tool_calls
            ]
        elif not self.text:
            message["content"] = ""
        return message


@dataclass(slots=True)
class _Call:
    id: str = ""
    name: str = ""
    arguments: list[str] = field(default_factory=list)


class Assembler:
    """Feeds on chunks, ends in a Completion."""

    def __init__(self) -> None:
        self._decoder = msgspec.json.Decoder(Chunk)
        self._text: list[str] = []
        self._calls: dict[int, _Call] = {}
        self._finish_reason = ""
        self._usage = Usage()

    def feed(self, data: str) -> str:
        """Take one chunk's JSON; return the text it added.

        Raises:
            LLMUnavailableError: it is no chunk, or it reports an error.
        """
        try:
            chunk = self._decoder.decode(data)
        except (msgspec.DecodeError, UnicodeError):
            raise LLMUnavailableError("the provider sent something that is not a chat completion chunk") from None
        if chunk.error is not None:
            raise LLMUnavailableError(f"the provider broke off: {error_text(chunk.error)}")
        self._usage = chunk.usage or self._usage
        return self._take(chunk.choices[0]) if chunk.choices else ""

    def completion(self) -> Completion:
        """The answer put together; raise LLMUnavailableError when the stream ended before it did."""
        if not self._finish_reason:
            raise LLMUnavailableError("the provider's answer broke off half-way")
        calls = tuple(
            ToolCall(call.id or f"call_{index}", call.name, "".join(call.arguments) or "{}")
            for index, call in sorted(self._calls.items())
        )
        return Completion("".join(self._text), calls, self._finish_reason, self._usage)

    def _take(self, choice: Choice) -> str:
        self._finish_reason = choice.finish_reason or self._finish_reason
        for piece in choice.delta.tool_calls or ():
            call = self._calls.setdefault(piece.index, _Call())
            call.id = call.id or piece.id or ""
            if piece.function is not None:
                call.name = call.name or piece.function.name or ""
                call.arguments.append(piece.function.arguments or "")
        text = choice.delta.content or ""
        if text:
            self._text.append(text)
        return text


def error_text(error: object, limit: int = 300) -> str:
    """The provider's own words out of `{"error": {"message": ...}}` in its several shapes."""
    if isinstance(error, dict):
        error = error.get("error", error)
    if isinstance(error, dict):
        error = error.get("message") or error.get("type") or "no reason given"
    return " ".join(str(error).split())[:limit]
