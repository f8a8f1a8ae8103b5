"""What a test has ordered to go wrong with the next requests of the HTTP API."""

from __future__ import annotations

import asyncio

from aiohttp import web

from tests.fakes.discord.errors import ApiError
from tests.fakes.discord.ratelimits import too_many
from tests.fakes.discord.wire import DiscordFault
from tests.fakes.web import fall_silent, reset_connection


class Faults:
    """Orders in the sequence in which they came; each is used up by the requests that it befalls."""

    def __init__(self) -> None:
        """Nothing goes wrong."""
        self._orders: list[DiscordFault] = []

    def add(self, fault: DiscordFault) -> None:
        """Orders one more."""
        self._orders.append(fault)

    def take(self, route: str) -> DiscordFault | None:
        """What befalls this request."""
        for fault in self._orders:
            if fault.route in ("*", route):
                fault.times -= 1
                if fault.times <= 0:
                    self._orders.remove(fault)
                return fault
        return None


async def suffer(fault: DiscordFault, request: web.Request) -> web.Response | None:
    """Plays the fault: a raw answer, ApiError, a lost connection, or (after a pause) nothing at all."""
    if fault.kind == "reset":
        await reset_connection(request)
    if fault.kind == "silence":
        await fall_silent()
    if fault.kind == "rate_limit":
        return too_many(fault.seconds, whole=fault.whole)
    if fault.kind == "hang":
        await asyncio.sleep(fault.seconds)
    if fault.kind in ("hang", "lost"):
        return None
    if fault.body is not None:
        return web.Response(status=fault.status, text=fault.body, content_type="text/html")
    raise ApiError(fault.status, fault.code, fault.message)
