"""Anthropic's prompt cache as OpenRouter passes it through: `cache_control` on parts of text, at most four of them."""

import json
from collections.abc import Iterator
from typing import Any

from tests.fakes.llm.cache import CacheUse, Segment
from tests.fakes.llm.dialect import Question
from tests.fakes.llm.openai_chat.problems import InvalidRequestError
from tests.fakes.llm.pieces import tokens_of
from tests.fakes.wire import Reply

_MOST = 4
_SHORTEST = 1024
_FORMS = ({"type": "ephemeral"}, {"type": "ephemeral", "ttl": "5m"}, {"type": "ephemeral", "ttl": "1h"})


def applies(model: object) -> bool:
    """Whether the model's own API is Anthropic's."""
    return str(model).startswith("anthropic/")


def check(body: dict[str, Any]) -> None:
    """Raise InvalidRequestError, as the model's own API would."""
    marks = [part for part in _parts(body) if "cache_control" in part]
    if len(marks) > _MOST:
        raise _refused(f"A maximum of {_MOST} blocks with cache_control may be provided. Found {len(marks)}.")
    for part in marks:
        if part["cache_control"] not in _FORMS:
            raise _refused("cache_control: Input tag does not match any of the expected tags: 'ephemeral'")
        if not part.get("text"):
            raise _refused("cache_control cannot be set for empty text blocks")


def use(question: Question, reply: Reply) -> CacheUse | None:
    """What the cache did; None when the reply says so itself, or for models that have none."""
    model = question.body["model"]
    if not applies(model) or reply.prompt_tokens is not None or reply.cached_tokens is not None:
        return None
    return question.account.cache.use(model, list(_segments(question.body)), _SHORTEST)


def _segments(body: dict[str, Any]) -> Iterator[Segment]:
    for part in _parts(body):
        plain = json.dumps({key: value for key, value in part.items() if key != "cache_control"}, sort_keys=True)
        control = part.get("cache_control")
        yield Segment(plain, tokens_of(plain) + 1, control.get("ttl", "5m") if control else None)


def _parts(body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """In the order in which Anthropic reads them; a string is one part, and so is a tool call."""
    yield from body.get("tools") or ()
    for message in sorted(body["messages"], key=lambda message: message["role"] != "system"):
        content = message.get("content")
        if isinstance(content, str):
            yield {"type": "text", "text": content}
        else:
            yield from content or ()
        yield from message.get("tool_calls") or ()


def _refused(message: str) -> InvalidRequestError:
    return InvalidRequestError(message, None, None, origin="upstream")
