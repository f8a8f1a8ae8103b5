"""The parts of slack_sdk that are needed, and no more.

The packages of slack_sdk load its synchronous clients and three generations of Web API methods when they are imported:
7 MB of memory (measured, -OO), of which the parts here need 1. So they are entered without that.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec, module_from_spec


def _enter(package: str) -> None:
    """Make a package's modules importable without running its `__init__`."""
    spec = None if package in sys.modules else find_spec(package)
    if spec is not None:
        sys.modules[package] = module_from_spec(spec)


for _package in ("slack_sdk", "slack_sdk.web", "slack_sdk.socket_mode"):
    _enter(_package)

from slack_sdk.errors import SlackApiError, SlackClientError  # noqa: E402 - what comes before it is the point
from slack_sdk.socket_mode.request import SocketModeRequest  # noqa: E402
from slack_sdk.socket_mode.response import SocketModeResponse  # noqa: E402
from slack_sdk.web.async_base_client import AsyncBaseClient  # noqa: E402

__all__ = ["AsyncBaseClient", "SlackApiError", "SlackClientError", "SocketModeRequest", "SocketModeResponse"]
