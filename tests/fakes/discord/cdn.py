"""cdn.discordapp.com and media.discordapp.net: attachments, and from the latter pictures made smaller."""

from __future__ import annotations

from aiohttp import web

from tests.fakes.discord.objects import StoredFile
from tests.fakes.discord.world import World
from tests.fakes.pictures import picture
from tests.fakes.web import new_application

_GONE = "This content is no longer available."


def files_site(world: World, *, resizes: bool) -> web.Application:
    """To be served as one of the two hosts."""

    async def attachment(request: web.Request) -> web.Response:
        where = request.match_info
        file = world.files.at(where["channel_id"], where["attachment_id"], where["name"], request.query)
        if file is None:
            return web.Response(status=404, text=_GONE)
        content = _smaller(file, request) if resizes and file.size is not None else file.content
        return web.Response(body=content, content_type=file.media_type)

    application = new_application()
    application.router.add_get("/attachments/{channel_id}/{attachment_id}/{name}", attachment)
    return application


def _smaller(file: StoredFile, request: web.Request) -> bytes:
    """A picture of the size that is asked for, never larger; the stand-in knows no picture but red ones."""
    width, height = file.size or (1, 1)
    wide, high = (request.query.get(name, "") for name in ("width", "height"))
    if not (wide.isdecimal() and high.isdecimal()) or int(wide) >= width:
        return file.content
    return picture(max(1, int(wide)), max(1, min(height, int(high))))
