"""A reply as a GenerateContentResponse, whole or as the events of a stream."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.llm.dialect import Headers
from tests.fakes.llm.gemini.failures import failure
from tests.fakes.llm.gemini.signatures import signature
from tests.fakes.llm.pieces import arguments_object, arguments_text, pieces, tokens_of
from tests.fakes.llm.stream import event
from tests.fakes.wire import HttpError, Reply, ToolCall

_FINISH_REASONS = {"stop": "STOP", "tool_calls": "STOP", "length": "MAX_TOKENS", "content_filter": "SAFETY"}
_CATEGORIES = ("HARASSMENT", "HATE_SPEECH", "SEXUALLY_EXPLICIT", "DANGEROUS_CONTENT")


@dataclass(frozen=True)
class GeminiAnswer:
    """One reply to one request; `signed`: the model thinks, and signs its calls; `listed`: as a list."""

    model: str
    prompt: Any
    reply: Reply
    signed: bool
    listed: bool = False
    headers: Headers = field(default_factory=dict)
    identifier: str = field(default_factory=lambda: secrets.token_urlsafe(16))

    def whole(self) -> Any:
        """The answer of generateContent."""
        if self.reply.refusal is not None:
            answer = self._blocked()
        else:
            answer = self._frame(self._parts([self.reply.text] if self.reply.text else []), last=True)
        return [answer] if self.listed else answer

    def opening(self) -> bytes:
        """Nothing comes before the first event."""
        return b""

    def chunks(self) -> Iterator[bytes]:
        """Each part but the last, which comes with the reason."""
        return (event(self._frame([part], last=False)) for part in self._stream_parts()[:-1])

    def closing(self) -> Iterator[bytes]:
        """The last part, the reason and the usage: there is no word after it."""
        yield event(self._blocked() if self.reply.refusal else self._frame(self._stream_parts()[-1:], last=True))

    def broken(self, message: str) -> bytes:
        """An overloaded service in the middle of a stream."""
        return event(failure(HttpError(kind="overloaded", message=message)).body)

    def _stream_parts(self) -> list[dict[str, Any]]:
        return [] if self.reply.refusal is not None else self._parts(list(pieces(self.reply.text)))

    def _parts(self, texts: list[str]) -> list[dict[str, Any]]:
        parts: list[dict[str, Any]] = [{"text": text} for text in texts]
        if self._malformed() is not None:
            return parts
        return parts + [self._call(call, first=not place) for place, call in enumerate(self.reply.tool_calls)]

    def _call(self, call: ToolCall, *, first: bool) -> dict[str, Any]:
        part: dict[str, Any] = {"functionCall": {"name": call.name, "args": arguments_object(call.arguments)}}
        if call.id or self.signed:
            part["functionCall"]["id"] = call.id or secrets.token_hex(4)
        if self.signed and first:
            part["thoughtSignature"] = signature(call.name)
        return part

    def _malformed(self) -> ToolCall | None:
        """A call that is none: the service itself notices, and gives the text of it in place of any call."""
        return next((call for call in self.reply.tool_calls if arguments_object(call.arguments) is None), None)

    def _frame(self, parts: list[dict[str, Any]], *, last: bool) -> dict[str, Any]:
        content: dict[str, Any] = {"role": "model"}
        if parts:
            content["parts"] = parts
        candidate: dict[str, Any] = {"content": content, "index": 0}
        if last:
            candidate |= self._end()
            if candidate["finishReason"] == "SAFETY":
                candidate["safetyRatings"] = _ratings()
        return {"candidates": [candidate]} | self._about()

    def _blocked(self) -> dict[str, Any]:
        feedback = {"blockReason": "PROHIBITED_CONTENT", "blockReasonMessage": self.reply.refusal}
        return {"promptFeedback": feedback} | self._about()

    def _end(self) -> dict[str, Any]:
        broken = self._malformed()
        if broken is not None:
            text = f"Malformed function call: print(default_api.{broken.name}({arguments_text(broken.arguments)}))"
            return {"finishReason": "MALFORMED_FUNCTION_CALL", "finishMessage": text}
        reason = self.reply.finish_reason or "stop"
        return {"finishReason": _FINISH_REASONS.get(reason, reason)}

    def _about(self) -> dict[str, Any]:
        return {"usageMetadata": self._usage(), "modelVersion": self.model, "responseId": self.identifier}

    def _usage(self) -> dict[str, Any]:
        prompt, said = self.reply.prompt_tokens, self.reply.completion_tokens
        if prompt is None:
            prompt = tokens_of(self.prompt)
        if said is None:
            calls = sum(len(call.name) + len(arguments_text(call.arguments)) for call in self.reply.tool_calls)
            said = (len(self.reply.text) + calls) // 4 + 1
        usage: dict[str, Any] = {"promptTokenCount": prompt, "totalTokenCount": prompt + said}
        usage["promptTokensDetails"] = [{"modality": "TEXT", "tokenCount": prompt}]
        if self.reply.refusal is None:
            usage["candidatesTokenCount"] = said
        if self.reply.cached_tokens:
            usage["cachedContentTokenCount"] = self.reply.cached_tokens
        return usage


def _ratings() -> list[dict[str, Any]]:
    ratings: list[dict[str, Any]] = [
        {"category": f"HARM_CATEGORY_{name}", "probability": "NEGLIGIBLE"} for name in _CATEGORIES
    ]
    return [*ratings[:-1], ratings[-1] | {"probability": "HIGH", "blocked": True}]
