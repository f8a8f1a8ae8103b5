"""One host after the other, by a stand-in for pyinfra that fails for the hosts it is told to."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from agent.operator.reach import Host, UnreachableError
from agent.operator.rollout import Outcome, rollout, table


class There(Host):
    """A host that ssh reaches."""

    def run(self, script: str, **_: object) -> subprocess.CompletedProcess[bytes]:
        assert script == "true"
        return subprocess.CompletedProcess([], 0)


class Away(Host):
    """A host that ssh does not reach."""

    def run(self, script: str, **_: object) -> subprocess.CompletedProcess[bytes]:
        raise UnreachableError(f"ssh: no route for {script}")


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where its language and arguments are written, a line for each call. It fails for hosts that are called bad."""
    recorded = tmp_path / "calls"
    pyinfra = tmp_path / "pyinfra"
    pyinfra.write_text(f'#!/bin/sh\necho "$PICOCLAW_LANG $@" >> {recorded}\ncase "$*" in *bad*) exit 1;; esac\n')
    pyinfra.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    return recorded


def hosts(*names: str) -> list[Host]:
    return [(Away if name == "away" else There)(name, {}, Path("none"), True) for name in names]


def ended(*names: str, keep_going: bool = False) -> list[tuple[str, str]]:
    outcomes = rollout(
        hosts(*names),
        ["--data", "a=b"],
        language="pl",
        keep_going=keep_going,
        announce=lambda _name, _place: None,
    )
    return [(outcome.host, outcome.ended) for outcome in outcomes]


def test_each_in_turn_with_the_given_data(calls: Path) -> None:
    assert ended("one", "two") == [("one", "done"), ("two", "done")]
    assert calls.read_text().splitlines() == [
        f"pl inventory deploy.py --yes --limit {name} --data a=b" for name in ("one", "two")
    ]


def test_the_first_that_fails_is_the_last_that_is_touched(calls: Path) -> None:
    assert ended("one", "bad", "two") == [("one", "done"), ("bad", "failed"), ("two", "left")]
    assert "two" not in calls.read_text()


def test_unless_the_others_shall_not_wait_for_it(calls: Path) -> None:
    assert ended("bad", "two", keep_going=True) == [("bad", "failed"), ("two", "done")]
    assert "two" in calls.read_text()


def test_one_that_is_away_stops_nothing(calls: Path) -> None:
    assert ended("away", "two") == [("away", "unreachable"), ("two", "done")]
    assert "away" not in calls.read_text()


def test_the_table_speaks_both_languages() -> None:
    outcomes = [Outcome("one", "done", 12.4), Outcome("longer", "unreachable", 10, "no route"), Outcome("x", "left")]
    assert list(table(outcomes, "en")) == [
        "  one         12 s  deployed and healthy",
        "  longer      10 s  cannot be reached (no route)",
        "  x                 left as it is, because one before it failed",
    ]
    assert "nieosiągalny (no route)" in "\n".join(table(outcomes, "pl"))
