"""The servers of attachments: an address is signed, and one that has expired is refused."""

from __future__ import annotations

from aiohttp import web

from tests.fakes.discord.world import World
from tests.fakes.web import new_application


def application(world: World) -> web.Application:
    """To be served as cdn.discordapp.com and media.discordapp.net."""
    served = new_application()

    async def download(request: web.Request) -> web.Response:
        file = world.files.get(request.match_info["file"])
        if file is None or request.query.get("hm") != file.key:
            raise web.HTTPNotFound(text="This content is no longer available.")
        return web.Response(body=file.content, content_type=file.media_type)

    served.router.add_get("/attachments/{channel}/{file}/{name}", download)
    return served
