"""What a test has ordered to go wrong with the next requests of the HTTP API."""

from __future__ import annotations

import asyncio
import re

from aiohttp import web

from tests.fakes.discord.errors import ApiError
from tests.fakes.discord.ratelimits import too_many
from tests.fakes.web import fall_silent, reset_connection
from tests.fakes.wire import DiscordFault


class Faults(list[DiscordFault]):
    """Orders in the sequence in which they came; each is used up by the requests that it befalls."""

    def take(self, method: str, path: str) -> DiscordFault | None:
        """What befalls this request."""
        for fault in self:
            if fault.method in ("*", method) and re.search(fault.path, path):
                fault.times -= 1
                if fault.times <= 0:
                    self.remove(fault)
                return fault
        return None


async def suffer(fault: DiscordFault, request: web.Request) -> web.Response | None:
    """Plays the fault: a raw answer, ApiError, a lost connection, or (after a pause) nothing at all."""
    if fault.kind == "reset":
        await reset_connection(request)
    if fault.kind == "silence":
        await fall_silent()
    if fault.kind == "hang":
        await asyncio.sleep(fault.seconds)
    if fault.kind in ("hang", "lost"):
        return None
    if fault.status == 429 and fault.body is None:
        return too_many(fault.seconds, whole=fault.whole)
    if fault.body is not None:
        return web.Response(status=fault.status, text=fault.body, content_type="text/html")
    raise ApiError(fault.status, fault.code, fault.message)
