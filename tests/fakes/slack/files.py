"""Files: the methods, the place to upload to, and the downloads, which want the bot's token."""

from __future__ import annotations

import secrets
from typing import Any

from aiohttp import web

from tests.fakes import defaults
from tests.fakes.slack import events
from tests.fakes.slack.errors import ApiError
from tests.fakes.slack.messages import StoredFile, StoredMessage
from tests.fakes.slack.params import Params
from tests.fakes.slack.world import World
from tests.fakes.web import new_application

_LARGEST = 1024 * 1024 * 1024


def get_upload_url(world: World, params: Params) -> dict[str, Any]:
    """Where a file can be uploaded."""
    name, length = params.text("filename"), params.integer("length", 0)
    if not name or length <= 0:
        raise ApiError("invalid_arguments")
    if length > _LARGEST:
        raise ApiError("file_upload_size_restricted")
    file = StoredFile(world.next_file_id(), name, "application/octet-stream", length, uploaded=False)
    ticket = secrets.token_urlsafe(24)
    world.files[file.id] = world.uploads[ticket] = file
    return {"upload_url": f"{world.address(defaults.SLACK_FILES_HOST)}/upload/v1/{ticket}", "file_id": file.id}


def complete_upload(world: World, params: Params) -> dict[str, Any]:
    """Shows uploaded files in a channel."""
    named = params.json("files")
    if not isinstance(named, list) or not named:
        raise ApiError("invalid_arguments")
    files = [_uploaded(world, str(one.get("id")) if isinstance(one, dict) else "") for one in named]
    if name := params.text("channel_id"):
        channel = world.joined(name)
        message = StoredMessage(
            world.next_ts(),
            channel,
            defaults.SLACK_BOT_USER,
            params.text("initial_comment"),
            params.text("thread_ts") or None,
            files=files,
            subtype="file_share",
        )
        world.store(message)
        events.written(world, message)
    return {"files": [{"id": file.id, "title": file.name} for file in files]}


def info(world: World, params: Params) -> dict[str, Any]:
    """A file."""
    file = world.files.get(params.text("file"))
    if file is None:
        raise ApiError("file_not_found")
    return {"file": file.as_object(world.address(defaults.SLACK_FILES_HOST))}


def _uploaded(world: World, file_id: str) -> StoredFile:
    file = world.files.get(file_id)
    if file is None or not file.uploaded:
        raise ApiError("file_not_found")
    return file


class FileHost:
    """files.slack.com."""

    def __init__(self, world: World) -> None:
        """Serves this world."""
        self._world = world

    def application(self) -> web.Application:
        """To be served as files.slack.com."""
        application = new_application()
        application.router.add_post("/upload/v1/{ticket}", self._upload)
        application.router.add_get("/{kind:files-pri|files-tmb}/{place}/{rest:.+}", self._download)
        return application

    async def _upload(self, request: web.Request) -> web.Response:
        file = self._world.uploads.pop(request.match_info["ticket"], None)
        if file is None:
            raise web.HTTPNotFound(text="upload url expired")
        content = await request.read()
        if len(content) != file.length:
            raise web.HTTPBadRequest(text="length of the file is not what was announced")
        file.content, file.uploaded = content, True
        return web.Response(text=f"OK - {len(content)}")

    async def _download(self, request: web.Request) -> web.Response:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token not in self._world.bot_tokens or "files:read" not in self._world.scopes:
            # a browser is asked to sign in, and that is what everybody gets
            raise web.HTTPFound(f"{self._world.address(defaults.SLACK_HOST)}/?redir=%2Ffiles-pri")
        file = self._world.files.get(request.match_info["place"].split("-")[1])
        if file is None:
            raise web.HTTPNotFound
        if self._world.moved_to:
            raise web.HTTPFound(self._world.moved_to)
        return web.Response(body=file.content, content_type=file.mime_type)
