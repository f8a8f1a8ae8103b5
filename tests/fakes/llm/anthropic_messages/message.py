"""A reply as a message, whole or as the events of a stream."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.llm.cache import CacheUse
from tests.fakes.llm.dialect import Headers
from tests.fakes.llm.pieces import arguments_object, arguments_text, pieces
from tests.fakes.llm.stream import event
from tests.fakes.wire import Reply, ToolCall

_STOP_REASONS = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "content_filter": "refusal",
}
_ARGUMENTS_PIECE = 9


@dataclass(frozen=True)
class MessageAnswer:
    """One reply to one request."""

    model: str
    reply: Reply
    cache: CacheUse
    headers: Headers
    identifier: str = field(default_factory=lambda: f"msg_01{secrets.token_hex(11)}")

    def whole(self) -> dict[str, Any]:
        """The answer to a request without `stream`."""
        content: list[dict[str, Any]] = [{"type": "text", "text": self.reply.text}] if self.reply.text else []
        for place, call in enumerate(self.reply.tool_calls):
            whole = arguments_object(call.arguments)
            content.append(self._call(place, call) | {"input": call.arguments if whole is None else whole})
        end = {"stop_reason": self._stop_reason(), "stop_sequence": None, "stop_details": self._stop_details()}
        return self._frame() | {"content": content} | end | {"usage": self._usage(self._said())}

    def opening(self) -> bytes:
        """Nothing comes before the first event."""
        return b""

    def chunks(self) -> Iterator[bytes]:
        """The head of the message, then each block of content in pieces."""
        head = self._frame() | {"content": [], "stop_reason": None, "stop_sequence": None, "usage": self._usage(1)}
        yield _event("message_start", message=head)
        yield _event("ping")
        index = 0
        if self.reply.text:
            deltas = [{"type": "text_delta", "text": piece} for piece in pieces(self.reply.text)]
            yield from _block(index, {"type": "text", "text": ""}, deltas)
            index += 1
        for place, call in enumerate(self.reply.tool_calls):
            yield from _block(index + place, self._call(place, call) | {"input": {}}, _argument_deltas(call))

    def closing(self) -> Iterator[bytes]:
        """The reason and the usage."""
        delta = {"stop_reason": self._stop_reason(), "stop_sequence": None, "stop_details": self._stop_details()}
        yield _event("message_delta", delta=delta, usage=self._usage(self._said()))
        yield _event("message_stop")

    def broken(self, message: str) -> bytes:
        """An overloaded API in the middle of a stream."""
        return _event("error", error={"type": "overloaded_error", "message": message})

    def _frame(self) -> dict[str, Any]:
        return {"id": self.identifier, "type": "message", "role": "assistant", "model": self.model}

    def _call(self, place: int, call: ToolCall) -> dict[str, Any]:
        identifier = call.id or f"toolu_01{self.identifier[-20:]}{place:02d}"
        return {"type": "tool_use", "id": identifier, "name": call.name}

    def _stop_reason(self) -> str:
        if self.reply.finish_reason is not None:
            return _STOP_REASONS.get(self.reply.finish_reason, self.reply.finish_reason)
        if self.reply.refusal is not None:
            return "refusal"
        return "tool_use" if self.reply.tool_calls else "end_turn"

    def _stop_details(self) -> dict[str, Any] | None:
        if self.reply.refusal is None:
            return None
        return {"type": "refusal", "category": None, "explanation": self.reply.refusal}

    def _said(self) -> int:
        if self.reply.completion_tokens is not None:
            return self.reply.completion_tokens
        calls = sum(len(call.name) + len(arguments_text(call.arguments)) for call in self.reply.tool_calls)
        return (len(self.reply.text) + calls) // 4 + 1

    def _usage(self, said: int) -> dict[str, Any]:
        cache = self.cache
        return {
            "input_tokens": cache.plain,
            "cache_creation_input_tokens": cache.written_5m + cache.written_1h,
            "cache_read_input_tokens": cache.read,
            "cache_creation": {
                "ephemeral_5m_input_tokens": cache.written_5m,
                "ephemeral_1h_input_tokens": cache.written_1h,
            },
            "output_tokens": said,
            "service_tier": "standard",
        }


def _argument_deltas(call: ToolCall) -> list[dict[str, str]]:
    # an empty piece comes first, and it is all that comes for a call without arguments
    text = arguments_text(call.arguments) if call.arguments else ""
    return [{"type": "input_json_delta", "partial_json": piece} for piece in ("", *pieces(text, _ARGUMENTS_PIECE))]


def _block(index: int, start: dict[str, Any], deltas: list[dict[str, str]]) -> Iterator[bytes]:
    yield _event("content_block_start", index=index, content_block=start)
    for delta in deltas:
        yield _event("content_block_delta", index=index, delta=delta)
    yield _event("content_block_stop", index=index)


def _event(kind: str, **fields: Any) -> bytes:
    return event({"type": kind} | fields, kind)
