"""Waiting for health: no-op, success, and the two ways in which it is given up."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pyinfra.api.exceptions import PyinfraError

from roles.health import operations
from roles.health.operations import health, healthy
from tests.unit.roles.pyinfra_run import Run, commands, fake

STATE = "docker container inspect"
FACT = 'docker "$kind" inspect'


def inspected(status: str, answer: str | None) -> dict[str, Any]:
    return {"Name": "/picoclaw", "State": {"Status": status, "Health": {"Status": answer} if answer else None}}


def run(found: dict[str, Any] | None, state: str, timeout_s: int = 1) -> Run:
    answers: dict[str, str | dict[str, Any]] = {
        FACT: json.dumps([found] if found else []),
        STATE: state,
        "docker logs": {"stdout": ["first line", "last line"]},
    }
    return fake(healthy, answers, name="health", names=["picoclaw"], timeout_s=timeout_s)


@pytest.mark.parametrize(
    ("container", "word"),
    [
        (None, "missing"),
        (inspected("running", "healthy"), "healthy"),
        (inspected("running", "starting"), "starting"),
        (inspected("running", "unhealthy"), "unhealthy"),
        (inspected("exited", "healthy"), "exited"),
        (inspected("restarting", "unhealthy"), "restarting"),
        (inspected("running", None), "without a health check"),
    ],
)
def test_the_word_for_a_container(container: dict[str, Any] | None, word: str) -> None:
    assert health(container) == word


def test_healthy_containers_are_left_alone() -> None:
    made = run(inspected("running", "healthy"), "unused").execute()

    assert not made.would_change
    assert not made.changed
    assert commands(made, STATE) == []


def test_it_is_done_when_the_container_becomes_healthy() -> None:
    made = run(inspected("running", "starting"), "running healthy 0").execute()

    assert made.changed


def test_it_is_given_up_in_time_with_the_end_of_the_log(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(operations, "_PAUSE_S", 0.05)
    monkeypatch.setattr(operations, "_SAY_EVERY_S", 0.3)
    caplog.set_level("INFO")

    with pytest.raises(PyinfraError):
        run(inspected("running", "starting"), "running unhealthy 0").execute()

    assert "picoclaw | last line" in caplog.text
    assert "picoclaw is unhealthy for 0 s of 1 s, its log ends: last line" in caplog.text
    assert "picoclaw is unhealthy after 1 s: the end of its log stands above" in caplog.text


def test_a_restart_loop_is_given_up_at_once(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """One that was restarted often long ago is none."""
    counted = iter(range(7, 100))
    monkeypatch.setattr(operations, "_PAUSE_S", 0.01)
    monkeypatch.setattr(operations, "_look", lambda *_: ("restarting", next(counted)))

    with pytest.raises(PyinfraError):
        run(inspected("restarting", None), "unused", timeout_s=60).execute()

    assert "picoclaw is in a restart loop after 0 s" in caplog.text
    assert next(counted) == 7 + operations._RESTARTS + 1
