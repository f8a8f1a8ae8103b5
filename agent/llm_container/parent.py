"""PID 1 of `picoclaw-llm`: waits for a request, starts the worker that answers it, and outlives it.

While a worker runs, it accepts and answers by itself. When it leaves, or breaks, the listening socket stays here, so
that no connection is ever turned away for want of a listener.
"""

import gc
import os
import sys
import time

from agent import __version__
from agent.cgroup import Cgroup
from agent.forwarder import Forwarder
from agent.llm_container.front import Front, listen, refusal
from agent.llm_container.process import Worker, reason
from agent.pid1 import libc
from agent.pid1.health import HealthSocket
from agent.pid1.healthcheck import ADDRESS, WELL
from agent.pid1.poll import Poll
from agent.pid1.reap import reap
from agent.pid1.standby import stand_by as stand_by_container

TYPE_CHECKING = False
if TYPE_CHECKING:
    import _socket

SOCKET_PATH = "/run/llm/llm.sock"
EGRESS_PATH = "/run/egress/proxy.sock"

# A worker that served this long had no trouble starting, whatever ended it.
_STABLE_S = 60.0
# From this many failures in a row on, the container counts as unhealthy.
_TROUBLE = 3
_LAST_BACKOFF_S = 60.0
_AT_ONCE = 64
# docker stop waits 10 s.
_STOPPING_S = 3.0


class Parent:
    """The state of PID 1 and its reactions; `run` returns when the container is to stop."""

    def __init__(self, listener: "_socket.socket", command: list[str], egress_path: str, health_address: str) -> None:
        self._listener = listener
        self._command = command
        self._signals = libc.signal_fd((libc.SIGTERM, libc.SIGINT, libc.SIGCHLD))
        self._cgroup = Cgroup()
        self._memory_kills = 0
        self._poll = Poll()
        self._worker: Worker | None = None
        self._deaf = self._killed = False
        self._stop_at: float | None = None
        self._failures = 0
        self._trouble = ""
        self._not_before = 0.0
        self._front = Front(self._poll, listener, self._requested, self._status, self._cgroup)
        health = HealthSocket(self._status, health_address)
        # Not the worker's: some of litellm's providers fetch their tokens by calls that would block its event loop.
        forwarder = Forwarder(egress_path)
        self._poll.watch(forwarder.fileno(), forwarder.turn)
        self._poll.watch(self._signals, self._signalled)
        self._poll.watch(health.fileno(), health.answer)

    def run(self) -> None:
        """Serve until SIGTERM or SIGINT; OSError when no worker can be started at all."""
        gc.collect()
        gc.freeze()
        self._front.open()
        while self._stop_at is None or self._worker is not None:
            self._poll.turn(self._wait_s())
            now = time.monotonic()
            self._front.tick(now)
            self._end_if_overdue(now)

    def _wait_s(self) -> float | None:
        times = [self._front.wake_at()]
        if self._worker is not None and not self._killed:
            times += [self._stop_at, self._worker.overdue_at()]
        known = [moment for moment in times if moment is not None]
        return max(0.0, min(known) - time.monotonic()) if known else None

    def _requested(self, connection: "_socket.socket") -> None:
        wait = self._not_before - time.monotonic()
        if wait > 0:
            seconds = int(wait) + 1
            why = f"{self._trouble}; it is started again in {seconds} s, see docker logs picoclaw-llm"
            self._front.reply(connection, refusal(why, "worker_failing", seconds))
            return
        self._start()

    def _start(self) -> None:
        connections = self._front.hand_over()
        self._memory_kills = self._cgroup.memory_kills()
        self._deaf = self._killed = False
        try:
            worker = Worker(self._command, self._listener.fileno(), [one.fileno() for one in connections])
        finally:
            for connection in connections:
                connection.close()
        self._worker = worker
        self._poll.watch(worker.fileno(), lambda: self._beat(worker))

    def _beat(self, worker: Worker) -> None:
        first = worker.ready_at is None
        if not worker.beat():
            self._forget_heart(worker)
        elif worker.ready_at is not None:
            if first:
                log("the worker serves")
            if time.monotonic() - worker.ready_at >= _STABLE_S:
                self._failures = 0

    def _forget_heart(self, worker: Worker) -> None:
        if worker.connected:
            self._poll.unwatch(worker.fileno())
            worker.close()

    def _end_if_overdue(self, now: float) -> None:
        worker = self._worker
        if worker is None or self._killed:
            return
        stopping = self._stop_at is not None and now >= self._stop_at
        if stopping or now >= worker.overdue_at():
            self._deaf = not stopping
            self._killed = True
            worker.signal(libc.SIGKILL)

    def _signalled(self) -> None:
        for number, _, _ in libc.read_signals(self._signals):
            if number == libc.SIGCHLD:
                self._reap()
            elif self._stop_at is None:
                self._stop()

    def _stop(self) -> None:
        self._stop_at = time.monotonic() + _STOPPING_S
        self._front.hand_over()
        if self._worker is not None:
            self._worker.signal(libc.SIGTERM)

    def _reap(self) -> None:
        """End zombies: the worker's, and as PID 1 those of whatever it may have left behind."""
        while ended := reap(_AT_ONCE):
            for pid, status in ended:
                if self._worker is not None and pid == self._worker.pid:
                    self._ended(self._worker, status)

    def _ended(self, worker: Worker, status: int) -> None:
        self._worker = None
        self._forget_heart(worker)
        why = reason(status, self._cgroup.memory_kills() > self._memory_kills, self._deaf)
        if not why:
            self._failures = 0
            log("the worker left; the next request starts it")
        elif self._stop_at is None:
            self._failed(why)
        if self._stop_at is None:
            self._front.open()

    def _failed(self, why: str) -> None:
        self._failures += 1
        backoff = backoff_s(self._failures)
        self._not_before = time.monotonic() + backoff
        times = "" if self._failures == 1 else f" {self._failures} times in a row"
        self._trouble = f"the process that runs litellm ended{times} ({why})"
        log(f"{self._trouble}; the next request starts it again" + f", not before {backoff:g} s" * (backoff > 0))

    def _status(self) -> str:
        if self._failures >= _TROUBLE:
            return self._trouble
        if self._worker is None:
            return f"{WELL}worker asleep"
        return f"{WELL}worker {'starting' if self._worker.ready_at is None else 'warm'}"


