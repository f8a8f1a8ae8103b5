"""Sandboxes for the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.unit.sandbox.box import Box, pythons, why_not
from tests.unit.sandbox.filling import FILES, LIMIT_MB


@pytest.fixture(scope="session")
def _possible() -> None:
    reason = why_not()
    if reason:
        pytest.skip(reason)


@pytest.fixture(scope="session", params=pythons(), ids=str)
def python(request: pytest.FixtureRequest) -> str:
    """An interpreter to run the server."""
    return str(request.param)


@pytest.fixture(scope="module")
def shared_box(_possible: None, python: str) -> Iterator[Box]:
    """One sandbox for a whole module."""
    box = Box(python)
    yield box
    box.stop()


@pytest.fixture
def box(shared_box: Box) -> Iterator[Box]:
    """The module's sandbox, which must be alive, connected and free of jobs after each test."""
    first = shared_box.pid
    yield shared_box
    assert shared_box.run(shared_box.link.ping()) == 0
    assert shared_box.pid == first, shared_box.log_text()


@pytest.fixture
def own_box(_possible: None, python: str) -> Iterator[Box]:
    """A sandbox that the test may break."""
    box = Box(python)
    yield box
    box.stop()


@pytest.fixture
def impatient_box(_possible: None, python: str) -> Iterator[Box]:
    """A sandbox whose file operations may take one second."""
    box = Box(python, file_deadline=1.0)
    yield box
    box.stop()


@pytest.fixture
def small(_possible: None, python: str) -> Iterator[Box]:
    """20 MB and 2000 files on a quiet disk of 300 MB."""
    box = Box(
        python,
        disk="-t tmpfs -o nosuid,nodev,size=300m,nr_inodes=50000 tmpfs",
        workspace_mb=LIMIT_MB,
        workspace_files=FILES,
    )
    yield box
    box.stop()
