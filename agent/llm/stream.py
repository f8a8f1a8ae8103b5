"""Putting the chunks of a streamed chat completion together."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec

from agent.llm.errors import LLMError, LLMTooLongError, LLMUnavailableError, from_container, from_status
from agent.llm.usage import Reported, Usage, read

# Some 250,000 tokens, more than any model answers; the gateway's memory would hold a few times as much.
LONGEST = 1_000_000
_CALL_COST = 20
#: The key of a tool call's message that only Google's models take back; agent.llm.client leaves it out for others.
SIGNED = "extra_content"
# What every provider takes back as part of a history.
_IDENTIFIER = re.compile(r"[A-Za-z0-9_-]{1,40}")
_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9_-]")
_LONGEST_NAME = 64


class FunctionDelta(msgspec.Struct):
    """A piece of a function call."""

    name: str | None = None
    arguments: str | None = None


class ToolCallDelta(msgspec.Struct):
    """A piece of the tool call at `index`."""

    index: int = 0
    id: str | None = None
    function: FunctionDelta | None = None
    extra_content: dict[str, Any] | None = None  # Google's place for signatures of thought


class Delta(msgspec.Struct):
    """What a chunk adds to the message."""

    content: str | None = None
    refusal: str | None = None  # OpenAI's word for an answer that is none: said in place of content
    tool_calls: list[ToolCallDelta] | None = None


class Choice(msgspec.Struct):
    """One of the answers of a chunk; only the first is used."""

    delta: Delta = msgspec.field(default_factory=Delta)
    finish_reason: str | None = None


class Chunk(msgspec.Struct):
    """One `chat.completion.chunk`."""

    choices: list[Choice] = []
    usage: Reported | None = None
    error: Any = None  # OpenRouter reports a failure inside the stream


class ToolCall(msgspec.Struct, frozen=True):
    """What the model wants done; `arguments` is the JSON text as the model wrote it, valid or not.

    `signature` is Gemini's signature of the thought that led to the call, which it wants back with it.
    """

    id: str
    name: str
    arguments: str
    signature: str = ""


@dataclass(frozen=True, slots=True)
class Completion:
    """A whole answer of the model; `provider` and `model`, as in config.json, tell which one it was."""

    text: str
    tool_calls: tuple[ToolCall, ...]
    finish_reason: str
    usage: Usage
    provider: str = ""
    model: str = ""

    def message(self) -> dict[str, Any]:
        """The answer as the `assistant` message that the next request repeats."""
        message: dict[str, Any] = {"role": "assistant", "content": self.text or None}
        if self.tool_calls:
            message["tool_calls"] = [_call_message(call) for call in self.tool_calls]
        elif not self.text:
            message["content"] = ""
        return message


def _call_message(call: ToolCall) -> dict[str, Any]:
    function = {"name": call.name, "arguments": call.arguments}
    signed = {SIGNED: {"google": {"thought_signature": call.signature}}} if call.signature else {}
    return {"id": call.id, "type": "function", "function": function, **signed}


@dataclass(slots=True)
class _Call:
    id: str = ""
    name: str = ""
    signature: str = ""
    arguments: list[str] = field(default_factory=list)


class Assembler:
    """Feeds on chunks, ends in a Completion."""

    def __init__(self) -> None:
        self._decoder = msgspec.json.Decoder(Chunk)
        self._text: list[str] = []
        self._calls: dict[int, _Call] = {}
        self._finish_reason = ""
        self._usage = Usage()
        self._size = 0

    def feed(self, data: str) -> str:
        """Take one chunk's JSON; return the text it added.

        Raises:
            LLMUnavailableError: it is no chunk, or it reports an error.
            LLMTooLongError: the answer has grown beyond all bounds.
        """
        try:
            chunk = self._decoder.decode(data)
        except (msgspec.DecodeError, UnicodeError):
            raise LLMUnavailableError(
                "the provider sent something that is not a chat completion chunk", reply="llm_garbage"
            ) from None
        if chunk.error is not None:
            raise _broken_off(chunk.error)
        if chunk.usage is not None:
            self._usage = read(chunk.usage)
        return self._take(chunk.choices[0]) if chunk.choices else ""

    @property
    def begun(self) -> bool:
        """Whether anything has been said yet."""
        return self._size > 0

    def completion(self) -> Completion:
        """The answer put together; raise LLMUnavailableError when the stream ended before it did."""
        if not self._finish_reason:
            raise LLMUnavailableError("the provider's answer broke off half-way", reply="llm_broken_off")
        calls = [call for _, call in sorted(self._calls.items())]
        identifiers = _identifiers(call.id for call in calls)
        made = (
            ToolCall(identifier, _name(call.name), "".join(call.arguments) or "{}", call.signature)
            for identifier, call in zip(identifiers, calls, strict=True)
        )
        return Completion("".join(self._text), tuple(made), self._finish_reason, self._usage)

    def _grow(self, size: int) -> None:
        self._size += size
        if self._size > LONGEST:
            raise LLMTooLongError(f"the answer is longer than {LONGEST} characters")

    def _take(self, choice: Choice) -> str:
        self._finish_reason = choice.finish_reason or self._finish_reason
        for piece in choice.delta.tool_calls or ():
            if piece.index not in self._calls:
                self._grow(_CALL_COST + len(piece.id or ""))
            call = self._calls.setdefault(piece.index, _Call())
            call.id = call.id or piece.id or ""
            self._sign(call, piece)
            if piece.function is not None:
                self._grow(len(piece.function.name or "") + len(piece.function.arguments or ""))
                call.name = call.name or piece.function.name or ""
                call.arguments.append(piece.function.arguments or "")
        text = choice.delta.content or choice.delta.refusal or ""
        if text:
            self._grow(len(text))
            self._text.append(text)
        return text

    def _sign(self, call: _Call, piece: ToolCallDelta) -> None:
        google = (piece.extra_content or {}).get("google")
        signature = google.get("thought_signature") if isinstance(google, dict) else None
        if isinstance(signature, str) and not call.signature:
            self._grow(len(signature))
            call.signature = signature


def _broken_off(error: object) -> LLMError:
    """What a provider reports in the middle of its answer; OpenRouter's code is the status that it would have been."""
    detail = f"the provider broke off: {error_text(error)}"
    code = error_code(error)
    if isinstance(code, int) and 400 <= code < 600:
        return from_status(code, detail)
    return from_container(detail, None, code) or LLMUnavailableError(detail, reply="llm_broken_off")