def backoff_s(failures: int) -> float:
    """How long no worker is started after so many failures in a row; the first one may be one request's fault."""
    # Bounded on the way as well: a float holds no more than 1023 doublings, which is a day of failing.
    return min(2.0 ** min(failures - 2, 10), _LAST_BACKOFF_S) if failures > 1 else 0.0


def log(line: str) -> None:
    """One line in the container's log."""
    sys.stderr.write(f"llm: {line}\n")


def serve(socket_path: str, command: list[str], egress_path: str = EGRESS_PATH, health_address: str = ADDRESS) -> int:
    """Be the parent until told to stop; the process's exit code.

    Args:
        socket_path: where to listen.
        command: starts the worker.
        egress_path: where the gateway's egress proxy listens, by which the worker reaches its provider.
        health_address: where the health check asks.
    """
    try:
        listener = listen(socket_path)
    except OSError as error:
        log(f"cannot listen on {socket_path}: {error.strerror}; is the volume picoclaw-llm-socket mounted there?")
        return 1
    # The worker has the same uid: litellm could otherwise write into this process, which outlives it.
    libc.set_dumpable(False)
    log(f"version {__version__}, listening on {socket_path}")
    try:
        Parent(listener, command, egress_path, health_address).run()
    except (OSError, MemoryError) as error:
        log(f"{error or 'out of memory'}; ending, so that the container starts anew")
        return 1
    os.unlink(socket_path)  # noqa: PTH108 - pathlib costs 1 MB
    log("stopped")
    return 0


def stand_by(problem: str, socket_path: str) -> None:
    """Answer health check and requests alike with the problem until told to stop."""

    def refuse_all(poll: Poll) -> Front | None:
        try:
            listener = listen(socket_path)
        except OSError:
            return None  # the problem that keeps it from serving may well be this one
        front = Front(
            poll,
            listener,
            lambda asker: front.reply(asker, refusal(problem, "not_confined")),
            lambda: problem,
            Cgroup(),
        )
        front.open()
        return front

    stand_by_container(problem, refuse_all)
