"""What was prepared in RESERVED/new of a directory takes the place of all that is there, or is removed again."""

# ruff: noqa: PTH208

from __future__ import annotations

import os

from agent.snapshot import tree
from agent.snapshot.errors import SnapshotError
from agent.snapshot.pack import RESERVED


def exchange(*roots: str) -> None:
    """Put the tree prepared in each root in the place of all that is there, which is removed; all of them or none.

    Renames only until the last step, so that a full disk does not matter.

    Raises:
        SnapshotError: nothing is prepared, or a rename failed; then everything is where it was.
    """
    swaps = [_Swap(root) for root in roots]
    try:
        for swap in swaps:
            swap.forth()
    except OSError as error:
        for swap in swaps:
            swap.back()
        raise SnapshotError("failed", f"{error.strerror}") from None
    for swap in swaps:
        swap.settle()


class _Swap:
    """What was in a root goes to RESERVED/old, and what was in RESERVED/new takes its place."""

    def __init__(self, root: str) -> None:
        self._top = os.open(root, tree.DIRECTORY)
        try:
            self._reserved = os.open(RESERVED, tree.DIRECTORY, dir_fd=self._top)
            self._new = os.open("new", tree.DIRECTORY, dir_fd=self._reserved)
            os.mkdir("old", 0o700, dir_fd=self._reserved)
            self._old = os.open("old", tree.DIRECTORY, dir_fd=self._reserved)
        except OSError as error:
            raise SnapshotError("failed", f"nothing is prepared in {root}: {error.strerror}") from None
        self._moved: list[tuple[str, int, int]] = []

    def forth(self) -> None:
        for source, target in ((self._top, self._old), (self._new, self._top)):
            for name in os.listdir(source):
                if name != RESERVED:
                    tree.move(name, source, target)
                    self._moved.append((name, source, target))
        os.fsync(self._top)

    def back(self) -> None:
        for name, source, target in reversed(self._moved):
            tree.move(name, target, source)

    def settle(self) -> None:
        for fd in (self._new, self._old, self._reserved):
            os.close(fd)
        tree.remove(RESERVED, self._top)
        os.close(self._top)


def clean(*roots: str) -> None:
    """Remove what was prepared."""
    for root in roots:
        top = os.open(root, tree.DIRECTORY)
        tree.remove(RESERVED, top)
        os.close(top)
