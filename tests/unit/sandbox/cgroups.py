"""A control group of one's own, with the container's memory and process limits, on cgroup v1 or v2."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import signal
import time
from pathlib import Path

MEMORY_LIMIT = 128 * 1024 * 1024
PIDS_LIMIT = 64

# Where sandboxes are built. Neither pytest's folder nor /tmp: uid 1000 must reach it, and /tmp is mounted anew.
BASES = Path("/var/tmp")

_ROOT = Path("/sys/fs/cgroup")
_numbers = itertools.count(1)


class TestCgroup:
    """Made at once, removed by `remove`; raises OSError where this machine does not allow it."""

    __test__ = False

    def __init__(self) -> None:
        name = f"picoclaw-test-{os.getpid()}-{next(_numbers)}"
        self.unified = (_ROOT / "cgroup.controllers").exists()
        if self.unified:
            (_ROOT / "cgroup.subtree_control").write_text("+memory +pids")
            self.folders = [_ROOT / name]
        else:
            self.folders = [_ROOT / "memory" / name, _ROOT / "pids" / name]
        for folder in self.folders:
            folder.mkdir()
        self._limit()

    def _limit(self) -> None:
        self._write("pids.max", PIDS_LIMIT)
        if self.unified:
            self._write("memory.max", MEMORY_LIMIT)
            self._write("memory.swap.max", 0)
        else:
            self._write("memory.limit_in_bytes", MEMORY_LIMIT)
            self._write("memory.memsw.limit_in_bytes", MEMORY_LIMIT)

    def _write(self, name: str, value: int) -> None:
        for folder in self.folders:
            if (folder / name).exists():
                (folder / name).write_text(str(value))

    def entry_files(self) -> list[str]:
        """Where a process writes its pid to enter."""
        return [str(folder / "cgroup.procs") for folder in self.folders]

    def remove(self) -> None:
        """Remove it; its processes must have ended, which the kernel may take a moment to note."""
        for folder in self.folders:
            _remove(folder)


def remove_stale() -> None:
    """End and remove what a test run that was killed has left behind; others may be about it at the same time."""
    for folder in [*_ROOT.glob("picoclaw-test-*-*"), *_ROOT.glob("*/picoclaw-test-*-*")]:
        if Path(f"/proc/{folder.name.split('-')[2]}").exists():
            continue
        with contextlib.suppress(FileNotFoundError):
            for pid in (folder / "cgroup.procs").read_text().split():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(pid), signal.SIGKILL)
        _remove(folder)
    for base in BASES.glob("picoclaw-test-*-*"):
        if not Path(f"/proc/{base.name.split('-')[2]}").exists():
            shutil.rmtree(base, ignore_errors=True)


def _remove(folder: Path) -> None:
    for _ in range(100):
        with contextlib.suppress(OSError):
            folder.rmdir()
        if not folder.exists():
            return
        time.sleep(0.05)
