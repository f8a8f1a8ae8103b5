"""Reads what comes to the control API; what does not fit is answered with 400 and the reason."""

from typing import TypeVar

import msgspec
from aiohttp import web

T = TypeVar("T")


async def body_of(request: web.Request, form: type[T]) -> T:
    """The JSON body in the given form."""
    try:
        return msgspec.json.decode(await request.read(), type=form)
    except msgspec.MsgspecError as error:
        raise web.HTTPBadRequest(text=f"{request.path}: {error}") from None


def number(request: web.Request, name: str) -> int:
    """A whole number of the query string, 0 when it is absent."""
    return int(seconds(request, name))


def seconds(request: web.Request, name: str) -> float:
    """A number of the query string, 0 when it is absent."""
    try:
        return float(request.query.get(name, "0"))
    except ValueError:
        raise web.HTTPBadRequest(text=f"{request.path}: {name} must be a number") from None
