"""`play`: a function that runs a scenario by each way to a model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.conformance.engines import WAYS, Direct, Engine, Scenario, Way
from tests.conformance.limits import LIMITS
from tests.conformance.litellm import Litellm, running
from tests.unit.llm_container.engine import why_no_engine

Play = Callable[[Scenario], Any]


@pytest.fixture(scope="session")
def litellm() -> Iterator[Litellm]:
    """The one litellm engine of the session."""
    if reason := why_no_engine():
        pytest.skip(reason)
    with running() as engine:
        yield engine


@pytest.fixture(params=WAYS, ids=str)
def way(request: pytest.FixtureRequest) -> Way:
    """Each way; a case that it cannot pass is expected to fail."""
    found: Way = request.param
    case = getattr(request.node.callspec.params.get("case"), "name", request.node.originalname)
    if reason := LIMITS.get((found.engine, found.provider.name, case)):
        request.applymarker(pytest.mark.xfail(strict=True, reason=reason))
    return found


@pytest.fixture
def play(way: Way, request: pytest.FixtureRequest) -> Play:
    """Runs a scenario by that way."""
    engine: Engine = Direct() if way.engine == "direct" else request.getfixturevalue("litellm")
    return lambda scenario: engine.play(way.provider, scenario)
