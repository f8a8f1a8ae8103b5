"""The proxy's listening sockets, one for each client, and the bounds on how many connections it holds."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Self

from agent.background import Background
from agent.egress.errors import EgressError, RefusedError, answer
from agent.egress.policy import Policy
from agent.egress.resolver import Lookup, Resolver, system_lookup
from agent.egress.session import Session
from agent.egress.tunnel import CHUNK
from agent.store.audit import EgressRecord

log = logging.getLogger("egress")

TOTAL = 64

_BACKLOG = 64
_ACCEPTED_AT_ONCE = 16
_FAULT_PAUSE_S = 1.0


class EgressProxy:
    """Serves CONNECT on Unix sockets; a client is known by the socket it comes through.

    Use as `async with EgressProxy({path: policy}, recorder.add)`, or `start` and `close`.

    Args:
        policies: a socket's path to what its client may.
        record: is called once for each connection, after its end; it must not raise.
        total: connections at a time, of all clients together.
        lookup: how names are resolved.
    """

    def __init__(
        self,
        policies: Mapping[Path, Policy],
        record: Callable[[EgressRecord], None],
        *,
        total: int = TOTAL,
        lookup: Lookup = system_lookup,
    ) -> None:
        self._total = total
        self._record = record
        self._buffer = memoryview(bytearray(CHUNK))
        self._doors = [_Door(self, path, policy, lookup) for path, policy in policies.items()]
        self._sessions = Background()

    async def start(self) -> None:
        """Listen; EgressError when that is impossible."""
        for door in self._doors:
            try:
                door.open()
            except OSError as error:
                await self.close()
                raise EgressError(
                    f"The egress proxy cannot listen on {door.path}: {error.strerror}. "
                    f"Is a volume mounted at {door.path.parent}, writable?"
                ) from error

    async def close(self) -> None:
        """Stop listening and end every connection; each is recorded."""
        for door in self._doors:
            door.close()
        await asyncio.sleep(0)  # one that never ran could not close its socket
        await self._sessions.aclose()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def connections(self) -> int:
        """How many are open."""
        return len(self._sessions)

    def admit(self, client: socket.socket, door: _Door) -> None:
        """Serve a connection that a door has accepted, or refuse it for want of room."""
        limit = door.policy.limits.connections
        if door.sessions >= limit or len(self._sessions) >= self._total:
            self._turn_away(client, door.policy)
            return
        session = Session(client, door.policy, door.resolver, self._buffer)
        door.sessions += 1
        self._sessions.start(self._serve(session, door))

    async def _serve(self, session: Session, door: _Door) -> None:
        try:
            self._record(await session.run())
        finally:
            door.sessions -= 1

    def _turn_away(self, client: socket.socket, policy: Policy) -> None:
        limit = min(policy.limits.connections, self._total)
        reason = f"Too many connections at a time: at most {limit} are served, close some"
        with client, contextlib.suppress(OSError):
            client.send(answer(RefusedError(503, reason)))
        self._record(EgressRecord(policy.client, "", 0, "", 0, 0, 0.0, "refused", reason))


class _Door:
    """One listening socket; accepts no faster than its client's rate, the rest waits in the kernel's queue."""

    def __init__(self, proxy: EgressProxy, path: Path, policy: Policy, lookup: Lookup) -> None:
        self.path = path
        self.policy = policy
        self.resolver = Resolver(policy.limits.lookups, lookup)
        self.sessions = 0
        self._proxy = proxy
        self._burst = self._tokens = 2 * policy.limits.connections_per_s
        self._filled = time.monotonic()
        self._listener: socket.socket | None = None
        self._pause: asyncio.TimerHandle | None = None

    def open(self) -> None:
        """Listen; OSError when that is impossible."""
        if self.path.is_socket():
            self.path.unlink()
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            listener.setblocking(False)
            listener.bind(str(self.path))
            self.path.chmod(0o600)
            listener.listen(_BACKLOG)
        except OSError:
            listener.close()
            raise
        self._listener = listener
        asyncio.get_running_loop().add_reader(listener, self._accept)

    def close(self) -> None:
        """Stop listening."""
        if self._pause is not None:
            self._pause.cancel()
        if self._listener is not None:
            asyncio.get_running_loop().remove_reader(self._listener)
            self._listener.close()
            self._listener = None
            self.path.unlink(missing_ok=True)

    def _accept(self) -> None:
        if self._listener is None:
            return
        for _ in range(_ACCEPTED_AT_ONCE):
            if not self._has_token():
                self._rest(1 / self.policy.limits.connections_per_s)
                return
            try:
                client, _ = self._listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                log.error("no connection can be accepted on %s: %s", self.path, error.strerror)
                self._rest(_FAULT_PAUSE_S)
                return
            self._tokens -= 1
            client.setblocking(False)
            self._proxy.admit(client, self)

    def _has_token(self) -> bool:
        now = time.monotonic()
        self._tokens = min(self._burst, self._tokens + (now - self._filled) * self.policy.limits.connections_per_s)
        self._filled = now
        return self._tokens >= 1

    def _rest(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        if self._listener is not None:
            loop.remove_reader(self._listener)
            self._pause = loop.call_later(seconds, self._resume)

    def _resume(self) -> None:
        if self._listener is not None:
            asyncio.get_running_loop().add_reader(self._listener, self._accept)
