"""The lab host of all tests that need one, end-to-end and hostile; each leaves it deployed and healthy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests import labs
from tests.lab.progress import step
from tests.stack import Stack, copy_repository


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Share the tests that need a lab out among the workers' hosts, by `--dist loadscope`."""
    return labs.scheduler(config, log) if config.getoption("dist") == "loadscope" else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with the longest where there are several hosts."""
    if hasattr(config, "workerinput"):
        labs.arrange(items)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave no lab host behind, also of a worker that was ended."""
    if config.getoption("dist", "no") == "loadscope" and not hasattr(config, "workerinput"):
        labs.remove_left_behind()


def shown(config: pytest.Config) -> AbstractContextManager[Any]:
    """Let what is printed meanwhile reach the terminal: somebody may be waiting for minutes."""
    capture: Any = config.pluginmanager.getplugin("capturemanager")
    return capture.global_and_fixture_disabled()  # type: ignore[no-any-return]


@pytest.fixture(scope="session")
def fresh(pytestconfig: pytest.Config) -> Iterator[Stack]:
    """A pristine bookworm host, nothing deployed."""
    with ExitStack() as held:
        with shown(pytestconfig):
            stack = held.enter_context(labs.raised(labs.name()))
        yield stack


@pytest.fixture(scope="session")
def first_deploy(fresh: Stack, pytestconfig: pytest.Config) -> str:
    """What the first deploy printed."""
    with shown(pytestconfig), step(f"First deploy to {fresh.lab.name}, which builds the images"):
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


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """The repository at another place, for a test to change: others deploy from this one meanwhile."""
    copy_repository(tmp_path)
    return tmp_path
