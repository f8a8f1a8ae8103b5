"""Who may talk: the listed, the paired, and nobody else."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from agent.gateway import access, pairing
from agent.gateway.access import Access
from agent.store.database import connect
from agent.store.mailbox import Inbound
from agent.store.owners import Owners
from agent.task_cli import pairing as pairing_words


class Clock:
    """Time that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """Seconds."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def owners(tmp_path: Path) -> Owners:
    database: sqlite3.Connection = connect(tmp_path / "state.db")
    return Owners(database)


def say(user: str, text: str = "hello") -> Inbound:
    return Inbound("telegram", user, "1", user, "1", text)


def code(log: str) -> str:
    return str(re.findall(r"/pair (\w{8})", log)[-1])


def guess(door: Access, users: Iterable[str]) -> None:
    for user in users:
        assert not door.pair(say(user, "/pair WRONGONE"))


def test_only_the_listed_are_heard(owners: Owners, caplog: pytest.LogCaptureFixture) -> None:
    door = Access("telegram", [7, "8"], owners)
    assert door.permits(say("7"))
    assert door.permits(say("8"))
    assert not door.permits(say("9", "my secret text"))
    assert not door.permits(say("9"))
    assert caplog.text.count("user 9 is not in allowed_user_ids") == 1
    assert "my secret text" not in caplog.text
    assert door.strangers == 1


def test_a_crowd_of_strangers_takes_no_more_memory(owners: Owners, caplog: pytest.LogCaptureFixture) -> None:
    door = Access("telegram", [7], owners)
    for number in range(2 * access.MOST_STRANGERS):
        assert not door.permits(say(f"x{number}"))
    assert door.strangers == access.MOST_STRANGERS
    assert len(caplog.records) == access.MOST_STRANGERS


def test_nobody_listed_means_nobody_until_pairing(owners: Owners, caplog: pytest.LogCaptureFixture) -> None:
    door = Access("telegram", [], owners)
    assert not door.permits(say("7"))
    assert door.pair(say("7", f"/pair {code(caplog.text).lower()}"))
    assert door.permits(say("7"))
    assert not door.permits(say("8"))
    assert door.strangers == 1, "the owner is none any more"
    assert door.code() is None
    assert Access("telegram", [], owners).permits(say("7")), "pairing survives a restart"


@pytest.mark.parametrize("text", ["/pair@picoclaw_bot {}", "/PAIR  {} "])
def test_how_people_write_it(owners: Owners, caplog: pytest.LogCaptureFixture, text: str) -> None:
    door = Access("telegram", [], owners)
    assert door.pair(say("7", text.format(code(caplog.text))))


def test_a_code_works_once(owners: Owners, caplog: pytest.LogCaptureFixture) -> None:
    door = Access("telegram", [], owners)
    right = f"/pair {code(caplog.text)}"
    assert door.pair(say("7", right))
    assert not door.pair(say("8", right))


def test_a_code_works_in_private_alone(owners: Owners, caplog: pytest.LogCaptureFixture) -> None:
    door = Access("telegram", [], owners)
    right = say("7", f"/pair {code(caplog.text)}")
    assert not door.pair(replace(right, private=False))
    assert door.pair(right)


def test_one_stranger_ends_no_code_and_is_soon_not_heard(
    owners: Owners, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    door = Access("telegram", [], owners, clock)
    right = f"/pair {code(caplog.text)}"
    guess(door, ["8"] * 10 * pairing.CODE_TRIES)
    assert not door.pair(say("8", right)), "five tries are all that a user has"
    assert caplog.text.count("wrong pairing code") == 2
    assert door.pair(say("7", right)), "the owner is not kept out by it"


def test_a_silenced_user_has_tries_again_later(owners: Owners, clock: Clock) -> None:
    door = Access("telegram", [], owners, clock)
    guess(door, ["8"] * pairing.USER_TRIES)
    clock.now += pairing.USER_PAUSE_S
    found = door.code()
    assert found is not None
    assert door.pair(say("8", f"/pair {found[0]}"))


def test_a_crowd_ends_a_code_for_a_minute(owners: Owners, clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    door = Access("telegram", [], owners, clock)
    first = code(caplog.text)
    crowd = [f"x{number}" for number in range(pairing.CODE_TRIES // pairing.USER_TRIES)]
    guess(door, crowd * pairing.USER_TRIES)
    assert not door.pair(say("7", f"/pair {first}"))
    assert caplog.text.count("somebody guesses") == 1
    assert code(caplog.text) == first, "no new one for the crowd to guess at"
    clock.now += pairing.PAUSE_S + 1
    assert not door.pair(say("7", f"/pair {first}"))
    assert (second := code(caplog.text)) != first
    guess(door, crowd)
    assert door.pair(say("7", f"/pair {second}"))


def test_who_has_the_host_need_not_wait(owners: Owners, clock: Clock) -> None:
    door = Access("telegram", [], owners, clock)
    guess(door, [f"x{number}" for number in range(pairing.CODE_TRIES)])
    found = door.code()
    assert found is not None
    assert found[1] == pairing.CODE_LIFETIME_S
    assert door.pair(say("7", f"/pair {found[0]}"))


def test_an_old_code_is_replaced_when_somebody_tries(
    owners: Owners, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    door = Access("telegram", [], owners, clock)
    old = code(caplog.text)
    clock.now += pairing.CODE_LIFETIME_S + 1
    assert not door.permits(say("7"))
    assert code(caplog.text) == old, "who does not try gets no new one"
    assert not door.pair(say("7", f"/pair {old}"))
    assert code(caplog.text) != old
    assert door.pair(say("7", f"/pair {code(caplog.text)}"))


def test_who_is_listed_is_all_that_may_and_the_order_is_the_lists(owners: Owners) -> None:
    owners.add("telegram", "7")
    assert Access("telegram", [], owners).owners() == ["7"]
    narrowed = Access("telegram", [1000, "42", 999], owners)
    assert narrowed.owners() == ["1000", "42", "999"]
    assert not narrowed.permits(say("7"))
    assert narrowed.code() is None


def test_slacks_people_are_told_what_slack_lets_through(owners: Owners, caplog: pytest.LogCaptureFixture) -> None:
    Access("slack", [], owners)
    assert "send the bot: !pair " in caplog.text
    assert "in private: !pair X" in pairing_words([{"channel": "slack", "code": "X", "seconds": 60}])
    assert "in private: /pair X" in pairing_words([{"channel": "discord", "code": "X", "seconds": 60}])


def test_pairing_is_closed_where_someone_is_listed(owners: Owners, caplog: pytest.LogCaptureFixture) -> None:
    door = Access("telegram", [7], owners)
    assert "/pair" not in caplog.text
    assert not door.pair(say("8", "/pair "))
    assert not door.pair(say("8", "/pair XXXXXXXX"))
