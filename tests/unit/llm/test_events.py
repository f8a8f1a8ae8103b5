"""A stream that would take all memory is left; a long one is read."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterable

import httpx
import pytest

from agent.llm.errors import LLMTooLongError
from agent.llm.events import LONGEST_EVENT, events

PIECE = "x" * 65_536


async def _sent(pieces: Iterable[str]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece.encode()


def read(pieces: Iterable[str]) -> list[str]:
    """The events of a response that comes in these pieces."""

    async def reading() -> list[str]:
        response = httpx.Response(200, headers={"content-type": "text/event-stream"}, content=_sent(pieces))
        return [event async for event in events(response)]

    return asyncio.run(reading())


@pytest.mark.parametrize(
    "endless",
    [
        pytest.param(itertools.chain(["data: "], itertools.repeat(PIECE)), id="line"),
        pytest.param(itertools.repeat("data: x\n" * 8192), id="event"),
        pytest.param(itertools.repeat(": x\n\n" * 8192), id="comments"),
    ],
)
def test_what_has_no_end_is_left(endless: Iterable[str]) -> None:
    with pytest.raises(LLMTooLongError):
        read(endless)


def test_many_events_may_be_longer_together() -> None:
    count = 3 * LONGEST_EVENT // len(PIECE)
    assert read([f"data: {PIECE}\n\n"] * count) == [PIECE] * count
