"""Reading what the kernel says of a process: `/proc/PID/*` and cgroup files, versions 1 and 2. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from tests.compliance.words import UNLIMITED, Words

# A limit above this is none: cgroup v1 writes 2^63 rounded down to a page.
_NO_LIMIT = 1 << 60


@dataclass(frozen=True)
class Mount:
    """A line of mountinfo. `options` are those of the mount and of its super block together."""

    point: str
    root: str
    kind: str
    options: frozenset[str]
    propagation: frozenset[str]

    @property
    def read_only(self) -> bool:
        """Whether nobody can write there; of the two lists of options one is enough."""
        return "ro" in self.options

    @property
    def size(self) -> int | None:
        """A tmpfs's size in bytes."""
        sizes = [re.fullmatch(r"size=(\d+)k", option) for option in self.options]
        return next((int(size[1]) * 1024 for size in sizes if size), None)


def mount(line: str) -> Mount:
    """Read a line of mountinfo."""
    left, _, right = line.partition(" - ")
    fields = left.split()
    kind, _, super_options = right.split(" ", 2)
    options = frozenset([*fields[5].split(","), *super_options.split(",")])
    return Mount(fields[4], fields[3], kind, options, frozenset(fields[6:]))


@dataclass
class Process:
    """One process, as its `/proc` files stood."""

    pid: int
    files: dict[str, list[str]] = field(default_factory=dict)
    namespaces: dict[str, str] = field(default_factory=dict)

    @cached_property
    def status(self) -> dict[str, str]:
        """/proc/PID/status."""
        lines = (line.split(":\t", 1) for line in self.files.get("status", []) if ":\t" in line)
        return {name: value.strip() for name, value in lines}

    @cached_property
    def mounts(self) -> dict[str, Mount]:
        """By mount point; of several at one point the last, which covers the others."""
        return {found.point: found for found in map(mount, self.files.get("mountinfo", []))}

    @property
    def interfaces(self) -> frozenset[str]:
        """The network interfaces that it sees."""
        return frozenset(line.split(":")[0].strip() for line in self.files.get("net/dev", []) if ":" in line)

    @property
    def apparmor(self) -> str:
        """Its AppArmor profile and mode; empty on a kernel without."""
        return "".join(self.files.get("attr/current", [])).strip("\0 ")

    def limit(self, name: str) -> tuple[str, str]:
        """Soft and hard limit of /proc/PID/limits, `Max core file size` say."""
        line = next((line for line in self.files.get("limits", []) if line.startswith(name)), "")
        soft, hard, *_ = [*line.removeprefix(name).split(), "?", "?"]
        return soft, hard

    @property
    def number_inside(self) -> int:
        """Its number in the innermost PID namespace."""
        return int(self.status["NSpid"].split()[-1])


def processes(lines: Iterable[str]) -> dict[int, Process]:
    """Read lines `PID FILE:LINE` and `PID ns/NAME VALUE`. A process that ended meanwhile is left out."""
    found: dict[int, Process] = {}
    for line in lines:
        number, _, rest = line.partition(" ")
        if not number.isdigit():
            continue
        process = found.setdefault(int(number), Process(int(number)))
        if rest.startswith("ns/"):
            name, _, value = rest.removeprefix("ns/").partition(" ")
            process.namespaces[name] = value
        else:
            file, _, text = rest.partition(":")
            process.files.setdefault(file, []).append(text)
    # Namespaces are read last: who has none has ended before.
    return {
        number: process
        for number, process in found.items()
        if "NSpid" in process.status and process.mounts and process.namespaces
    }


@dataclass(frozen=True)
class Limits:
    """A cgroup's limits. None stands for «no limit»; `swap` is what may be used beyond `memory`."""

    memory: int | None
    swap_counted: bool
    swap: int | None
    cpus: float | None
    pids: int | None


def limits(files: Mapping[str, str]) -> Limits:
    """Read the cgroup's files by name, of version 2 where there are both."""
    memory = _number(files.get("memory.max", files.get("memory.limit_in_bytes")))
    total = _number(files.get("memory.memsw.limit_in_bytes"))
    swap = total - memory if total is not None and memory is not None else None
    if "memory.swap.max" in files:
        swap = _number(files["memory.swap.max"])
    return Limits(
        memory=memory,
        swap_counted="memory.swap.max" in files or "memory.memsw.limit_in_bytes" in files,
        swap=swap,
        cpus=_cpus(files),
        pids=_number(files.get("pids.max")),
    )


def _cpus(files: Mapping[str, str]) -> float | None:
    quota, period = files.get("cpu.cfs_quota_us", "-1"), files.get("cpu.cfs_period_us", "100000")
    if "cpu.max" in files:
        quota, period = files["cpu.max"].split()
    return None if _number(quota) is None else int(quota) / int(period)


def _number(text: str | None) -> int | None:
    number = -1 if text in (None, "max") else int(str(text))
    return None if number < 0 or number >= _NO_LIMIT else number


def megabytes(size: int | None) -> str | Words:
    """A size as a person reads it."""
    return UNLIMITED if size is None else f"{size / 1024 / 1024:g} MB"


def everywhere(found: Iterable[Process], look: Callable[[Process], Any]) -> Any:
    """What all processes have in common, or else what each has: a check compares one value either way."""
    seen = {f"{process.status['Name']} ({process.pid})": look(process) for process in found}
    values = list(seen.values())
    return values[0] if values and all(value == values[0] for value in values) else seen
