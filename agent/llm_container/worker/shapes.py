"""What the worker uses of litellm, as types: litellm's own would cost the type checker a minute and say less."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, Self


class Function(Protocol):
    """The function of a tool call, or a piece of one."""

    name: str | None
    arguments: str | None


class ToolCall(Protocol):
    """A tool call, or a piece of one; `index` only in a stream."""

    id: str | None
    index: int
    function: Function


class Said(Protocol):
    """A message or a piece of one."""

    content: str | None
    tool_calls: Sequence[ToolCall] | None


class Choice(Protocol):
    """One of the answers; `message` when whole, `delta` in a stream."""

    index: int
    message: Said
    delta: Said
    finish_reason: str | None


class Usage(Protocol):
    """Tokens."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class Response(Protocol):
    """A completion, whole or a piece of it; `usage` may be missing."""

    choices: Sequence[Choice]


class Stream(Protocol):
    """litellm's wrapper of a provider's stream."""

    received_finish_reason: str | None

    def __aiter__(self) -> Self:
        """Itself."""

    async def __anext__(self) -> Response:
        """The next piece."""

    async def aclose(self) -> None:
        """End the provider's connection."""
