"""Waiting for health: no-op, success, and the two ways in which it is given up."""

from __future__ import annotations

from typing import Any

import pytest
from pyinfra.api.exceptions import PyinfraError

from roles.health import operations
from roles.health.facts import Health, parse
from roles.health.operations import healthy
from tests.unit.roles.pyinfra_run import Run, fake

ASK = "docker container inspect"


def run(answer: str, timeout_s: int = 1) -> Run:
    answers: dict[str, str | dict[str, Any]] = {ASK: answer, "docker logs": {"stdout": ["first line", "last line"]}}
    return fake(healthy, answers, name="health", names=["picoclaw"], timeout_s=timeout_s)


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("picoclaw missing - 0", "missing"),
        ("picoclaw running healthy 0", "healthy"),
        ("picoclaw running starting 0", "starting"),
        ("picoclaw running unhealthy 0", "unhealthy"),
        ("picoclaw exited healthy 0", "exited"),
        ("picoclaw restarting unhealthy 2", "restarting"),
        ("picoclaw running - 0", "without a health check"),
    ],
)
def test_the_word_for_a_container(line: str, word: str) -> None:
    assert parse([line])["picoclaw"].word == word


def test_a_line_of_another_form_is_no_answer() -> None:
    with pytest.raises(ValueError, match="unpack"):
        parse(["permission denied"])


def test_healthy_containers_are_left_alone() -> None:
    made = run("picoclaw running healthy 0").execute()

    assert not made.would_change
    assert not made.changed


def test_it_is_done_when_the_container_becomes_healthy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operations, "_look", lambda *_: Health("healthy"))

    assert run("picoclaw running starting 0").execute().changed


def test_it_is_given_up_in_time_with_the_end_of_the_log(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(operations, "_PAUSE_S", 0.05)
    monkeypatch.setattr(operations, "_SAY_EVERY_S", 0.3)
    caplog.set_level("INFO")

    with pytest.raises(PyinfraError):
        run("picoclaw running unhealthy 0").execute()

    assert "picoclaw | last line" in caplog.text
    assert "picoclaw is unhealthy for 0 s of 1 s, its log ends: last line" in caplog.text
    assert "picoclaw is unhealthy after 1 s: the end of its log stands above" in caplog.text


def test_a_restart_loop_is_given_up_at_once(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """One that was restarted often long ago is none."""
    counted = iter(range(7, 100))
    monkeypatch.setattr(operations, "_PAUSE_S", 0.01)
    monkeypatch.setattr(operations, "_look", lambda *_: Health("restarting", next(counted)))

    with pytest.raises(PyinfraError):
        run("picoclaw restarting - 7", timeout_s=60).execute()

    assert "picoclaw is in a restart loop after 0 s" in caplog.text
    assert next(counted) == 7 + operations._RESTARTS + 1
