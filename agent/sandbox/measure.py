"""Measuring the workspace, in a child, while everything else in the sandbox is stopped.

`du` walks trees of any depth and counts a file of many names once. What it cannot see is space held without a name:
that is looked for in the descriptors of the stopped processes.
"""

# pathlib would cost the idle server 1 MB.
# ruff: noqa: PTH116, PTH123, PTH208

import os
import stat

from agent.sandbox import processes
from agent.sandbox.job import Job
from agent.sandbox.limits import prefer_for_oom_kill
from agent.sandbox.output import Capped
from agent.sandbox.quota import Measured
from agent.sandbox.spawn import enter

DEADLINE_S = 12.0

_BLOCK = 512
# `clear HELD FILES`, twice `FIGURE .`, `measured`.
_FEWEST_WORDS = 8
# Directories closed to their own owner are opened first; the figures of the last round stand.
_SCRIPT = """
sizes() { du -sB1 . && du -s --inodes .; }
sizes 2>/dev/null || { chmod -R u+rwX . 2>/dev/null; du -sB1 . 2>/dev/null; du -s --inodes . 2>/dev/null; }
echo measured
"""
_ENVIRONMENT = {"LC_ALL": "C", "PATH": "/usr/bin:/bin"}


class Measurement(Job):
    """A measurement at work; its child writes the figures."""

    __slots__ = ("_written",)

    def __init__(self) -> None:
        super().__init__(0, DEADLINE_S)
        self._written = Capped(4096)

    def feed(self, data: bytes) -> bool:
        return self._written.feed(data)

    def found(self, estimate: Measured) -> Measured | None:
        """What it found, or None when it was ended before; `estimate` stands in where something could not be seen."""
        words = bytes(self._written.data).split()
        if self.status != 0 or len(words) < _FEWEST_WORDS or words[-1] != b"measured":
            return None
        found = Measured(int(words[1]) + int(words[-5]), int(words[2]) + int(words[-3]))
        if words[0] == b"opaque":
            found = Measured(max(found.bytes, estimate.bytes), max(found.files, estimate.files))
        return found


def work(workspace: str, leaders: list[int]) -> None:
    """Be the child of a measurement; `leaders` are the first processes of the jobs."""
    opaque, held, files = _held(workspace, leaders)
    os.write(1, f"{'opaque' if opaque else 'clear'} {held} {files}\n".encode())
    enter(workspace)
    prefer_for_oom_kill()
    os.execve("/bin/bash", ["bash", "-c", _SCRIPT], _ENVIRONMENT)  # noqa: S606


def _held(workspace: str, leaders: list[int]) -> tuple[bool, int, int]:
    """Whether something may be hidden, and the bytes and number of the files that are open and have no name."""
    device = os.stat(workspace).st_dev
    sizes: dict[int, int] = {}
    opaque = False
    for pid, (parent, _, _) in processes.table().items():
        # From outside the namespace come health checks.
        if pid in (1, os.getpid()) or not parent or (pid in leaders and processes.is_own_code(pid)):
            continue
        try:
            opaque |= _look_into(f"/proc/{pid}", device, workspace, sizes)
        except (FileNotFoundError, ProcessLookupError):
            continue  # a zombie
        except OSError:
            opaque = True
    return opaque, sum(sizes.values()), len(sizes)


def _look_into(process: str, device: int, workspace: str, sizes: dict[int, int]) -> bool:
    # Each thread can have descriptors of its own.
    for thread in os.listdir(f"{process}/task"):
        folder = f"{process}/task/{thread}"
        for number in os.listdir(f"{folder}/fd"):
            status = os.stat(f"{folder}/fd/{number}")
            if stat.S_ISSOCK(status.st_mode) and _carries_descriptors(f"{folder}/fdinfo/{number}"):
                return True
            if status.st_dev == device and status.st_nlink == 0:
                sizes[status.st_ino] = status.st_blocks * _BLOCK
    return _maps_nameless(f"{process}/maps", workspace)


def _carries_descriptors(fdinfo: str) -> bool:
    """Whether descriptors are on their way through this socket, closed everywhere else."""
    with open(fdinfo, encoding="ascii") as lines:
        return any(line.startswith("scm_fds:") and line.split()[1] != "0" for line in lines)


def _maps_nameless(maps: str, workspace: str) -> bool:
    with open(maps, encoding="utf-8", errors="replace") as lines:
        return any(line.endswith(" (deleted)\n") and f" {workspace}/" in line for line in lines)