def _identifiers(chosen: Iterable[str]) -> Iterator[str]:
    """The model's own ids, or new ones where a provider would refuse them, and with them the history, for ever."""
    seen: set[str] = set()
    for identifier in chosen:
        usable = _IDENTIFIER.fullmatch(identifier) and identifier not in seen
        seen.add(identifier)
        yield identifier if usable else f"call_{secrets.token_hex(12)}"


def _name(name: str) -> str:
    """A tool's name, or, of what cannot be one, something that no provider refuses either."""
    return _NOT_IN_A_NAME.sub("_", name)[:_LONGEST_NAME] or "_"


def error_code(error: object) -> object:
    """The provider's own code out of the same shapes as `error_text`."""
    error = _inner(error)
    return error.get("code") if isinstance(error, dict) else None


def _inner(error: object) -> object:
    if isinstance(error, list) and error:  # Google's way, where it speaks OpenAI's protocol
        error = error[0]
    return error.get("error", error) if isinstance(error, dict) else error


def error_text(error: object, limit: int = 300) -> str:
    """The provider's own words out of `{"error": {"message": ...}}` in its several shapes."""
    error = _inner(error)
    if isinstance(error, dict):
        error = error.get("message") or error.get("type") or "no reason given"
    return " ".join(str(error).split())[:limit]
