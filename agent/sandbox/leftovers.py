"""Pipes that background processes of finished commands still hold."""

import os
import time

from agent.pid1.poll import READABLE_ONCE, Poll

_KEPT = 32
_CHUNK = 64 * 1024
_INTERVAL_S = 0.25


class Leftovers:
    """Reads and discards: closing the pipe would end a server left running by SIGPIPE at its next line of log.

    Each pipe is read at most once an interval, so that `yes &` is slowed down by its full pipe and costs nothing here.
    """

    __slots__ = ("_fds", "_poll", "_rearm_at", "_silenced")

    def __init__(self, poll: Poll) -> None:
        self._poll = poll
        self._fds: list[int] = []
        self._silenced: list[int] = []
        self._rearm_at = 0.0

    def add(self, fd: int) -> None:
        """Take over a pipe; the oldest is closed when there are too many."""
        self._poll.watch(fd, lambda: self._readable(fd), READABLE_ONCE)
        self._fds.append(fd)
        if len(self._fds) > _KEPT:
            self._close(self._fds[0])

    def wake_at(self) -> float | None:
        """When `tick` has something to do."""
        return self._rearm_at if self._silenced else None

    def tick(self, now: float) -> None:
        """Listen again to the pipes that have been silent for an interval."""
        if self._silenced and now >= self._rearm_at:
            for fd in self._silenced:
                self._poll.change(fd, READABLE_ONCE)
            self._silenced.clear()

    def _readable(self, fd: int) -> None:
        if not os.read(fd, _CHUNK):
            self._close(fd)
            return
        if not self._silenced:
            self._rearm_at = time.monotonic() + _INTERVAL_S
        self._silenced.append(fd)

    def _close(self, fd: int) -> None:
        self._poll.unwatch(fd)
        self._fds.remove(fd)
        if fd in self._silenced:
            self._silenced.remove(fd)
        os.close(fd)
