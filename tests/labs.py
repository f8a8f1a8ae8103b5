"""The lab hosts of a test run: one for each worker of pytest-xdist, shared by all tests that it runs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.lab import Lab
from tests.lab.lab import DEFAULT_OS, names_of_labs, remove
from tests.stack import Stack

# Set it to look at the hosts after a failed run, and to go on with them in the next.
KEEP = "PICOCLAW_KEEP_LAB"

# What takes longest begins first, or one worker would be busy with it when the others have nothing left to do.
_LONGEST = ("litellm", "e2e-mutations", "e2e-deploy", "e2e-upgrade", "e2e-network", "e2e-trixie", "e2e-confinement")


def name(*more: str) -> str:
    """The name of this worker's lab host, or of a second one of its own."""
    chosen = os.environ.get("PICOCLAW_TEST_LAB", "picoclaw-test")
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    return "-".join(filter(None, [chosen, worker, *more]))


@contextmanager
def raised(name: str, system: str = DEFAULT_OS) -> Iterator[Stack]:
    """A pristine host, nothing deployed, while the block runs."""
    if not os.environ.get(KEEP):
        remove(name)
    stack = Stack(Lab.up(name, system))
    try:
        yield stack
    finally:
        stack.close()
        if not os.environ.get(KEEP):
            stack.lab.down()


def remove_left_behind() -> None:
    """Remove what workers did not come to remove; called by the process that has started them, when they have ended."""
    if not os.environ.get(KEEP):
        for left in names_of_labs():
            if left.startswith(f"{name()}-gw"):
                remove(left)


def arrange(items: list[pytest.Item]) -> None:
    """Keep each module's tests on one host, and those that are marked with the same group; begin with the longest."""
    groups = {item: _group(item) for item in items}
    for item, group in groups.items():
        item.add_marker(pytest.mark.xdist_group(group))
    items.sort(key=lambda item: _LONGEST.index(groups[item]) if groups[item] in _LONGEST else len(_LONGEST))


def _group(item: pytest.Item) -> str:
    marked = item.get_closest_marker("xdist_group")
    return str(marked.args[0]) if marked else f"{item.path.parent.name}-{item.path.stem.removeprefix('test_')}"
