"""The file server: uploads to an address that was given out, downloads with the bot's token."""

from __future__ import annotations

from aiohttp import web

from tests.fakes.slack.world import World
from tests.fakes.web import new_application


def application(world: World) -> web.Application:
    """To be served as files.slack.com."""
    served = new_application()

    async def upload(request: web.Request) -> web.Response:
        file = world.files.get(request.match_info["file"])
        content = await request.read()
        if file is None or file.content is not None or len(content) != file.length:
            raise web.HTTPBadRequest
        file.content = content
        return web.Response(text=f"OK - {len(content)}")

    async def download(request: web.Request) -> web.Response:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token not in world.tokens or "files:read" not in world.scopes:
            raise web.HTTPFound("https://lab.slack.com/?redir=login")
        file = world.files.get(request.match_info["file"])
        if file is None or file.content is None:
            raise web.HTTPNotFound
        return web.Response(body=file.content, content_type=file.media_type)

    served.router.add_post("/upload/{file}", upload)
    served.router.add_get("/files-pri/T0LAB00001-{file}/{rest:.*}", download)
    return served
