"""The processes of the sandbox's PID namespace: who descends from whom, ending one command's, ending all."""

# pathlib would cost the idle server 1 MB.
# ruff: noqa: PTH123, PTH208

import os
import time

from agent.pid1 import libc

# pid -> (parent's pid, state, start time); the start time tells a process from a later one with the same pid.
Table = dict[int, tuple[int, str, str]]

_ROUNDS = 20
_PAUSE_S = 0.001
_ENDING_ALL_S = 3.0


def table() -> Table:
    """Every process of the namespace, as /proc shows it now."""
    processes = {}
    for name in os.listdir("/proc"):
        if name.isdigit() and (stat := _stat(name)):
            # The command's name stands in parentheses and may hold anything, parentheses included.
            fields = stat.rpartition(")")[2].split()
            processes[int(name)] = (int(fields[1]), fields[0], fields[19])
    return processes


def _stat(pid: str) -> str:
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def living(processes: Table, pids: list[int]) -> list[int]:
    """Those of `pids` that are no zombies."""
    return [pid for pid in pids if processes[pid][1] not in "ZX"]


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


def reap(at_most: int) -> list[tuple[int, int]]:
    """Up to `at_most` children that have ended, as (pid, status)."""
    ended = []
    for _ in range(at_most):
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            break
        if not pid:
            break
        ended.append((pid, status))
    return ended
