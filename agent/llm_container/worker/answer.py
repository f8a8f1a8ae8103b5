"""litellm's answer as OpenAI's JSON: the fields that the protocol has, whatever else litellm adds."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from agent.llm_container.worker.shapes import Response, Said, ToolCall, Usage

Json = dict[str, Any]

DONE = b"data: [DONE]\n\n"
SIGNATURE_IN_ID = "__thought__"
_FRAME = ("id", "created", "model")


def event(data: Json) -> bytes:
    """One server-sent event."""
    return f"data: {json.dumps(data, ensure_ascii=False, separators=(',', ':'))}\n\n".encode("utf-8", "replace")


def completion(response: Response) -> Json:
    """A `chat.completion` of what came in one piece."""
    choices = [
        {"index": choice.index, "message": _message(choice.message), "finish_reason": choice.finish_reason}
        for choice in response.choices
    ]
    usage = getattr(response, "usage", None)
    return {"object": "chat.completion", **_frame(response), "choices": choices, "usage": usage and _usage(usage)}


def chunks(piece: Response) -> list[Json]:
    """The `chat.completion.chunk`s of one of litellm's: usage gets its own, without choices, as OpenAI sends it."""
    found = []
    choices = [
        {"index": choice.index, "delta": _delta(choice.delta), "finish_reason": choice.finish_reason or None}
        for choice in piece.choices
    ]
    usage = getattr(piece, "usage", None)
    if any(choice["delta"] or choice["finish_reason"] for choice in choices):
        found.append({"object": "chat.completion.chunk", **_frame(piece), "choices": choices})
    if usage is not None:
        found.append({"object": "chat.completion.chunk", **_frame(piece), "choices": [], "usage": _usage(usage)})
    return found


def _frame(response: Response) -> Json:
    return {name: getattr(response, name, None) for name in _FRAME}


def _message(message: Said) -> Json:
    return {
        "role": "assistant",
        "content": message.content,
        **_texts(message, "refusal"),
        **_calls(message, _whole_call),
    }


def _delta(delta: Said) -> Json:
    return {**_texts(delta, "role", "content", "refusal"), **_calls(delta, _call_piece)}


def _texts(said: Said, *names: str) -> Json:
    return {name: value for name in names if (value := getattr(said, name, None))}


def _calls(said: Said, form: Callable[[ToolCall], Json]) -> Json:
    calls = getattr(said, "tool_calls", None)
    return {"tool_calls": [form(call) for call in calls]} if calls else {}


def _whole_call(call: ToolCall) -> Json:
    function = {"name": call.function.name, "arguments": call.function.arguments or "{}"}
    return {**_identity(call), "type": "function", "function": function}


def _call_piece(call: ToolCall) -> Json:
    function = {"arguments": call.function.arguments or ""}
    if call.function.name:
        function["name"] = call.function.name
    opening = {**_identity(call), "type": "function"} if call.id else {}
    return {"index": call.index, **opening, "function": function}


def _identity(call: ToolCall) -> Json:
    """The call's id, and Gemini's signature where Google's own OpenAI-compatible API has it.

    litellm hides it in the id, which is then too long for every other provider that may get the conversation later.
    """
    identifier, separator, signature = (call.id or "").partition(SIGNATURE_IN_ID)
    signed = {"extra_content": {"google": {"thought_signature": signature}}} if separator else {}
    return {"id": identifier, **signed}


def _usage(usage: Usage) -> Json:
    """What was read from a cache counts within `prompt_tokens`, and so does what was written to one."""
    details = getattr(usage, "prompt_tokens_details", None)
    cached = getattr(details, "cached_tokens", None) or 0
    written = (
        getattr(usage, "cache_creation_input_tokens", None) or getattr(details, "cache_creation_tokens", None) or 0
    )
    cost = getattr(usage, "cost", None)  # in dollars, as OpenRouter reports it
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.total_tokens,
        "prompt_tokens_details": {"cached_tokens": cached, "cache_creation_tokens": written},
        **({} if cost is None else {"cost": cost}),
    }
