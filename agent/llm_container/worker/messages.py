"""What some providers need to see otherwise than OpenAI's messages have it. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

Message = dict[str, Any]

_CACHED = {"cache_control": {"type": "ephemeral"}}
_SPEAKS_OPENAI = frozenset({"openai", "openrouter", "azure", "deepseek", "groq", "mistral", "together_ai", "xai"})


def adapted(provider: str, messages: Sequence[Message]) -> list[Message]:
    """The messages as `provider` takes them; those given are not changed."""
    found = [_with_signatures(message) for message in messages]
    if provider not in _SPEAKS_OPENAI:
        found = [_with_readable_arguments(message) for message in found]
    if provider == "gemini":
        # An empty answer has no part there, and a turn without parts is refused.
        found = [message for message in found if not _is_empty_answer(message)]
    if provider == "anthropic":
        found = _with_cache_marks(found)
    return found


def _with_signatures(message: Message) -> Message:
    """Gemini's signatures of thought where litellm looks for them; the gateway keeps them as Google's API has them."""
    calls = message.get("tool_calls")
    if not calls or not any("extra_content" in call for call in calls):
        return message
    return {**message, "tool_calls": [_signed(call) for call in calls]}


def _signed(call: dict[str, Any]) -> dict[str, Any]:
    plain = {key: value for key, value in call.items() if key != "extra_content"}
    google = (call.get("extra_content") or {}).get("google") or {}
    signature = google.get("thought_signature")
    return plain | {"provider_specific_fields": {"thought_signature": signature}} if signature else plain


def _with_readable_arguments(message: Message) -> Message:
    """Elsewhere than at OpenAI a tool call's arguments are an object; what the model garbled is put into one."""
    calls = message.get("tool_calls")
    if not calls:
        return message
    return {**message, "tool_calls": [_readable(call) for call in calls]}


def _is_empty_answer(message: Message) -> bool:
    return message.get("role") == "assistant" and not message.get("content") and not message.get("tool_calls")


def _readable(call: dict[str, Any]) -> dict[str, Any]:
    function = call.get("function") or {}
    arguments = function.get("arguments") or ""
    try:
        well = isinstance(json.loads(arguments or "{}"), dict)
    except (ValueError, RecursionError):
        well = False
    if well and arguments:
        return call
    text = "{}" if well else json.dumps({"malformed_arguments": arguments}, ensure_ascii=False)
    return {**call, "function": {**function, "arguments": text}}


def _with_cache_marks(messages: list[Message]) -> list[Message]:
    """Mark where Anthropic is to keep what it has read: after tools and system prompt, and after the last message.

    The next request of the conversation begins with all of it, and is then billed at a tenth for that part. This is
    done here rather than by the gateway, for which every provider looks alike.
    """
    marked = list(messages)
    systems = [place for place, message in enumerate(messages) if message.get("role") == "system"]
    for place in {*systems[-1:], len(messages) - 1} - {-1}:
        marked[place] = _marked(messages[place])
    return marked


def _marked(message: Message) -> Message:
    content = message.get("content")
    if message.get("role") == "tool":
        return {**message, **_CACHED}
    if isinstance(content, str) and content:
        return {**message, "content": [{"type": "text", "text": content, **_CACHED}]}
    if isinstance(content, list) and content:
        return {**message, "content": [*content[:-1], {**content[-1], **_CACHED}]}
    return message
