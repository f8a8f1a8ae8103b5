"""`picoclaw egress`: the audit log as its owner reads it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from agent.cli import main
from agent.egress import report
from agent.egress.errors import EgressError
from agent.store import database
from agent.store.audit import Audit, EgressRecord
from agent.store.database import connect

THEN = datetime(2026, 11, 22, 23, 59, 1, tzinfo=UTC).timestamp()
ALLOWED = EgressRecord("sandbox", "example.org", 443, "93.184.215.14", 1234, 5_600_000, 1.5, "allowed", "", 1, THEN)
REFUSED = EgressRecord("sandbox", "fd00::1", 8443, "", 0, 0, 0.1, "refused", "is not allowed: why", 7, THEN)
LLM = EgressRecord("llm", "", 0, "", 0, 0, 0.1, "failed", "the client went away", 1, THEN)


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A state file that a gateway has open."""
    path = tmp_path / "state.db"
    monkeypatch.setattr(database, "STATE", path)
    with closing(connect(path)) as connection:
        Audit(connection).add([ALLOWED, REFUSED, LLM])
        yield path


def run(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["egress", *arguments])
    return done.exit_code, done.output


@pytest.mark.usefixtures("state")
def test_the_table_is_newest_first_and_aligned() -> None:
    assert run() == (0, (
        "ended (UTC)          client   host               sent    received  verdict  reason\n"
        "2026-11-22 23:59:01  llm      -                  0 B     0 B       failed   the client went away\n"
        "2026-11-22 23:59:01  sandbox  [fd00::1]:8443 ×7  0 B     0 B       refused  is not allowed: why\n"
        "2026-11-22 23:59:01  sandbox  example.org:443    1.2 kB  5.6 MB    allowed\n"
    ))  # fmt: skip


@pytest.mark.usefixtures("state")
def test_in_polish() -> None:
    _, told = run("--lang", "pl", "--client", "sandbox")
    assert [line.split()[-1] for line in told.splitlines()] == ["powód", "why", "dopuszczone"]
    assert "odrzucone" in told


@pytest.mark.usefixtures("state")
def test_of_one_client_and_the_newest_alone() -> None:
    assert "sandbox" not in run("--client", "llm")[1]
    assert len(run("--limit", "2")[1].splitlines()) == 3


@pytest.mark.usefixtures("state")
def test_as_json() -> None:
    code, told = run("--json", "--client", "sandbox")
    assert code == 0
    assert [EgressRecord(**row) for row in json.loads(told)] == [REFUSED, ALLOWED]


@pytest.mark.parametrize(("language", "words"), [("en", "Nothing has gone"), ("pl", "nic jeszcze nie przeszło")])
def test_without_a_connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, language: str, words: str) -> None:
    monkeypatch.setattr(database, "STATE", tmp_path / "state.db")
    connect(tmp_path / "state.db").close()
    code, told = run("--lang", language)
    assert code == 0
    assert words in told


def test_elsewhere_than_in_the_gateway(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "STATE", tmp_path / "nowhere.db")
    code, told = run()
    assert code == 1
    assert "docker exec picoclaw picoclaw egress" in told
    assert not (tmp_path / "nowhere.db").exists()


def test_a_state_file_of_before_says_so(tmp_path: Path) -> None:
    (tmp_path / "state.db").write_bytes(b"")
    with pytest.raises(EgressError, match="no such table: egress"):
        report.read(tmp_path / "state.db", 1)


def test_a_reason_cannot_write_to_the_terminal(state: Path) -> None:
    hostile = EgressRecord("llm", "a.example", 443, "", 0, 0, 0.1, "refused", "\x1b[2J\nforged  row\u202e", 1, THEN)
    with closing(connect(state)) as connection:
        Audit(connection).add([hostile])
    _, told = run("--limit", "1")
    assert told.splitlines()[1].endswith("refused  [2J forged row")
    assert len(told.splitlines()) == 2
