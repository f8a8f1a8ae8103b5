"""What a test has ordered to go wrong with the next requests."""

import asyncio

from aiohttp import web

from tests.fakes.telegram.errors import ApiError
from tests.fakes.web import fall_silent, reset_connection
from tests.fakes.wire import TelegramFault


class Faults:
    """Orders in the sequence in which they came; each is used up by the requests that it befalls."""

    def __init__(self) -> None:
        """Nothing goes wrong."""
        self._orders: list[TelegramFault] = []

    @property
    def waiting(self) -> int:
        """How many have not been used up."""
        return len(self._orders)

    def clear(self) -> None:
        """Nothing goes wrong any more."""
        self._orders.clear()

    def add(self, fault: TelegramFault) -> None:
        """Orders one more."""
        self._orders.append(fault)

    def take(self, method: str) -> TelegramFault | None:
        """What befalls this request of `method` (small letters)."""
        for fault in self._orders:
            if fault.method in ("*", method) or fault.method.lower() == method:
                fault.times -= 1
                if fault.times <= 0:
                    self._orders.remove(fault)
                return fault
        return None


async def suffer(fault: TelegramFault, request: web.Request) -> web.Response | None:
    """Plays the fault: a raw answer, ApiError, a lost connection, or (after a pause) nothing at all."""
    if fault.kind == "reset":
        await reset_connection(request)
    if fault.kind == "silence":
        await fall_silent()
    if fault.kind == "hang":
        await asyncio.sleep(fault.seconds)
        return None
    if fault.body is not None:
        return web.Response(status=fault.status, text=fault.body)
    raise ApiError(fault.status, fault.description, **fault.parameters)
