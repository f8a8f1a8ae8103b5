"""The parameters of a request: a form, a query string, or JSON where the method takes it; all of them text."""

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from tests.fakes.slack.errors import ApiError


@dataclass(frozen=True)
class Params:
    """Objects and arrays are JSON, as in a form."""

    values: dict[str, str] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """The value, or nothing."""
        return self.values.get(name, "")

    def integer(self, name: str, default: int) -> int:
        """A whole number; raises ApiError."""
        value = self.text(name)
        if not value:
            return default
        if not value.isdecimal():
            raise ApiError("invalid_arguments")
        return int(value)

    def flag(self, name: str) -> bool:
        """Whether it is one of the words for yes."""
        return self.text(name).lower() in ("1", "true")

    def json(self, name: str) -> Any:
        """The decoded value, None when it is absent; raises ApiError."""
        try:
            return json.loads(self.text(name)) if self.text(name) else None
        except ValueError:
            raise ApiError("invalid_arguments") from None

    def recorded(self) -> dict[str, Any]:
        """For the record of calls, without the token."""
        return {name: _decoded(value) for name, value in self.values.items() if name != "token"}


def _decoded(value: str) -> Any:
    if value[:1] not in ("{", "["):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


async def read_params(request: web.Request, *, takes_json: bool) -> Params:
    """Query string and body together; raises ApiError for JSON that is none."""
    values = dict(request.query)
    if request.content_type == "application/json":
        values |= _from_json(await request.text()) if takes_json else {}
    elif request.content_type == "application/x-www-form-urlencoded":
        values |= dict(parse_qsl(await request.text(), keep_blank_values=True))
    return Params(values)


def _from_json(body: str) -> dict[str, str]:
    try:
        fields = json.loads(body or "{}")
    except ValueError:
        raise ApiError("invalid_json") from None
    if not isinstance(fields, dict):
        raise ApiError("json_not_object")
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in fields.items()}
