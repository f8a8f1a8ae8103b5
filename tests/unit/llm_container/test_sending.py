"""A stream that ends in good order but without a reason: litellm makes one up, which must not pass for an answer."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from agent.llm_container.worker import app


class _Sink:
    def __init__(self) -> None:
        self.sent = b""

    async def write(self, data: bytes) -> None:
        self.sent += data


class _Stream:
    def __init__(self, pieces: list[Any], reason: str | None) -> None:
        self._pieces = pieces
        self.received_finish_reason = reason

    def __aiter__(self) -> _Stream:
        return self

    async def __anext__(self) -> Any:
        if not self._pieces:
            raise StopAsyncIteration
        return self._pieces.pop(0)


def piece(text: str | None, finish_reason: str | None = None) -> Any:
    delta = SimpleNamespace(content=text, tool_calls=None)
    choice = SimpleNamespace(index=0, delta=delta, finish_reason=finish_reason)
    return SimpleNamespace(id="x", created=1, model="m", choices=[choice])


@pytest.mark.parametrize(("reason", "ends"), [("stop", b"data: [DONE]\n\n"), (None, b'"code":"broken_off"}}\n\n')])
def test_only_a_reason_that_the_provider_gave_ends_an_answer(reason: str | None, ends: bytes) -> None:
    sink: Any = _Sink()
    stream: Any = _Stream([piece(None, "stop")], reason)

    asyncio.run(app._send(sink, stream, piece("half an ans")))

    assert b"half an ans" in sink.sent
    assert sink.sent.endswith(ends)
    assert (b'finish_reason":"stop' in sink.sent) == (reason is not None)
