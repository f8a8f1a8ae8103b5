"""Collecting children that have ended, which PID 1 owes to every orphan of its container."""

import os


def reap(at_most: int) -> list[tuple[int, int]]:
    """Up to `at_most` children that have ended, as (pid, wait status)."""
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
