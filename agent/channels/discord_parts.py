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
from pathlib import Path
from types import ModuleType

_VERSION = re.compile(r"^__version__ = ['\"]([^'\"]+)", re.MULTILINE)


def _put_in_place() -> None:
    spec = importlib.util.find_spec("discord")
    if "discord" in sys.modules or spec is None or spec.loader is None or spec.origin is None:
        return
    package, loader = importlib.util.module_from_spec(spec), spec.loader
    version = _VERSION.search(Path(spec.origin).read_text(encoding="utf-8"))

    def missing(name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        if importlib.util.find_spec(f"discord.{name}") is not None:
            return importlib.import_module(f"discord.{name}")
        vars(package).pop("__getattr__", None)
        loader.exec_module(package)
        return getattr(package, name)

    _fill(package, missing, version[1] if version is not None else "2")
    sys.modules["discord"] = package


def _fill(package: ModuleType, missing: object, version: str) -> None:
    vars(package).update(__version__=version, __getattr__=missing)


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
