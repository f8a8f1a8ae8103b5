"""What the service's own refusals look like where a test has ordered them."""

from __future__ import annotations

from aiohttp import web

from tests.fakes.discord.errors import ApiError
from tests.fakes.discord.ratelimits import too_many
from tests.fakes.faults import disturb
from tests.fakes.wire import DiscordFault


async def suffer(fault: DiscordFault, request: web.Request) -> web.Response | None:
    """Plays the fault: a raw answer, ApiError, a lost connection, or (after a pause) nothing at all."""
    await disturb(fault, request)
    if fault.kind in ("hang", "lost"):
        return None
    if fault.status == 429 and fault.body is None:
        return too_many(fault.seconds, whole=fault.whole)
    if fault.body is not None:
        kind = "application/json" if fault.body.startswith("{") else "text/html"
        return web.Response(status=fault.status, body=fault.body.encode(), content_type=kind)
    raise ApiError(fault.status, fault.code, fault.message)
