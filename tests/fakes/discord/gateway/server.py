"""The Gateway's address: which version, encoding and compression may be asked for."""

from __future__ import annotations

from aiohttp import web

from tests.fakes.discord.gateway.connection import Connection
from tests.fakes.discord.world import World
from tests.fakes.web import new_application


def gateway(world: World) -> web.Application:
    """To be served as gateway.discord.gg."""

    async def connect(request: web.Request) -> web.StreamResponse:
        query = request.query
        if query.get("v") not in ("9", "10") or query.get("encoding", "json") != "json":
            return await _refused(request, 4012)
        if query.get("compress", "zlib-stream") != "zlib-stream":
            return await _refused(request, 4012)
        return await Connection(world.hub, request).serve()

    application = new_application()
    application.router.add_get("/", connect)
    return application


async def _refused(request: web.Request, code: int) -> web.StreamResponse:
    ws = web.WebSocketResponse()
    await ws.prepare(request)
    await ws.close(code=code)
    return ws
