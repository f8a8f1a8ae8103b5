"""Prompt caching through OpenRouter for Anthropic's models, which keep nothing unless they are told where to.

Others cache by themselves. To Anthropic directly, the container picoclaw-llm sets the same marks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agent import config

Message = dict[str, Any]

_MARK = {"cache_control": {"type": "ephemeral"}}


def wanted(model: config.Model) -> bool:
    """Whether the gateway has to mark the conversation for this model."""
    return model.provider == "openrouter" and model.model.removeprefix("openrouter/").startswith("anthropic/")


def marked(messages: Sequence[Message]) -> list[Message]:
    """The messages with marks after tools and system prompt, and after the last message that has text.

    The next request begins with all of it, and pays a tenth for that part. Given ones are not changed.
    """
    found = list(messages)
    systems = [place for place, message in enumerate(messages) if message["role"] == "system"]
    texts = [place for place, message in enumerate(messages) if message.get("content")]
    for place in {*systems[-1:], *texts[-1:]}:
        found[place] = {**messages[place], "content": _parts(messages[place]["content"])}
    return found


def _parts(content: str | list[dict[str, Any]]) -> list[dict[str, Any]]:
    """As parts, the last text among them marked: OpenRouter takes marks on text alone."""
    parts = [{"type": "text", "text": content}] if isinstance(content, str) else content
    texts = [place for place, part in enumerate(parts) if part.get("text")]
    return [{**part, **_MARK} if place in texts[-1:] else part for place, part in enumerate(parts)]
