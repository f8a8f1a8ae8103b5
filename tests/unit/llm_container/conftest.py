"""For the modules of this folder: a parent with a stand-in for its worker, or one with the real litellm."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.llm_container.asking import PROVIDERS
from tests.unit.llm_container.box import Box, running
from tests.unit.llm_container.engine import Engine, engine


@pytest.fixture
def boxed() -> Iterator[tuple[Box, Path]]:
    with running() as made:
        yield made


@pytest.fixture
def box(boxed: tuple[Box, Path]) -> Box:
    return boxed[0]


@pytest.fixture(scope="module")
def shared() -> Iterator[Engine]:
    with engine() as made:
        assert made.box.post("/warm", timeout=60, json={"idle_minutes": 0}).status_code == 200
        yield made


@pytest.fixture
def llm(shared: Engine) -> Iterator[Engine]:
    """The module's worker, which must outlive each test."""
    shared.fakes.llm_reset()
    before = shared.box.workers()
    yield shared
    assert shared.box.workers() == before, shared.box.log_text()


@pytest.fixture(params=PROVIDERS)
def provider(request: pytest.FixtureRequest) -> str:
    return str(request.param)
