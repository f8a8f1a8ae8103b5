"""What is read from the live host, once a session: `docker inspect` and the kernel's view of every process."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from testinfra.host import Host

# For each process of the container's cgroup, exec'ed ones too: what the kernel says it may do.
_DUMP = r"""
top=$(docker inspect --format '{{.State.Pid}}' %(name)s) || exit 1
controller=$(grep ':pids:' "/proc/$top/cgroup" || grep '^0::' "/proc/$top/cgroup")
path=${controller##*:}
for base in /sys/fs/cgroup /sys/fs/cgroup/pids; do
  [ -f "$base$path/cgroup.procs" ] && pids=$(cat "$base$path/cgroup.procs")
done
for pid in ${pids:-$top}; do
  echo "@@ pid $pid"
  for file in status mountinfo limits; do echo "@@ $file"; cat "/proc/$pid/$file"; done
  echo "@@ net"; cat "/proc/$pid/net/dev"
done
echo "@@ cgroup"
while IFS=: read -r _ controllers path; do
  for base in "/sys/fs/cgroup/$controllers" /sys/fs/cgroup; do
    for file in memory.limit_in_bytes memory.memsw.limit_in_bytes cpu.cfs_quota_us cpu.cfs_period_us pids.max \
                memory.max memory.swap.max cpu.max; do
      [ -f "$base$path/$file" ] && echo "$file $(cat "$base$path/$file")"
    done
  done
done < "/proc/$top/cgroup"
exit 0
"""


@dataclass(frozen=True, slots=True)
class Process:
    """One process of a container, as its `/proc` files stood."""

    pid: int
    status: dict[str, str]
    mounts: dict[str, tuple[str, frozenset[str]]]
    interfaces: frozenset[str]


class Container:
    """One container on the host."""

    def __init__(self, host: Host, name: str) -> None:
        self.host = host
        self.name = name

    def __repr__(self) -> str:
        return self.name

    @cached_property
    def inspect(self) -> dict[str, Any]:
        """`docker inspect`, whole."""
        return dict(json.loads(self.host.check_output("docker inspect %s", self.name))[0])

    @cached_property
    def filters_of_the_host(self) -> int:
        """How many seccomp filters every process of the host has to begin with: LXC puts some on its number 1."""
        line = self.host.check_output("grep Seccomp_filters /proc/1/status || true")
        return int(line.split()[1]) if line else 0

    @property
    def host_config(self) -> dict[str, Any]:
        """Its HostConfig."""
        return dict(self.inspect["HostConfig"])

    @cached_property
    def _dump(self) -> dict[str, list[dict[str, str]]]:
        text = self.host.check_output("sh -c %s", _DUMP % {"name": shlex.quote(self.name)})
        processes: list[dict[str, str]] = []
        cgroup = ""
        for section in text.split("@@ ")[1:]:
            title, _, body = section.partition("\n")
            if title.startswith("pid "):
                processes.append({"pid": title.removeprefix("pid ")})
            elif title == "cgroup":
                cgroup = body
            else:
                processes[-1][title] = body
        return {"processes": processes, "cgroup": [dict(line.split(" ", 1) for line in cgroup.splitlines())]}

    @cached_property
    def processes(self) -> list[Process]:
        """Every process in the container's cgroup."""
        return [
            Process(
                pid=int(raw["pid"]),
                status=dict(line.split(":\t", 1) for line in raw["status"].splitlines() if ":\t" in line),
                mounts=dict(map(_mount, raw["mountinfo"].splitlines())),
                interfaces=frozenset(line.split(":")[0].strip() for line in raw["net"].splitlines() if ":" in line),
            )
            for raw in self._dump["processes"]
        ]

    @property
    def cgroup(self) -> dict[str, str]:
        """The cgroup's limit files, v1 or v2, by name."""
        return self._dump["cgroup"][0]

    def python(self, code: str) -> str:
        """What a line of Python prints inside the container: the probe's answer, or the error's name."""
        probe = (
            f"try:\n {code}\nexcept OSError as error:\n import errno; print(errno.errorcode.get(error.errno, error))"
        )
        return str(self.host.check_output("docker exec %s /usr/bin/python3 -S -c %s", self.name, probe)).strip()


def _mount(line: str) -> tuple[str, tuple[str, frozenset[str]]]:
    """Mount point, file system type, and the options of mount and super block together."""
    left, _, right = line.partition(" - ")
    fields = left.split()
    kind, _, super_options = right.split(" ", 2)
    return fields[4], (kind, frozenset([*fields[5].split(","), *super_options.split(",")]))
