"""discord.py by parts: its websocket and its HTTP client, without the rest.

The package itself imports voice, buttons, menus and a hundred models, 8 MB of which nothing is used here. So it is put
in place without being run; should anybody ask for something else of it, it is run then.
"""

from __future__ import annotations

import importlib
import importlib.util
import logging
import re
import sys
from importlib.abc import InspectLoader

_VERSION = re.compile(r"\d+\.\d+\.\d+\w*")


def _put_in_place() -> None:
    spec = None if "discord" in sys.modules else importlib.util.find_spec("discord")
    if spec is None or not isinstance(spec.loader, InspectLoader):
        return
    package, loader = importlib.util.module_from_spec(spec), spec.loader

    def missing(name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        if importlib.util.find_spec(f"discord.{name}") is not None:
            return importlib.import_module(f"discord.{name}")
        vars(package).pop("__getattr__", None)
        loader.exec_module(package)
        return getattr(package, name)

    vars(package).update(__version__=_version(loader), __getattr__=missing)
    sys.modules["discord"] = package


def _version(loader: InspectLoader) -> str:
    """What the package would say of itself; the image has its byte code only."""
    code = loader.get_code("discord")
    constants = code.co_consts if code is not None else ()
    return next((one for one in constants if isinstance(one, str) and _VERSION.fullmatch(one)), "2")


_put_in_place()

from discord.errors import (  # noqa: E402 - the package has to be in place
    ConnectionClosed,
    DiscordException,
    DiscordServerError,
    HTTPException,
    LoginFailure,
    NotFound,
    RateLimited,
)
from discord.file import File  # noqa: E402
from discord.flags import Intents  # noqa: E402
from discord.gateway import DiscordWebSocket, ReconnectWebSocket  # noqa: E402
from discord.http import HTTPClient, Route  # noqa: E402

# What they say below is names of sessions, and addresses that hold the token of a command.
logging.getLogger("discord.gateway").setLevel(logging.WARNING)
logging.getLogger("discord.http").setLevel(logging.ERROR)

__all__ = [
    "ConnectionClosed",
    "DiscordException",
    "DiscordServerError",
    "DiscordWebSocket",
    "File",
    "HTTPClient",
    "HTTPException",
    "Intents",
    "LoginFailure",
    "NotFound",
    "RateLimited",
    "ReconnectWebSocket",
    "Route",
]
