"""The sandbox server: PID 1 of its container. Connects to the gateway, runs what it asks for, outlives what it runs.

A single thread waits on everything at once. Commands run with the server's own uid, so it trusts nothing that they can
reach: it binds nothing in a shared directory, heeds no signal from inside its PID namespace, reads no file of theirs,
and ends whatever is left of them before it connects anew.
"""

import gc
import os
import sys
import time

from agent import __version__
from agent.cgroup import Cgroup
from agent.pid1 import libc
from agent.pid1.health import HealthSocket
from agent.pid1.healthcheck import WELL
from agent.pid1.poll import READABLE, WRITABLE, Poll
from agent.sandbox import limits, params, wire
from agent.sandbox.connection import ClosedError, Connection
from agent.sandbox.files import refusal
from agent.sandbox.jobs import Jobs
from agent.sandbox.params import RefusedError
from agent.sandbox.protocol import FILE_OPS, HELLO, PROTOCOL, MalformedError
from agent.sandbox.proxy import Proxy

_FIRST_RETRY_S = 0.05
_LAST_RETRY_S = 1.0
# A connection that lasts shorter than this was refused: somebody else holds the gateway's one place.
_ACCEPTED_S = 1.0
_STOPPING = (libc.SIGTERM, libc.SIGINT)
# A process of the sandbox that sends so many stop signals a second hides those of `docker stop`.
_SIGNAL_FLOOD = 50


class BrokenError(Exception):
    """The server cannot go on; its container must start anew."""


