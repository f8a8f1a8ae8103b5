"""One lab host for all tests that need one, end-to-end and hostile; each leaves it deployed and healthy."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.lab import Lab
from tests.lab.lab import remove
from tests.stack import Stack

KEEP = "PICOCLAW_KEEP_LAB"  # set it to look at the host after a failed run, and to go on with that host in the next


@pytest.fixture(scope="session")
def fresh() -> Iterator[Stack]:
    """A pristine bookworm host, nothing deployed."""
    name = os.environ.get("PICOCLAW_TEST_LAB", "picoclaw-test")
    if not os.environ.get(KEEP):
        remove(name)
    lab = Lab.up(name)
    stack = Stack(lab)
    yield stack
    stack.close()
    if not os.environ.get(KEEP):
        lab.down()


@pytest.fixture(scope="session")
def first_deploy(fresh: Stack) -> str:
    """What the first deploy printed."""
    done = fresh.deploy("-y")
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture
def stack(fresh: Stack, first_deploy: str) -> Stack:
    """The deployed product, answering, with stand-ins that remember nothing."""
    assert first_deploy
    fresh.wait_ready()
    fresh.fakes.reset()
    return fresh
