"""What came with a request of the HTTP API: JSON, or a form with files."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from aiohttp import BodyPartReader, web

from tests.fakes.discord import errors
from tests.fakes.discord.errors import ApiError, form_error
from tests.fakes.discord.snowflakes import is_snowflake

LARGEST_FILE = 10 * 1024 * 1024
_LARGEST_REQUEST = 25 * 1024 * 1024
_MOST_FILES = 10


@dataclass(frozen=True)
class Upload:
    """A file that came with the request."""

    name: str
    media_type: str
    content: bytes


@dataclass
class Asked:
    """A request, read."""

    places: dict[str, str]
    query: dict[str, str]
    body: Any = None
    uploads: dict[str, Upload] = field(default_factory=dict)

    @property
    def fields(self) -> dict[str, Any]:
        """The body, where an object is asked for."""
        if not isinstance(self.body, dict):
            raise form_error("", "DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType")
        return self.body

    def snowflake(self, name: str) -> str | None:
        """An id of the query; raises ApiError when it is none."""
        value = self.query.get(name)
        if value is not None and not is_snowflake(value):
            raise errors.not_a_snowflake(name, value)
        return value

    def integer(self, name: str, default: int, low: int, high: int) -> int:
        """A number of the query; raises ApiError when it is none or out of range."""
        value = self.query.get(name)
        if value is None:
            return default
        if not value.isdecimal():
            raise form_error(name, "NUMBER_TYPE_COERCE", f'Value "{value}" is not int.')
        if int(value) < low:
            raise form_error(name, "NUMBER_TYPE_MIN", f"int value should be greater than or equal to {low}.")
        if int(value) > high:
            raise form_error(name, "NUMBER_TYPE_MAX", f"int value should be less than or equal to {high}.")
        return int(value)

    def recorded(self) -> Any:
        """The body for the record of calls; of files their names and sizes."""
        if not self.uploads:
            return self.body
        files = {name: {"file_name": file.name, "size": len(file.content)} for name, file in self.uploads.items()}
        return {**self.body, "files": files} if isinstance(self.body, dict) else files


async def read(request: web.Request) -> Asked:
    """Raises ApiError when the body is too large, or is not what it says."""
    asked = Asked(dict(request.match_info), dict(request.query))
    if (request.content_length or 0) > _LARGEST_REQUEST:
        raise ApiError(*errors.TOO_LARGE)
    if request.content_type == "multipart/form-data":
        await _read_form(request, asked)
    elif request.can_read_body:
        if request.content_type != "application/json":
            raise ApiError(400, 50035, "Invalid Form Body", {"_errors": [_expected(request.content_type)]})
        asked.body = _json(await request.text())
    if any(len(file.content) > LARGEST_FILE for file in asked.uploads.values()):
        raise ApiError(*errors.TOO_LARGE)
    return asked


async def _read_form(request: web.Request, asked: Asked) -> None:
    fields: dict[str, Any] = {}
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader) or part.name is None:
            continue
        if part.filename is None:
            text = await part.text()
            fields |= _json(text) if part.name == "payload_json" else {part.name: text}
        else:
            media_type = part.headers.get("Content-Type", "application/octet-stream")
            asked.uploads[part.name] = Upload(part.filename, media_type, bytes(await part.read()))
    asked.body = fields
    if len(asked.uploads) > _MOST_FILES:
        raise form_error("files", "BASE_TYPE_MAX_LENGTH", f"Must be {_MOST_FILES} or fewer in length.")


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        raise ApiError(*errors.INVALID_JSON) from None


def _expected(content_type: str) -> dict[str, str]:
    message = f'Expected "Content-Type" header to be one of {{"application/json"}}; it is {content_type}'
    return {"code": "CONTENT_TYPE_INVALID", "message": message}
