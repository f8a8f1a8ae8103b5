"""Who may talk: the listed, the paired, and nobody else."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import pytest

from agent.gateway import access
from agent.gateway.access import Access
from agent.store.database import connect
from agent.store.mailbox import Inbound
from agent.store.owners import Owners


@pytest.fixture
def owners(tmp_path: Path) -> Owners:
    database: sqlite3.Connection = connect(tmp_path / "state.db")
    return Owners(database)


def say(user: str, text: str = "hello") -> Inbound:
    return Inbound("telegram", user, "1", user, "1", text)


def code(log: str) -> str:
    return str(re.findall(r"/pair (\w{8})", log)[-1])


def test_only_the_listed_are_heard(owners: Owners, caplog: pytest.LogCaptureFixture) -> None:
    door = Access("telegram", [7, "8"], owners)
    assert door.permits(say("7"))
    assert door.permits(say("8"))
    assert not door.permits(say("9", "my secret text"))
    assert not door.permits(say("9"))
    assert caplog.text.count("user 9 is not in allowed_user_ids") == 1
    assert "my secret text" not in caplog.text


def test_nobody_listed_means_nobody_until_pairing(owners: Owners, caplog: pytest.LogCaptureFixture) -> None:
    door = Access("telegram", [], owners)
    assert not door.permits(say("7"))
    assert door.pair(say("7", f"/pair {code(caplog.text).lower()}"))
    assert door.permits(say("7"))
    assert not door.permits(say("8"))
    assert Access("telegram", [], owners).permits(say("7")), "pairing survives a restart"


def test_a_code_works_once(owners: Owners, caplog: pytest.LogCaptureFixture) -> None:
    door = Access("telegram", [], owners)
    right = f"/pair {code(caplog.text)}"
    assert door.pair(say("7", right))
    assert not door.pair(say("8", right))


class Clock:
    """Time that passes when the test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_guessing_ends_after_five_tries_and_keeps_nobody_else_out(
    owners: Owners, caplog: pytest.LogCaptureFixture
) -> None:
    door = Access("telegram", [], owners)
    right = f"/pair {code(caplog.text)}"
    for _ in range(access.TRIES_OF_ONE):
        assert not door.pair(say("8", "/pair WRONGONE"))
    assert not door.pair(say("8", right)), "who guesses has no sixth try"
    assert door.pair(say("7", right))


def test_a_crowd_that_guesses_voids_the_code_and_another_follows(
    owners: Owners, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    door = Access("telegram", [], owners, clock)
    first = code(caplog.text)
    for number in range(access.TRIES_OF_ALL):
        assert not door.pair(say(f"{100 + number}", "/pair WRONGONE"))
    assert not door.pair(say("7", f"/pair {first}"))
    assert code(caplog.text) == first, "not at once: guessing would only go on"
    clock.now += access.PAUSE_S + 1
    assert not door.pair(say("100", "/pair WRONGONE"))
    second = code(caplog.text)
    assert second != first
    assert door.pair(say("7", f"/pair {second}"))


def test_an_old_code_is_replaced(owners: Owners, caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    door = Access("telegram", [], owners, clock)
    old = code(caplog.text)
    clock.now += access.CODE_LIFETIME_S + 1
    assert not door.pair(say("7", f"/pair {old}"))
    assert code(caplog.text) != old
    assert door.code() == code(caplog.text)
    assert door.pair(say("7", f"/pair {door.code()}"))
    assert door.code() is None


def test_nobody_pairs_where_others_read_along(owners: Owners, caplog: pytest.LogCaptureFixture) -> None:
    door = Access("telegram", [], owners)
    public = Inbound("telegram", "-5", "1", "7", "1", f"/pair {code(caplog.text)}", private=False)
    assert not door.pair(public)


def test_strangers_are_counted_and_bounded(owners: Owners, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "_MOST_STRANGERS", 3)
    door = Access("telegram", [7], owners)
    for number in range(10):
        assert not door.permits(say(f"{100 + number}"))
    assert door.strangers == 3


def test_pairing_is_closed_where_someone_is_listed(owners: Owners, caplog: pytest.LogCaptureFixture) -> None:
    door = Access("telegram", [7], owners)
    assert "/pair" not in caplog.text
    assert not door.pair(say("8", "/pair "))
