"""The lab hosts of a test run: one for each worker of pytest-xdist, shared by all tests that it runs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

from tests.lab import Lab
from tests.lab.lab import DEFAULT_OS, names_of_labs, remove
from tests.stack import Stack

# Set it to look at the hosts after a failed run, and to go on with them in the next.
KEEP = "PICOCLAW_KEEP_LAB"

# The image of litellm is built once, on one host, for all modules that need it.
_LITELLM = ("e2e/test_llm", "e2e/test_llm_container", "e2e/test_kill", "hostile/test_litellm")
# What takes longest begins first, or one worker would be busy with it when the others have nothing left to do.
_LONGEST = ("litellm", "e2e/test_mutations", "e2e/test_deploy", "e2e/test_upgrade", "e2e/test_network",
            "e2e/test_trixie", "e2e/test_confinement")  # fmt: skip


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
    """Put what takes longest first."""
    items.sort(key=lambda item: _rank(_host_of(item.nodeid)))


def scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """Gives each worker one module after the other, and what shares an image to the same."""
    config.option.loadscopereorder = False
    return _ByHost(config, log)


class _ByHost(LoadScopeScheduling):  # type: ignore[misc]  # it has no types
    def _split_scope(self, nodeid: str) -> str:
        return _host_of(nodeid)


def _host_of(test: str) -> str:
    module = test.partition("::")[0].removeprefix("tests/").removesuffix(".py")
    return "litellm" if module in _LITELLM else module


def _rank(group: str) -> int:
    return _LONGEST.index(group) if group in _LONGEST else len(_LONGEST)
