"""What the service's own refusals look like where a test has ordered them."""

from aiohttp import web

from tests.fakes.faults import disturb
from tests.fakes.telegram.errors import ApiError
from tests.fakes.wire import TelegramFault


async def suffer(fault: TelegramFault, request: web.Request) -> web.Response | None:
    """Plays the fault: a raw answer, ApiError, a lost connection, or (after a pause) nothing at all."""
    await disturb(fault, request)
    if fault.kind == "hang":
        return None
    if fault.body is not None:
        return web.Response(status=fault.status, text=fault.body)
    raise ApiError(fault.status, fault.description, **fault.parameters)
