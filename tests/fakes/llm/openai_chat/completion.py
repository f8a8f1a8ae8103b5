"""A reply as a chat completion, whole or in the pieces of a stream."""

import secrets
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.llm.cache import CacheUse
from tests.fakes.llm.dialect import Headers
from tests.fakes.llm.openai_chat.providers import Provider
from tests.fakes.llm.pieces import arguments_text, pieces, tokens_of
from tests.fakes.llm.stream import event
from tests.fakes.wire import HttpError, Reply

_ARGUMENTS_PIECE = 9


def usage_of(body: dict[str, Any], reply: Reply, cache: CacheUse | None = None) -> dict[str, Any]:
    """A token for every four characters, unless the reply says how many; `cache` is Anthropic's."""
    prompt, said = reply.prompt_tokens, reply.completion_tokens
    if prompt is None:
        prompt = tokens_of(body["messages"]) + tokens_of(body.get("tools", []))
    if said is None:
        calls = sum(len(call.name) + len(arguments_text(call.arguments)) for call in reply.tool_calls)
        said = (len(reply.text) + len(reply.refusal or "") + calls) // 4 + 1
    usage = {"prompt_tokens": prompt, "completion_tokens": said, "total_tokens": prompt + said}
    details = {"cached_tokens": reply.cached_tokens or 0, "audio_tokens": 0}
    if cache is not None:
        details |= {"cached_tokens": cache.read, "cache_write_tokens": cache.written_5m + cache.written_1h}
        total = cache.plain + cache.read + cache.written_5m + cache.written_1h
        usage |= {"prompt_tokens": total, "total_tokens": total + said}
    return usage | {"prompt_tokens_details": details}


@dataclass(frozen=True)
class Completion:
    """One reply to one request."""

    body: dict[str, Any]
    reply: Reply
    provider: Provider
    identifier: str = field(default_factory=lambda: f"chatcmpl-{secrets.token_hex(12)}")
    created: int = field(default_factory=lambda: int(time.time()))
    headers: Headers = field(default_factory=dict)
    cache: CacheUse | None = None

    def whole(self) -> dict[str, Any]:
        """The answer to a request without `stream`."""
        message: dict[str, Any] = {"role": "assistant", "content": self.reply.text or None}
        message["refusal"] = self.reply.refusal
        if self.reply.tool_calls:
            message["tool_calls"] = self._calls()
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": self._finish_reason()}
        return self._frame("chat.completion") | {"choices": [choice], "usage": self._usage()}

    def opening(self) -> bytes:
        """OpenRouter comments while it waits for a provider."""
        return b": OPENROUTER PROCESSING\n\n" if self.provider.comments else b""

    def chunks(self) -> Iterator[bytes]:
        """The role, then what is said."""
        return (event(chunk) for chunk in self._deltas())

    def closing(self) -> Iterable[bytes]:
        """The reason, the usage if it was asked for, and the last word."""
        yield event(self._chunk({}, self._finish_reason()))
        if self.provider.always_usage or (self.body.get("stream_options") or {}).get("include_usage"):
            yield event(self._frame("chat.completion.chunk") | {"choices": [], "usage": self._usage()})
        yield b"data: [DONE]\n\n"

    def broken(self, message: str) -> bytes:
        """OpenRouter's error beside a choice that ends with `error`."""
        choice = {"index": 0, "delta": {"content": ""}, "finish_reason": "error"}
        error = self.provider.failure(HttpError(status=502, message=message)).body
        return event(self._frame("chat.completion.chunk") | error | {"choices": [choice]})

    def _deltas(self) -> Iterator[dict[str, Any]]:
        yield self._chunk({"role": "assistant", "content": ""})
        for piece in pieces(self.reply.text):
            yield self._chunk({"content": piece})
        for piece in pieces(self.reply.refusal or ""):
            yield self._chunk({"refusal": piece})
        yield from self._call_chunks()

    def _usage(self) -> dict[str, Any]:
        return self.provider.counted(usage_of(self.body, self.reply, self.cache))

    def _call_chunks(self) -> Iterator[dict[str, Any]]:
        for index, call in enumerate(self._calls()):
            function, arguments = call["function"], call["function"]["arguments"]
            opening = call | {"index": index, "function": function | {"arguments": ""}}
            yield self._chunk({"tool_calls": [opening]})
            for piece in pieces(arguments, _ARGUMENTS_PIECE):
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
