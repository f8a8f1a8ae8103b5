"""From strace's files to the calls each container made under its filter, and in which workload."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

HEALTH_CHECK = "health check"
_LINE = re.compile(r"(\d+\.\d+) (\w+)\((.*)")
# `= 7 /* 4711 in strace's PID NS */`, or plain `= 4711` where both namespaces are one.
_CHILD = re.compile(r"= (\d+)(?: /\* (\d+) in strace's PID NS \*/)?$")
_CONTAINER = re.compile(r"\b[0-9a-f]{64}\b")
_NUMBERS = re.compile(r"0x[0-9a-f]+|0")
# Calls that strace may be too old to name; their numbers are the same on every architecture.
_NEWER = {
    f"syscall_{number:#x}": name
    for number, name in enumerate(
        ("cachestat", "fchmodat2", "map_shadow_stack", "futex_wake", "futex_wait", "futex_requeue", "statmount",
         "listmount", "lsm_get_self_attr", "lsm_set_self_attr", "lsm_list_modules", "mseal", "setxattrat",
         "getxattrat", "listxattrat", "removexattrat", "open_tree_attr"),
        start=451,
    )
}  # fmt: skip
_MAKES_A_TASK = frozenset({"clone", "clone3", "fork", "vfork"})
_LOADS_A_FILTER = re.compile(r"0x1, .* = 0$")
_LOADS_BY_PRCTL = re.compile(r"0x16, 0x2, .* = 0$")

Calls = dict[str, dict[str, set[str]]]


@dataclass(frozen=True)
class Window:
    """A workload, and from when to when it ran (Unix time)."""

    name: str
    begins: float
    ends: float


@dataclass(frozen=True)
class Life:
    """A thread, from when it was made until its number is used again."""

    thread: int
    begins: float


@dataclass
class Process:
    """What the threads of one process share."""

    container: str | None = None
    filtered_at: float | None = None
    workload: str | None = None


@dataclass
class Trace:
    """What the containers asked, by name of the container, then of the call: the workloads that made it.

    `ioctls` and `prctls` are the same by request and by option.
    """

    folder: Path
    names: Mapping[str, str]
    windows: Sequence[Window]
    calls: Calls = field(default_factory=lambda: defaultdict(lambda: defaultdict(set)))
    ioctls: Calls = field(default_factory=lambda: defaultdict(lambda: defaultdict(set)))
    prctls: Calls = field(default_factory=lambda: defaultdict(lambda: defaultdict(set)))

    @classmethod
    def read(cls, folder: Path, names: Mapping[str, str], windows: Sequence[Window]) -> Trace:
        """Read all files.

        Args:
            folder: with the files t.TID.
            names: what to call a container, by its id; others are left out.
            windows: the workloads, none overlapping another.
        """
        trace = cls(folder, names, windows)
        threads = {int(path.suffix[1:]) for path in folder.glob("t.*")}
        births = trace._births(threads)
        waiting = [(Life(thread, 0.0), Process()) for thread in sorted(threads)]
        while waiting:
            life, process = waiting.pop()
            if life.thread in threads:
                ends = next((time for time in births[life.thread] if time > life.begins), math.inf)
                waiting.extend(trace._follow(life, ends, process))
        return trace

    def _births(self, threads: set[int]) -> dict[int, list[float]]:
        """When each thread was made: several times, if its number was used again."""
        births = defaultdict(list)
        for thread in threads:
            for time, call, rest in self._lines(thread):
                for child in _child(call, rest):
                    births[child].append(time)
        return defaultdict(list, {thread: sorted(times) for thread, times in births.items()})

    def _lines(self, thread: int) -> Iterator[tuple[float, str, str]]:
        with (self.folder / f"t.{thread}").open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                if found := _LINE.match(line):
                    yield float(found[1]), _NEWER.get(found[2], found[2]), found[3].rstrip()

    def _follow(self, life: Life, ends: float, process: Process) -> Iterator[tuple[Life, Process]]:
        """Note a thread's calls; the threads it made, each with the process it belongs to."""
        for time, call, rest in self._lines(life.thread):
            if not life.begins <= time < ends:
                continue
            under_filter = process.filtered_at is not None and time > process.filtered_at
            if under_filter:
                self._note(time, call, rest, process)
            if call == "execve":
                _look_at_command(process, rest, under_filter=under_filter)
            elif _loads_a_filter(call, rest) and process.filtered_at is None:
                process.filtered_at = time
            for child in _child(call, rest):
                is_thread = "CLONE_THREAD" in rest
                filtered_at = 0.0 if under_filter else None
                state = process if is_thread else Process(process.container, filtered_at, process.workload)
                yield Life(child, time), state

    def _note(self, time: float, call: str, rest: str, process: Process) -> None:
        name = self.names.get(process.container or "")
        inside = (window.name for window in self.windows if window.begins <= time <= window.ends)
        workload = process.workload or next(inside, None)
        if name is None or workload is None:
            return
        self.calls[name][call].add(workload)
        if call == "ioctl":
            self.ioctls[name][_NUMBERS.findall(rest)[1]].add(workload)
        elif call == "prctl":
            self.prctls[name][_NUMBERS.findall(rest)[0]].add(workload)


def _child(call: str, rest: str) -> list[int]:
    made = _CHILD.search(rest) if call in _MAKES_A_TASK else None
    return [int(made[2] or made[1])] if made else []


def _loads_a_filter(call: str, rest: str) -> bool:
    by_seccomp = call == "seccomp" and _LOADS_A_FILTER.match(rest)
    return bool(by_seccomp or (call == "prctl" and _LOADS_BY_PRCTL.match(rest)))


def _look_at_command(process: Process, arguments: str, *, under_filter: bool) -> None:
    """Which container runc is told to work for; whether this is a health check, which runs in any workload's time."""
    if not under_filter and (found := _CONTAINER.findall(arguments)):
        process.container = found[-1]
    elif under_filter and "healthcheck" in arguments:
        process.workload = HEALTH_CHECK
