"""The parameters of a request, whichever of the service's encodings they come in, and its lenient ways to read them."""

import json
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import BodyPartReader, web

from tests.fakes.telegram.errors import bad_request

_LEADING_INTEGER = re.compile(r"\s*(-?\d+)")
_TRUE = ("true", "yes", "1")


@dataclass(frozen=True)
class Upload:
    """A file that came with the request."""

    name: str
    mime_type: str
    content: bytes


@dataclass(frozen=True)
class Params:
    """Everything is text, as in the service; objects and arrays are JSON."""

    values: dict[str, str] = field(default_factory=dict)
    files: dict[str, Upload] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """The value, or nothing."""
        return self.values.get(name, "")

    def integer(self, name: str, default: int = 0, low: int = -(1 << 62), high: int = 1 << 62) -> int:
        """The leading digits, 0 when there are none, moved into the range: the service refuses no number here."""
        if name not in self.values:
            return default
        found = _LEADING_INTEGER.match(self.values[name])
        return max(low, min(high, int(found[1]) if found else 0))

    def flag(self, name: str) -> bool:
        """Whether the value is one of the service's words for yes."""
        return self.text(name).lower() in _TRUE

    def json(self, name: str, what: str) -> Any:
        """The decoded value, None when it is absent; `what` is its name in the refusal."""
        if not self.text(name):
            return None
        try:
            return json.loads(self.text(name))
        except ValueError:
            raise bad_request(f"Can't parse {what} JSON object") from None

    def recorded(self) -> dict[str, Any]:
        """For the record of calls: numbers and JSON decoded, of a file its name and size."""
        files = {name: {"file_name": file.name, "size": len(file.content)} for name, file in self.files.items()}
        return {name: _decoded(value) for name, value in self.values.items()} | files


def _decoded(value: str) -> Any:
    if not value or value[0] not in "{[-0123456789tfn":
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


async def read_params(request: web.Request) -> Params:
    """Query string and body together; a body of another kind is ignored, as the service ignores it."""
    params = Params(dict(request.query))
    if request.content_type == "multipart/form-data":
        await _read_multipart(request, params)
    elif request.content_type == "application/json":
        params.values.update(_from_json(await request.text()))
    elif request.content_type == "application/x-www-form-urlencoded":
        params.values.update(parse_qsl(await request.text(), keep_blank_values=True))
    return params


def _from_json(body: str) -> dict[str, str]:
    try:
        fields = json.loads(body)
    except ValueError:
        return {}
    if not isinstance(fields, dict):
        return {}
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in fields.items()}


async def _read_multipart(request: web.Request, params: Params) -> None:
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader) or part.name is None:
            continue
        if part.filename is None:
            params.values[part.name] = await part.text()
        else:
            mime_type = part.headers.get("Content-Type", "application/octet-stream")
            params.files[part.name] = Upload(part.filename, mime_type, await part.read())
