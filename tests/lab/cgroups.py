"""A cgroup of its own for each lab host, in every hierarchy: two systemds in one cgroup would fight."""

import contextlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.lab.errors import LabError

_PREFIX = "picoclaw-lab-"


@dataclass(frozen=True)
class Hierarchy:
    """A mounted cgroup hierarchy, and the cgroup in it that this process is in."""

    mount: Path
    own: str
    unified: bool


def machine_has_systemd() -> bool:
    """Tells whether systemd runs this machine, and hands out cgroups itself."""
    return Path("/run/systemd/system").is_dir()


def make(name: str) -> list[Path]:
    """Makes a cgroup `name` below this process's own in every hierarchy, and returns their folders.

    Raises:
        LabError: no hierarchy is mounted.
    """
    folders = [_make_one(hierarchy, name) for hierarchy in _hierarchies()]
    if not folders:
        raise LabError("No cgroup hierarchy is mounted on this machine; systemd-nspawn needs /sys/fs/cgroup.")
    return folders


def _below(root: Path, name: str) -> Iterator[Path]:
    """What is so called under `root`; what vanishes meanwhile is passed over, unlike by `rglob`."""
    for folder, folders, files in os.walk(root):
        if name in folders or name in files:
            yield Path(folder, name)


def existing(name: str) -> list[Path]:
    """Returns the folders of the cgroups `name` that there are, below whatever cgroup they were made."""
    return [folder for hierarchy in _hierarchies() for folder in _below(hierarchy.mount, f"{_PREFIX}{name}")]


def parse(mountinfo: str, membership: str) -> list[Hierarchy]:
    """Pairs the mounted hierarchies of /proc/PID/mountinfo with the cgroups of /proc/PID/cgroup."""
    own = {}
    for line in membership.splitlines():
        _, controllers, path = line.split(":", 2)
        own[controllers] = path
    hierarchies = {}
    for line in mountinfo.splitlines():
        head, _, rest = line.partition(" - ")
        kind, _, options = rest.split(" ", 2)
        mount = Path(head.split(" ")[4])
        if kind == "cgroup2":
            hierarchies[mount] = Hierarchy(mount, own.get("", "/"), unified=True)
        elif kind == "cgroup":
            names = set(options.split(","))
            path = next((path for controllers, path in own.items() if set(controllers.split(",")) <= names), "/")
            hierarchies[mount] = Hierarchy(mount, path, unified=False)
    return list(hierarchies.values())


def remove(folders: list[Path]) -> None:
    """Removes the cgroups and all below them, once the last process in them has gone."""
    for folder in folders:
        deadline = time.monotonic() + 10
        while folder.is_dir() and not _remove_tree(folder) and time.monotonic() < deadline:
            time.sleep(0.1)


def processes(folders: list[Path]) -> set[int]:
    """Returns the numbers of all processes in the cgroups and below."""
    files = [file for folder in folders for file in _below(folder, "cgroup.procs")]
    found: set[int] = set()
    for file in files:
        with contextlib.suppress(OSError):
            found |= {int(word) for word in file.read_text(encoding="utf-8").split()}
    return found


def _hierarchies() -> list[Hierarchy]:
    mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8")
    return parse(mounts, Path("/proc/self/cgroup").read_text(encoding="utf-8"))


def _make_one(hierarchy: Hierarchy, name: str) -> Path:
    parent = hierarchy.mount / hierarchy.own.lstrip("/")
    if hierarchy.unified:
        _delegate(parent)
    folder = parent / f"{_PREFIX}{name}"
    folder.mkdir(exist_ok=True)
    for setting in ("cpuset.cpus", "cpuset.mems"):
        # A cgroup v1 cpuset takes no process before it is told its processors and memory.
        if not hierarchy.unified and (parent / setting).exists():
            (folder / setting).write_text((parent / setting).read_text(encoding="utf-8"), encoding="utf-8")
    return folder


def _delegate(parent: Path) -> None:
    controllers = (parent / "cgroup.controllers").read_text(encoding="utf-8").split()
    wanted = " ".join(f"+{controller}" for controller in controllers)
    # Not all can be had everywhere; Docker says itself what it misses.
    with contextlib.suppress(OSError):
        (parent / "cgroup.subtree_control").write_text(wanted, encoding="utf-8")


def _remove_tree(folder: Path) -> bool:
    for path, _, _ in os.walk(folder, topdown=False):
        with contextlib.suppress(OSError):
            Path(path).rmdir()
    return not folder.exists()
