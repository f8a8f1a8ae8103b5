"""A container that cannot look at itself says so and does not serve."""

import asyncio

import pytest

from agent.confinement import report
from agent.gateway import __main__ as gateway
from agent.pid1 import selfcheck


def _no_proc(_role: str) -> list[object]:
    raise FileNotFoundError("/proc/self/mountinfo")


@pytest.fixture(autouse=True)
def blind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "look", _no_proc)


def test_small_main_processes_learn_it_from_their_child() -> None:
    assert selfcheck.weakness("sandbox").startswith("the confinement check failed (FileNotFoundError: ")


def test_the_gateway_stands_by_instead_of_ending(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []

    async def stand_by(reason: str) -> None:
        said.append(reason)

    monkeypatch.setattr(gateway, "_stand_by", stand_by)
    asyncio.run(gateway.serve())
    assert [reason.partition(" (")[0] for reason in said] == ["the confinement check failed"]
