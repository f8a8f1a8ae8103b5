"""One run of the worker process: how it is started, its heartbeat, and why it ended."""

import os
import sys
import time

from agent.pid1 import libc

# Importing litellm takes 2 to 7 s on one processor; a host that swaps takes far longer.
START_S = 180.0
# The worker's event loop beats every `BEAT_S`.
BEAT_S = 10.0
DEAF_S = 60.0

# Neither secrets nor settings of the gateway: those come with each request.
ENVIRONMENT = {
    "HOME": "/tmp",  # noqa: S108 - the one place that is writable
    "LANG": "C.UTF-8",
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_TRIM_THRESHOLD_": "65536",
    "PATH": "/usr/bin",
}


def worker_command(main_file: str) -> list[str]:
    """The command that starts the worker which belongs to the parent at `main_file` (a .py or .pyc)."""
    folder, _, name = main_file.rpartition("/")
    return [sys.executable, "-IBSOO", "-X", "no_debug_ranges", f"{folder}/worker/{name}"]


class Worker:
    """A running worker. It is given, as numbers, the listening socket, its end of the heartbeat, the connections."""

    __slots__ = ("_last_beat", "_reading", "_started", "connected", "pid", "ready_at")

    def __init__(self, command: list[str], listener: int, connections: list[int]) -> None:
        """Start it; OSError when the kernel allows no further process."""
        self._reading, writing = os.pipe()
        os.set_blocking(self._reading, False)
        handed = [listener, writing, *connections]
        try:
            for fd in handed:
                os.set_inheritable(fd, True)
            self.pid = os.posix_spawn(
                command[0],
                [*command, *map(str, handed)],
                ENVIRONMENT,
                file_actions=[(os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0)],
                # The parent blocks the signals that it reads from a descriptor.
                setsigmask=[],
            )
        except OSError:
            os.close(self._reading)
            raise
        finally:
            os.set_inheritable(listener, False)
            os.close(writing)
        self._started = self._last_beat = time.monotonic()
        #: whether heartbeats may still come
        self.connected = True
        #: when it first said that it serves; None before
        self.ready_at: float | None = None

    def fileno(self) -> int:
        """The descriptor on which the heartbeat arrives."""
        return self._reading

    def beat(self) -> bool:
        """Take the heartbeats that have arrived; False when there will be none any more."""
        try:
            alive = bool(os.read(self._reading, 4096))
        except BlockingIOError:
            return True
        if alive:
            self._last_beat = time.monotonic()
            self.ready_at = self.ready_at or self._last_beat
        return alive

    def overdue_at(self) -> float:
        """When it counts as stuck."""
        return self._started + START_S if self.ready_at is None else self._last_beat + DEAF_S

    def signal(self, number: int) -> None:
        """Send it a signal; it is not reaped yet, so the number is still its own."""
        os.kill(self.pid, number)

    def close(self) -> None:
        """Close its heartbeat."""
        self.connected = False
        os.close(self._reading)


def reason(status: int, killed_for_memory: bool, deaf: bool) -> str:
    """Why a worker ended, from its wait status; empty when it left by itself."""
    code = os.waitstatus_to_exitcode(status)
    if code == 0:
        return ""
    if deaf:
        return "it had stopped answering and was ended"
    if code == -libc.SIGKILL and killed_for_memory:
        return "the kernel ended it for lack of memory"
    return f"signal {-code}" if code < 0 else f"exit code {code}, see the lines above"
