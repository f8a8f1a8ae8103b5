"""Answers that are meant to harm who reads them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from types import SimpleNamespace as Thing
from typing import Any, Self

_COMMAND = '{"command": "true"}'


class Stream:
    """As litellm's wrapper of a provider's stream."""

    received_finish_reason = "stop"
    handle_openai_chat_completion_chunk = None

    def __init__(self, pieces: Iterable[Thing]) -> None:
        self._pieces = iter(pieces)

    def __aiter__(self) -> Self:
        """Itself."""
        return self

    async def __anext__(self) -> Thing:
        """The next piece."""
        try:
            return next(self._pieces)
        except StopIteration:
            raise StopAsyncIteration from None

    async def aclose(self) -> None:
        """End what makes the pieces."""
        if isinstance(self._pieces, Iterator) and hasattr(self._pieces, "close"):
            self._pieces.close()


def delta(content: Any = None, *, calls: Any = None, finish: str | None = None, usage: Any = None) -> Thing:
    """A piece."""
    choice = Thing(index=0, delta=Thing(role="assistant", content=content, tool_calls=calls), finish_reason=finish)
    more = {"usage": Thing(**usage)} if usage else {}
    return Thing(id="x", created=1, model="twin", choices=[choice], **more)


def _call(identifier: Any, arguments: Any = _COMMAND, *, index: Any = 0, name: Any = "exec") -> Thing:
    function = Thing(name=name, arguments=arguments)
    return delta(calls=[Thing(index=index, id=identifier, type="function", function=function)])


def _usage(prompt: Any, completion: Any) -> dict[str, Any]:
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": 0}


def _endless() -> Iterator[Thing]:
    while True:
        yield delta("x" * 10_000)


def _endless_calls() -> Iterator[Thing]:
    index = 0
    while True:
        yield _call(f"c{index}", "{", index=index)
        index += 1


def _events(event: bytes) -> Iterator[Thing]:
    """The same bytes without end, through the worker's own code, with which this shares a process."""
    answer: Any = sys.modules["agent.llm_container.worker.answer"]
    usual = answer.event
    answer.event = lambda _: event
    try:
        while True:
            yield delta("x")
    finally:
        answer.event = usual


END = delta(finish="stop")
_CALLED = delta(finish="tool_calls")
POISONS: dict[str, Callable[[], Iterable[Thing]]] = {
    "endless text": _endless,
    "endless calls": _endless_calls,
    "a line without an end": lambda: _events(b"data: " + b"x" * 1_000_000),
    "an event without an end": lambda: _events(b"data: x\n" * 100_000),
    "a huge id": lambda: [_call("i" * 900_000), _CALLED],
    "many calls": lambda: [*(_call(f"c{n}", index=n) for n in range(3000)), _CALLED],
    "a name that is none": lambda: [_call("../x\n\x1b[2J", "[" * 90_000, name="exec; rm -rf / \x00" * 1000), _CALLED],
    "an index beyond counting": lambda: [_call("a", index=10**30), _CALLED],
    "escapes": lambda: [delta("before \x1b]52;c;cm0gLXJmIC8=\x07\x1b[2J\x9b31m\u202e after"), END],
    "what is no text": lambda: [delta(12345), END],
    "half a character": lambda: [delta("a\ud83d"), END],
    "usage beyond counting": lambda: [delta("a"), delta(finish="stop", usage=_usage(10**40, 10**40))],
    "usage just countable": lambda: [delta("a"), delta(finish="stop", usage=_usage(2**63 - 1, 2**63 - 1))],
    "usage of the negative": lambda: [delta("a"), delta(finish="stop", usage=_usage(-(10**9), -5))],
    "usage that is none": lambda: [delta("a"), delta(finish="stop", usage=_usage("NaN", float("nan")))],
    "no end": lambda: [delta("a")],
}
