"""The ceilings that every forked child lives under, and the check that none of them meddled with the server's own."""

import os
import resource

from agent.pid1 import libc

MEGABYTE = 1024 * 1024

_CEILINGS = (
    (resource.RLIMIT_CORE, 0),
    (resource.RLIMIT_NOFILE, 512),
    (resource.RLIMIT_STACK, 8 * MEGABYTE),
    # With the uid's signal queue full the kernel drops a signal's sender, and a forged SIGTERM to PID 1 would look as
    # if it came from outside the container.
    (resource.RLIMIT_SIGPENDING, 64),
)
_FILE_BYTES = 256 * MEGABYTE
# The server has to run when its time comes, however many commands are busy.
_NICE = 5
# Twice the container's memory: still makes one absurd allocation fail cleanly, yet leaves room for the 8 MiB of
# address space that each thread's stack reserves and never touches.
_DATA_FACTOR = 2

_OOM_FIRST = b"1000"
_LIMITS_OF_LINUX = 16


def confine_child(memory_limit: int | None, *, may_write: bool) -> None:
    """Lower the calling process's ceilings for good.

    Without `may_write` it can write to no file, only delete and make empty ones: the workspace is full.
    """
    os.nice(_NICE)
    _lower(resource.RLIMIT_FSIZE, _FILE_BYTES if may_write else 0)
    for which, ceiling in _CEILINGS:
        _lower(which, ceiling)
    if memory_limit is not None:
        _lower(resource.RLIMIT_DATA, memory_limit * _DATA_FACTOR)
    libc.set_no_new_privs()


def _lower(which: int, ceiling: int) -> None:
    hard = resource.getrlimit(which)[1]
    ceiling = ceiling if hard == resource.RLIM_INFINITY else min(ceiling, hard)
    resource.setrlimit(which, (ceiling, ceiling))


def prefer_for_oom_kill() -> None:
    """Make the calling fork the kernel's first choice when memory runs out; to be called just before its execve.

    /proc/self belongs to root while the process is not dumpable, as a fork of the server is. So it becomes readable,
    as the program will be: a file operation, which stays a copy of the server, must not.
    """
    libc.set_dumpable(True)
    fd = os.open("/proc/self/oom_score_adj", os.O_WRONLY)
    os.write(fd, _OOM_FIRST)
    os.close(fd)


def protect_server() -> None:
    """Hide the calling process's memory, environment and descriptors from its children of the same uid."""
    libc.set_dumpable(False)
    libc.set_no_new_privs()
    _lower(resource.RLIMIT_CORE, 0)


class TamperCheck:
    """prlimit(2), setpriority(2) and sched_setscheduler(2) let any process of the same uid weaken PID 1.

    Lowered hard limits cannot be raised again without a capability, so the remedy is a restart of the container.
    """

    __slots__ = ("_before",)

    def __init__(self) -> None:
        self._before = _own_state()

    def tampered(self) -> bool:
        """Whether the server's limits, niceness or scheduling class differ from those at its start."""
        return _own_state() != self._before


def _own_state() -> list[object]:
    limits: list[object] = [resource.getrlimit(which) for which in range(_LIMITS_OF_LINUX)]
    return [*limits, os.getpriority(os.PRIO_PROCESS, 0), os.sched_getscheduler(0)]