class Server:
    """The state of PID 1 and its reactions; `run` returns when the container is to stop."""

    def __init__(self, socket_path: str, workspace: str) -> None:
        self._signals = libc.signal_fd((*_STOPPING, libc.SIGCHLD))
        limits.protect_server()
        self._tampering = limits.TamperCheck()
        self._socket_path = socket_path
        self._poll = Poll()
        self._connection: Connection | None = None
        self._connected_at = 0.0
        self._watched = 0
        self._retry_at = 0.0
        self._retry_s = _FIRST_RETRY_S
        self._children_wait = False
        self._stop = False
        self._inside_signals = 0
        self._inside_since = 0.0
        self._proxy = Proxy(self._poll, os.path.dirname(socket_path))  # noqa: PTH120 - pathlib costs 1 MB
        self._cgroup = Cgroup()
        self._jobs = Jobs(self._poll, self._answer, self._cgroup, workspace, self._proxy)
        self._health = HealthSocket(self._status)
        self._poll.watch(self._signals, self._signalled)
        self._poll.watch(self._health.fileno(), self._health.answer)

    def run(self) -> None:
        """Serve until SIGTERM or SIGINT comes from outside the container; BrokenError when that is impossible."""
        gc.collect()
        gc.freeze()
        while not self._stop:
            self._poll.turn(self._wait_s())
            if self._children_wait:
                self._children_wait = self._jobs.reap()
            self._jobs.tick(time.monotonic())
            if self._connection is not None:
                self._flush(self._connection)
            elif time.monotonic() >= self._retry_at:
                self._connect()
            if self._tampering.tampered():
                raise BrokenError("a command changed the server's own limits or priority")

    def _wait_s(self) -> float | None:
        if self._children_wait:
            return 0
        times = (self._jobs.wake_at(), self._retry_at if self._connection is None else None)
        known = [moment for moment in times if moment is not None]
        return max(0.0, min(known) - time.monotonic()) if known else None

    def _status(self) -> str:
        link = "connected to the gateway" if self._connection is not None else "waiting for the gateway"
        return f"{WELL}{link}, {len(self._jobs)} jobs"

    def _signalled(self) -> None:
        for number, code, sender in libc.read_signals(self._signals):
            if number == libc.SIGCHLD:
                self._children_wait = True
            elif code == libc.SI_USER and sender == 0:
                # The kernel shows the sender 0 for processes outside this PID namespace only.
                self._stop = True
            else:
                self._signalled_from_inside()

    def _signalled_from_inside(self) -> None:
        now = time.monotonic()
        if now - self._inside_since > 1:
            self._inside_since, self._inside_signals = now, 0
        self._inside_signals += 1
        if self._inside_signals > _SIGNAL_FLOOD:
            self._inside_signals = 0
            self._jobs.end_everything("A command flooded the sandbox server with signals, so every process was ended.")

    def _connect(self) -> None:
        self._connected_at = time.monotonic()
        try:
            self._connection = Connection(self._socket_path)
        except OSError:
            self._retry_later()
            return
        self._watched = READABLE
        self._poll.watch(self._connection.fileno(), self._ready, READABLE)
        self._connection.send(wire.dumps({"hello": HELLO, "protocol": PROTOCOL, "version": __version__}))
        self._flush(self._connection)

    def _retry_later(self) -> None:
        self._retry_at = time.monotonic() + self._retry_s
        self._retry_s = min(2 * self._retry_s, _LAST_RETRY_S)

    def _ready(self) -> None:
        connection = self._connection
        if connection is None or not connection.wants_to_read():
            return
        try:
            for message in connection.receive():
                self._handle(message)
        except ClosedError:
            self._lost("the gateway closed it")
        except MalformedError as error:
            self._lost(f"the gateway sent {error}")

    def _flush(self, connection: Connection) -> None:
        try:
            connection.flush()
        except ClosedError:
            self._lost("the gateway closed it")
            return
        events = READABLE * connection.wants_to_read() | WRITABLE * connection.wants_to_write()
        if events != self._watched:
            self._watched = events
            self._poll.change(connection.fileno(), events)

    def _lost(self, why: str) -> None:
        connection, self._connection = self._connection, None
        if connection is None:
            return
        self._poll.unwatch(connection.fileno())
        connection.close()
        # The gateway has one place, and what is left running here could take it when the gateway is back.
        self._jobs.end_everything("")
        self._jobs.drop()
        self._proxy.close()
        if time.monotonic() - self._connected_at >= _ACCEPTED_S:
            self._retry_s = _FIRST_RETRY_S
            log(f"connection to the gateway lost ({why}); ended every process, connecting again")
        self._retry_later()

    def _handle(self, message: dict[str, object]) -> None:
        request_id, op = message.get("id"), message.get("op")
        if not isinstance(request_id, int) or not isinstance(op, str):
            raise MalformedError("a request without an id or an operation")
        try:
            self._dispatch(request_id, op, message)
        except RefusedError as error:
            self._answer(request_id, refusal(error.code, str(error)))
        except OSError as error:
            raise BrokenError(f"no process can be started: {error.strerror}") from error

    def _dispatch(self, request_id: int, op: str, message: dict[str, object]) -> None:
        if op == "ping":
            self._answer(request_id, _success({"jobs": len(self._jobs)}))
        elif op == "usage":
            memory = {"memory": self._cgroup.memory(), "memory_limit": self._cgroup.memory_limit or 0}
            self._answer(request_id, _success({**self._jobs.quota.report(), **memory}))
        elif op == "configure":
            self._configure(message)
            self._answer(request_id, _success({}))
        elif op == "cancel":
            target = message.get("target")
            cancelled = isinstance(target, int) and self._jobs.cancel(target)
            self._answer(request_id, _success({"cancelled": cancelled}))
        elif op == "exec" or op in FILE_OPS:
            self._jobs.start(request_id, op, message)
        else:
            raise RefusedError("bad_request", f"The sandbox has no operation {op!r}.")

    def _configure(self, message: dict[str, object]) -> None:
        megabytes = params.positive(message, "workspace_mb", 0)
        self._jobs.quota.set_limit(megabytes * limits.MEGABYTE, params.positive(message, "workspace_files", 0))
        if message.get("egress") is not True:
            self._proxy.close()
            return
        try:
            self._proxy.open()
        except OSError as error:
            why = f"Commands have no network: its port cannot be opened ({error.strerror})."
            raise RefusedError("io", why) from None

    def _answer(self, request_id: int, body: bytes) -> None:
        if self._connection is not None:
            self._connection.send(b'{"id":%d,' % request_id + body[1:])


def _success(result: dict[str, object]) -> bytes:
    return wire.dumps({"ok": True, "result": result})


def log(line: str) -> None:
    """One line in the container's log."""
    sys.stderr.write(f"sandbox: {line}\n")


def serve(socket_path: str, workspace: str) -> int:
    """Be the sandbox server until told to stop from outside; the process's exit code."""
    server = Server(socket_path, workspace)
    log(f"version {__version__}, connecting to {socket_path}")
    try:
        server.run()
    except (BrokenError, OSError, MemoryError) as error:
        # The latter two: a command took away descriptors or memory that the server needs.
        log(f"{str(error) or 'out of memory'}; ending, so that the container starts anew")
        return 1
    log("stopped")
    return 0
