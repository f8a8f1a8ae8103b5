"""What this process's control groups say (v1 and v2), as a container sees them: limits and kills for lack of memory."""

# pathlib would cost the idle sandbox 1 MB.
# ruff: noqa: PTH113, PTH123

import os

_ROOT = "/sys/fs/cgroup"
# cgroup v1 writes "no limit" as a number of about this size.
_UNLIMITED = 1 << 60


def _own_paths() -> dict[str, str]:
    """Controller name to this process's path below it; the empty name stands for cgroup v2."""
    with open("/proc/self/cgroup", encoding="utf-8") as lines:
        entries = [line.rstrip("\n").split(":", 2) for line in lines]
    return {controller: path for _, controllers, path in entries for controller in controllers.split(",")}


def find(controller: str, v1_name: str, v2_name: str) -> str | None:
    """The file of that name in this process's cgroup, which a container sees at the mount's own root.

    An empty name stands for a file that the version does not have.
    """
    own = _own_paths()
    places = [
        f"{_ROOT}/{controller}{own.get(controller, '')}/{v1_name}",
        f"{_ROOT}/{controller}/{v1_name}",
        f"{_ROOT}{own.get('', '')}/{v2_name}",
        f"{_ROOT}/{v2_name}",
    ]
    return next((place for place in places if os.path.isfile(place)), None)


def read_file(path: str | None) -> str:
    """The file's text; empty when there is none or it cannot be read."""
    if path is None:
        return ""
    try:
        with open(path, encoding="ascii") as file:
            return file.read().strip()
    except OSError:
        return ""


def read(controller: str, v1_name: str, v2_name: str) -> str:
    """The text of the file that `find` finds."""
    return read_file(find(controller, v1_name, v2_name))


def number(text: str) -> int | None:
    """The number in a limit's file; None for `max`, -1 and other ways of saying that there is no limit."""
    text = text.strip()
    return int(text) if text.isdigit() and int(text) < _UNLIMITED else None


class Cgroup:
    """This process's cgroup; a limit or counter that cannot be read is None or 0."""

    __slots__ = ("_memory", "_memory_events", "_memory_stat", "_pids", "_pids_events", "memory_limit", "pids_limit")

    def __init__(self) -> None:
        self.memory_limit = number(read("memory", "memory.limit_in_bytes", "memory.max"))
        self.pids_limit = number(read("pids", "pids.max", "pids.max"))
        self._pids = find("pids", "pids.current", "pids.current")
        self._pids_events = find("pids", "pids.events", "pids.events")
        self._memory = find("memory", "memory.usage_in_bytes", "memory.current")
        self._memory_stat = find("memory", "memory.stat", "memory.stat")
        self._memory_events = find("memory", "memory.oom_control", "memory.events")

    def pids(self) -> int:
        """Processes and threads in the cgroup now."""
        return number(read_file(self._pids)) or 0

    def memory(self) -> int:
        """Bytes in use as `docker stats` counts them: without the files' pages that nobody has asked for lately."""
        idle = _counter(self._memory_stat, "total_inactive_file ") or _counter(self._memory_stat, "inactive_file ")
        return max((number(read_file(self._memory)) or 0) - idle, 0)

    def memory_kills(self) -> int:
        """How many processes the kernel has ended here for lack of memory."""
        return _counter(self._memory_events, "oom_kill ")

    def overflows(self) -> int:
        """How many processes the kernel has ended for lack of memory, or not let begin for want of a place."""
        return self.memory_kills() + _counter(self._pids_events, "max ")


def _counter(path: str | None, name: str) -> int:
    for line in read_file(path).splitlines():
        if line.startswith(name):
            return int(line.split()[1])
    return 0
