"""How much memory a lab host needs while something is done on it; the cache of files, which can go, is not counted."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.bench.measures import MIB
from tests.stack import Stack

_UNIT = "picoclaw-bench-memory"
_PEAK = f"/run/{_UNIT}"
# cgroup v1 has the host's own cgroup in a folder for memory and sums it up under names of their own.
_WATCH = f"""
cd /sys/fs/cgroup/memory 2>/dev/null && names=total_rss,total_shmem || {{ cd /sys/fs/cgroup; names=anon,shmem; }}
exec awk -v "names=$names" -v peak={_PEAK} '
BEGIN {{
    split(names, name, ",")
    for (;;) {{
        now = 0
        while ((getline line < "memory.stat") > 0) {{
            split(line, field, " ")
            if (field[1] == name[1] || field[1] == name[2]) now += field[2]
        }}
        close("memory.stat")
        if (now > most) {{ most = now; printf "%d\\n", most > peak; close(peak) }}
        system("sleep 0.2")
    }}
}}'
"""


@dataclass
class Peak:
    """The most that was needed at a time; known afterwards."""

    mib: float = 0.0


@contextmanager
def watched(stack: Stack) -> Iterator[Peak]:
    """Watch it while the block runs."""
    peak = Peak()
    watch = f"systemd-run --quiet --collect --unit={_UNIT} sh -c {shlex.quote(_WATCH)}"
    stack.lab.ssh(f"rm -f {_PEAK}; {watch}", check=True)
    try:
        yield peak
    finally:
        said = stack.lab.ssh(f"systemctl stop {_UNIT}; cat {_PEAK}", check=True).stdout
    peak.mib = int(said) / MIB
