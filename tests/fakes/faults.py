"""What a test has ordered to go wrong with the next requests of a service's HTTP API."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol, TypeVar

from aiohttp import web

from tests.fakes.web import fall_silent, reset_connection


class Fault(Protocol):
    """What the orders for all services have in common; see `wire.TelegramFault`."""

    @property
    def kind(self) -> str:
        """What happens."""

    @property
    def seconds(self) -> float:
        """After how long, where something happens later."""

    times: int


F = TypeVar("F", bound=Fault)


class Faults(list[F]):
    """Orders in the sequence in which they came; each is used up by the requests that it befalls."""

    def take(self, befalls: Callable[[F], bool]) -> F | None:
        """The first order that befalls a request."""
        for fault in self:
            if befalls(fault):
                fault.times -= 1
                if fault.times <= 0:
                    self.remove(fault)
                return fault
        return None


async def disturb(fault: Fault, request: web.Request) -> None:
    """Lose the connection or the time, as ordered; returns when there is still something to be answered."""
    if fault.kind == "reset":
        await reset_connection(request)
    if fault.kind == "silence":
        await fall_silent()
    if fault.kind == "hang":
        await asyncio.sleep(fault.seconds)
