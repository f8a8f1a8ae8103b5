"""The events of a stream, none longer than memory allows: a provider may send one that never ends."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import cast

import httpx
from httpx_sse import EventSource

from agent.llm.errors import LLMTooLongError

# A whole answer in one piece, each character of it escaped, is not longer; what reads it holds it a few times.
LONGEST_EVENT = 4_000_000


async def events(response: httpx.Response) -> AsyncIterator[str]:
    """The data of each event; LLMTooLongError when one has no end."""
    bounded = _Bounded(response)
    async for event in EventSource(cast("httpx.Response", bounded)).aiter_sse():
        bounded.unread = 0
        yield event.data


class _Bounded:
    """What EventSource uses of a response."""

    def __init__(self, response: httpx.Response) -> None:
        self.headers = response.headers
        #: characters that have come since the last whole event
        self.unread = 0
        self._response = response

    async def aiter_text(self) -> AsyncIterator[str]:
        async for text in self._response.aiter_text():
            self.unread += len(text)
            if self.unread > LONGEST_EVENT:
                raise LLMTooLongError(f"a piece of the answer is longer than {LONGEST_EVENT} characters")
            yield text
