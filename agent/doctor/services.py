"""Asking the chat services for nothing but the time: whether they are found, and by how much this clock is off."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http.client import HTTPException, HTTPSConnection

from agent.http import tls_context

# Where the channels of these names connect to.
HOSTS = {"telegram": "api.telegram.org", "discord": "discord.com", "slack": "slack.com"}
_PATIENCE_S = 10.0
# X509_V_ERR_CERT_NOT_YET_VALID and X509_V_ERR_CERT_HAS_EXPIRED
_UNTIMELY = (9, 10)


@dataclass(frozen=True)
class Service:
    """What became of it; whether its API works is the channel's to say.

    Attributes:
        host: who was asked.
        unresolved: what the resolver said, when it did not find it.
        untimely: what is wrong with its certificate, when that is not valid now.
        clock_off_s: by how many seconds this clock is ahead of its own; None when it did not say.
    """

    host: str
    unresolved: str = ""
    untimely: str = ""
    clock_off_s: float | None = None


def ask(channels: Iterable[str], port: int = 443) -> list[Service]:
    """The services of the channels of these names, one after the other."""
    return [_ask(HOSTS[name], port) for name in channels if name in HOSTS]


def _ask(host: str, port: int) -> Service:
    try:
        socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        return Service(host, unresolved=error.strerror or type(error).__name__)
    connection = HTTPSConnection(host, port, timeout=_PATIENCE_S, context=tls_context())
    before = time.time()
    try:
        connection.request("HEAD", "/")
        date = connection.getresponse().headers["Date"]
    except ssl.SSLCertVerificationError as error:
        return Service(host, untimely=error.verify_message if error.verify_code in _UNTIMELY else "")
    except (OSError, HTTPException):
        return Service(host)
    finally:
        connection.close()
    return Service(host, clock_off_s=_off(date, before, time.time()))


def _off(date: str | None, before: float, after: float) -> float | None:
    """By how much a time between these two is ahead of an HTTP date."""
    try:
        told = parsedate_to_datetime(date or "").timestamp()
    except ValueError:
        return None
    return before - told if before > told else min(after - told, 0.0)
