"""A reply as a chat completion, whole or in the pieces of a stream."""

import json
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.llm.openai_chat.providers import Provider
from tests.fakes.wire import Reply

_TEXT_PIECE = 24
_ARGUMENTS_PIECE = 9


def usage_of(body: dict[str, Any], reply: Reply) -> dict[str, int]:
    """A token for every four characters, unless the reply says how many."""
    prompt, said = reply.prompt_tokens, reply.completion_tokens
    if prompt is None:
        prompt = len(json.dumps(body["messages"])) // 4 + len(json.dumps(body.get("tools", []))) // 4
    if said is None:
        calls = sum(len(call.name) + len(arguments_text(call.arguments)) for call in reply.tool_calls)
        said = (len(reply.text) + len(reply.refusal or "") + calls) // 4 + 1
    return {"prompt_tokens": prompt, "completion_tokens": said, "total_tokens": prompt + said}


def arguments_text(arguments: dict[str, Any] | str) -> str:
    """As the model would write them."""
    return arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)


@dataclass(frozen=True)
class Completion:
    """One reply to one request."""

    body: dict[str, Any]
    reply: Reply
    provider: Provider
    identifier: str = field(default_factory=lambda: f"chatcmpl-{secrets.token_hex(12)}")
    created: int = field(default_factory=lambda: int(time.time()))

    def whole(self) -> dict[str, Any]:
        """The answer to a request without `stream`."""
        message: dict[str, Any] = {"role": "assistant", "content": self.reply.text or None}
        message["refusal"] = self.reply.refusal
        if self.reply.tool_calls:
            message["tool_calls"] = self._calls()
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": self._finish_reason()}
        return self._frame("chat.completion") | {"choices": [choice], "usage": usage_of(self.body, self.reply)}

    def chunks(self) -> Iterator[dict[str, Any]]:
        """The events of a stream, but for the last word."""
        yield self._chunk({"role": "assistant", "content": ""})
        for piece in _pieces(self.reply.text, _TEXT_PIECE):
            yield self._chunk({"content": piece})
        for piece in _pieces(self.reply.refusal or "", _TEXT_PIECE):
            yield self._chunk({"refusal": piece})
        yield from self._call_chunks()
        yield self._chunk({}, self._finish_reason())
        if (self.body.get("stream_options") or {}).get("include_usage"):
            yield self._frame("chat.completion.chunk") | {"choices": [], "usage": usage_of(self.body, self.reply)}

    def stream_error(self, message: str) -> dict[str, Any]:
        """The event of a provider that fails in the middle of a stream."""
        choice = {"index": 0, "delta": {"content": ""}, "finish_reason": "error"}
        return self._frame("chat.completion.chunk") | self.provider.failure(502, message) | {"choices": [choice]}

    def _call_chunks(self) -> Iterator[dict[str, Any]]:
        for index, call in enumerate(self._calls()):
            function, arguments = call["function"], call["function"]["arguments"]
            opening = call | {"index": index, "function": function | {"arguments": ""}}
            yield self._chunk({"tool_calls": [opening]})
            for piece in _pieces(arguments, _ARGUMENTS_PIECE):
                yield self._chunk({"tool_calls": [{"index": index, "function": {"arguments": piece}}]})

    def _calls(self) -> list[dict[str, Any]]:
        return [
            {
                "id": call.id or f"call_{self.identifier[-20:]}{place:02d}",
                "type": "function",
                "function": {"name": call.name, "arguments": arguments_text(call.arguments)},
            }
            for place, call in enumerate(self.reply.tool_calls)
        ]

    def _finish_reason(self) -> str:
        return self.reply.finish_reason or ("tool_calls" if self.reply.tool_calls else "stop")

    def _chunk(self, delta: dict[str, Any], finish_reason: str | None = None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        return self._frame("chat.completion.chunk") | {"choices": [choice]}

    def _frame(self, kind: str) -> dict[str, Any]:
        model = self.body["model"]
        frame = {"id": self.identifier, "object": kind, "created": self.created, "model": model}
        return frame | self.provider.details(model)


def _pieces(text: str, length: int) -> Iterator[str]:
    for start in range(0, len(text), length):
        yield text[start : start + length]
