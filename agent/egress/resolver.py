"""Name lookups that cannot starve the gateway: a bounded number of threads of their own for each client.

asyncio's own getaddrinfo shares one small pool of threads with the gateway's chat and model connections, and a lookup
goes on for up to half a minute after its timeout when no name server answers: a client asking for many dead names
would keep the pool busy.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable
from typing import Any

from agent.egress import addresses
from agent.egress.addresses import Address
from agent.egress.errors import RefusedError

# (host, port) to rows as getaddrinfo gives them.
Lookup = Callable[[str, int], list[tuple[Any, ...]]]

_UNKNOWN = (socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME))


def system_lookup(host: str, port: int) -> list[tuple[Any, ...]]:
    """What the container's name servers and /etc/hosts say."""
    # As bytes: Python would load its own IDNA tables (1 MB) for a str.
    return socket.getaddrinfo(host.encode(), port, type=socket.SOCK_STREAM)


class Resolver:
    """One client's lookups; at most `at_once` run at a time, even those that nobody waits for any more."""

    def __init__(self, at_once: int, lookup: Lookup = system_lookup) -> None:
        self._places = asyncio.Semaphore(at_once)
        self._lookup = lookup

    async def addresses(self, host: str, port: int, patience: float) -> list[Address]:
        """Every address of a name, in the order to try them; RefusedError (502 or 504) when there is none."""
        try:
            async with asyncio.timeout(patience):
                await self._places.acquire()
                rows = await self._start(host, port)
        except TimeoutError:
            raise RefusedError(504, f"{host} was not resolved within {patience:g} s", "failed") from None
        except socket.gaierror as error:
            raise RefusedError(502, _reason(host, error), "failed") from None
        except (OSError, UnicodeError, RuntimeError) as error:
            raise RefusedError(502, f"{host} cannot be resolved: {type(error).__name__}", "failed") from None
        try:
            return list(dict.fromkeys(addresses.parse(row[4][0]) for row in rows))
        except ValueError:
            raise RefusedError(403, f"{host} resolves to an address of the gateway's own link") from None

    def _start(self, host: str, port: int) -> asyncio.Future[list[tuple[Any, ...]]]:
        loop = asyncio.get_running_loop()
        result: asyncio.Future[list[tuple[Any, ...]]] = loop.create_future()

        def finish(rows: list[tuple[Any, ...]], error: Exception | None) -> None:
            self._places.release()
            if result.done():
                return
            if error is None:
                result.set_result(rows)
            else:
                result.set_exception(error)

        def run() -> None:
            rows: list[tuple[Any, ...]] = []
            failure: Exception | None = None
            try:
                rows = self._lookup(host, port)
            except Exception as error:  # noqa: BLE001 - raised again where it is awaited
                failure = error
            with contextlib.suppress(RuntimeError):  # the gateway has ended meanwhile
                loop.call_soon_threadsafe(finish, rows, failure)

        try:
            # A daemon, or a dead name server would hold up the gateway's end.
            threading.Thread(target=run, name="egress lookup", daemon=True).start()
        except RuntimeError:
            self._places.release()
            raise
        return result


def _reason(host: str, error: socket.gaierror) -> str:
    if error.errno in _UNKNOWN:
        return f"{host} does not exist: no name server knows an address of it"
    return f"{host} cannot be resolved just now: {error.strerror}"
