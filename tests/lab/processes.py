"""Ending a process that the lab started, and never one that got its number later."""

import contextlib
import os
import select
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class ProcessId:
    """A process: its number, and its start in clock ticks since boot, which a recycled number does not share."""

    pid: int
    started: int

    @classmethod
    def of(cls, pid: int) -> "ProcessId":
        """Returns the identity of a running process.

        Raises:
            ProcessLookupError: there is none.
        """
        return cls(pid, _start_ticks(pid))

    @classmethod
    def let_go(cls, process: subprocess.Popen[bytes]) -> "ProcessId":
        """Returns the identity of a process that shall outlive this one; from now on it is known by that alone."""
        process.returncode = 0  # else its Popen, when collected, warns that it still runs
        return cls.of(process.pid)

    @property
    def alive(self) -> bool:
        """Whether it is still there and not merely waiting to be reaped."""
        with contextlib.suppress(ProcessLookupError):
            return _start_ticks(self.pid) == self.started and _state(self.pid) != "Z"
        return False

    def end(self, patience: float = 5.0) -> None:
        """Asks the process to end, insists after `patience` seconds, and returns when it has gone."""
        with contextlib.suppress(ProcessLookupError), _pidfd(self.pid) as pidfd:
            # The start time is compared after the descriptor pins the process, so there is no race.
            if _start_ticks(self.pid) != self.started:
                return
            signal.pidfd_send_signal(pidfd, signal.SIGTERM)
            if patience <= 0 or not _exited_within(pidfd, patience):
                signal.pidfd_send_signal(pidfd, signal.SIGKILL)
                _exited_within(pidfd, 10)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.pid, os.WNOHANG)


def children(pid: int) -> list[int]:
    """Returns the numbers of a process's children."""
    return [int(word) for task in Path(f"/proc/{pid}/task").glob("*/children") for word in task.read_text().split()]


@contextlib.contextmanager
def _pidfd(pid: int) -> Iterator[int]:
    descriptor = os.pidfd_open(pid)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _exited_within(pidfd: int, seconds: float) -> bool:
    return bool(select.select([pidfd], [], [], seconds)[0])


def _stat(pid: int) -> list[str]:
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ProcessLookupError(f"There is no process {pid}.") from None
    # The second field is the program's name in parentheses, and may itself hold blanks and parentheses.
    return text.rpartition(") ")[2].split()


def _start_ticks(pid: int) -> int:
    return int(_stat(pid)[19])


def _state(pid: int) -> str:
    return _stat(pid)[0]
