"""What the container's control groups say: its memory and process limits, and kills for lack of memory (v1 and v2)."""

from agent.cgroup import find, number, read, read_file


class Cgroup:
    """This process's cgroup; a limit or counter that cannot be read is None or 0."""

    __slots__ = ("_memory_events", "_pids", "_pids_events", "memory_limit", "pids_limit")

    def __init__(self) -> None:
        self.memory_limit = number(read("memory", "memory.limit_in_bytes", "memory.max"))
        self.pids_limit = number(read("pids", "pids.max", "pids.max"))
        self._pids = find("pids", "pids.current", "pids.current")
        self._pids_events = find("pids", "pids.events", "pids.events")
        self._memory_events = find("memory", "memory.oom_control", "memory.events")

    def pids(self) -> int:
        """Processes and threads in the cgroup now."""
        return number(read_file(self._pids)) or 0

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
