"""The processes of the sandbox's PID namespace: who descends from whom, ending one command's, ending all."""

# pathlib would cost the idle server 1 MB.
# ruff: noqa: PTH123, PTH208

import os
import time

from agent.pid1 import libc

# pid -> (parent's pid, state, start time); the start time tells a process from a later one with the same pid.
Table = dict[int, tuple[int, str, str]]

# Linux, include/linux/sched.h; field 9 of /proc/PID/stat.
_PF_FORKNOEXEC = 0x40

_ROUNDS = 20
_PAUSE_S = 0.001
_ENDING_ALL_S = 3.0


def table() -> Table:
    """Every process of the namespace, as /proc shows it now."""
    processes = {}
    for name in os.listdir("/proc"):
        if name.isdigit() and (stat := _stat(name)):
            fields = _fields(stat)
            # A zombie with more than one thread lives on: only its first thread has ended.
            state = "S" if fields[0] == "Z" and fields[17] != "1" else fields[0]
            processes[int(name)] = (int(fields[1]), state, fields[19])
    return processes


def _stat(pid: str) -> str:
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def _fields(stat: str) -> list[str]:
    """From the state on; the command's name stands in parentheses and may hold anything, parentheses included."""
    return stat.rpartition(")")[2].split()


def is_own_code(pid: int) -> bool:
    """Whether a process that the server has forked executed no program: it is a copy of the server, opaque like it."""
    stat = _stat(str(pid))
    return bool(stat) and bool(int(_fields(stat)[6]) & _PF_FORKNOEXEC)


def any_left() -> bool:
    """Whether this process has children; of PID 1, whether anything runs that was not entered from outside."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def living(processes: Table, pids: list[int]) -> list[int]:
    """Those of `pids` that are no zombies."""
    return [pid for pid in pids if processes[pid][1] not in "ZX"]


def unstopped(spared: int) -> list[int]:
    """Processes that run although everything was stopped; not `spared` and its descendants, nor who waits for a disk.

    Those who came from outside the namespace (a health check) are not meant either.
    """
    processes = table()
    without = {1, spared, *descendants(processes, spared)}
    return [pid for pid, (parent, _, _) in processes.items() if parent and pid not in without and _runs(pid)]


def _runs(pid: int) -> bool:
    try:
        threads = os.listdir(f"/proc/{pid}/task")
    except OSError:
        return False
    states = [_fields(stat)[0] for thread in threads if (stat := _stat(f"{pid}/task/{thread}"))]
    return any(state in "RS" for state in states)


def descendants(processes: Table, ancestor: int) -> list[int]:
    """Children, grandchildren and so on."""
    children: dict[int, list[int]] = {}
    for pid, (parent, _, _) in processes.items():
        children.setdefault(parent, []).append(pid)
    found, waiting = [], children.get(ancestor, [])
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        waiting.extend(children.get(pid, []))
    return found


def send(pid: int, signal: int) -> None:
    """Signal a process that may have ended meanwhile."""
    try:
        os.kill(pid, signal)
    except ProcessLookupError:
        return


def end_tree(leader: int) -> int | None:
    """End `leader` and all its descendants; how many that were, or None when they multiply faster than they die.

    The leader is a subreaper, so that descendants which daemonize stay its descendants: it is stopped first and
    ended last.
    """
    ended: set[int] = set()
    for _ in range(_ROUNDS):
        send(leader, libc.SIGSTOP)
        processes = table()
        fresh = [pid for pid in living(processes, descendants(processes, leader)) if pid not in ended]
        for pid in fresh:
            send(pid, libc.SIGKILL)
        ended.update(fresh)
        if not fresh:
            send(leader, libc.SIGKILL)
            return len(ended) + 1
        time.sleep(_PAUSE_S)
    return None


def end_all() -> dict[int, int]:
    """End and reap every process of the namespace but this one, which must be its PID 1; exit statuses by pid."""
    if os.getpid() != 1:
        raise RuntimeError("only PID 1 of a PID namespace may end every process of it")
    statuses: dict[int, int] = {}
    give_up = time.monotonic() + _ENDING_ALL_S
    while time.monotonic() < give_up:
        send(-1, libc.SIGKILL)
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            break
        if pid:
            statuses[pid] = status
        else:
            time.sleep(_PAUSE_S)
    return statuses
