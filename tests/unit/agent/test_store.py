"""Inbox, outbox and sessions: nothing lost, nothing doubled, no call parted from its result."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from agent.store import database as database_module
from agent.store.database import MIGRATIONS, connect, transaction
from agent.store.mailbox import Inbound, Mailbox, Outbound
from agent.store.sessions import Sessions, open_calls


def message(number: int, text: str = "hello") -> Inbound:
    return Inbound("telegram", "7", str(number), "7", str(number), text)


@pytest.fixture
def database(tmp_path: Path) -> sqlite3.Connection:
    return connect(tmp_path / "state.db")


def test_a_redelivered_message_is_stored_once(database: sqlite3.Connection) -> None:
    mailbox = Mailbox(database)
    assert [m.text for m in mailbox.receive([message(1), message(2), message(1)])] == ["hello", "hello"]
    assert mailbox.receive([message(2)]) == []


def test_messages_and_the_place_in_the_stream_are_stored_together(database: sqlite3.Connection) -> None:
    mailbox = Mailbox(database)

    def deliver() -> None:
        def messages() -> object:
            yield message(1)
            raise RuntimeError

        mailbox.receive(messages(), {"telegram": "1"})  # type: ignore[arg-type]

    with pytest.raises(RuntimeError):
        deliver()
    assert mailbox.unfinished() == []
    assert mailbox.marks("telegram") == {}
    mailbox.receive([message(1)], {"telegram": "1", "discord:5": "9"})
    assert mailbox.marks("telegram") == {"telegram": "1"}


def test_what_was_not_finished_is_there_after_a_restart(tmp_path: Path) -> None:
    first = Mailbox(connect(tmp_path / "state.db"))
    one, two = first.receive([message(1), message(2)])
    first.finish(one, [Outbound("telegram", "7", "answer")])

    second = Mailbox(connect(tmp_path / "state.db"))
    assert [m.id for m in second.unfinished()] == [two.id]
    assert second.chats_to_send_to("telegram") == ["7"]
    reply = second.next_unsent("telegram", "7")
    assert reply is not None
    assert reply.text == "answer"
    second.sent(reply)
    assert second.next_unsent("telegram", "7") is None
    assert second.chats_to_send_to("telegram") == []


def test_a_message_that_was_given_up_is_not_sent_again(database: sqlite3.Connection) -> None:
    mailbox = Mailbox(database)
    (inbound,) = mailbox.receive([message(1)])
    mailbox.finish(inbound, [Outbound("telegram", "7", "a"), Outbound("telegram", "7", "b")])
    first = mailbox.next_unsent("telegram", "7")
    assert first is not None
    mailbox.failed(first, "refused")
    second = mailbox.next_unsent("telegram", "7")
    assert second is not None
    assert (first.text, second.text) == ("a", "b")


def test_an_inner_transaction_falls_with_the_outer(database: sqlite3.Connection) -> None:
    sessions = Sessions(database)

    def outer() -> None:
        with transaction(database):
            with transaction(database):
                sessions.append("s", 1, {"role": "user", "content": "x"})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        outer()
    assert sessions.of_turn("s", 1) == []


def test_history_is_cut_at_turns(database: sqlite3.Connection) -> None:
    sessions = Sessions(database)
    for turn in range(1, 6):
        sessions.append("s", turn, {"role": "user", "content": "x" * 100})
        sessions.append("s", turn, {"role": "assistant", "content": str(turn)})
    history = sessions.newest("s", 500).messages
    assert [m["role"] for m in history] == ["user", "assistant"] * 3
    assert history[-1]["content"] == "5"
    assert len(sessions.newest("s", 1).messages) == 2  # always the newest turn, whole
    assert len(sessions.newest("s", 10**6).messages) == 10
    sessions.clear("s")
    assert sessions.newest("s", 10**6).messages == []


def test_open_calls_are_those_without_a_result() -> None:
    calls = {"role": "assistant", "content": None, "tool_calls": [{"id": "a"}, {"id": "b"}]}
    assert open_calls([calls, {"role": "tool", "tool_call_id": "a", "content": ""}]) == ["b"]


def test_the_schema_is_made_once(tmp_path: Path) -> None:
    for _ in range(2):
        database = connect(tmp_path / "state.db")
        assert database.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
        assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        database.close()


def test_a_migration_keeps_a_copy_of_what_was_and_the_version_before_works_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, all_ = tmp_path / "state.db", database_module.MIGRATIONS
    monkeypatch.setattr(database_module, "MIGRATIONS", all_[:1])
    old = connect(path)
    old.execute("INSERT INTO marks VALUES ('telegram', '5')")
    old.close()
    (tmp_path / "state.before-0.db").write_text("an older copy")
    monkeypatch.setattr(database_module, "MIGRATIONS", all_)
    assert Mailbox(connect(path)).marks("telegram") == {"telegram": "5"}
    assert [found.name for found in tmp_path.glob("*before*")] == ["state.before-1.db"]
    copy = sqlite3.connect(tmp_path / "state.before-1.db")
    assert copy.execute("PRAGMA user_version").fetchone() == (1,)
    assert copy.execute("SELECT value FROM marks").fetchone() == ("5",)
    copy.close()
    monkeypatch.setattr(database_module, "MIGRATIONS", all_[:1])
    before = connect(path)  # as after a rollback: it finds a newer state
    before.execute(
        "INSERT INTO inbox (channel, chat_id, external_id, user_id, language, message_id, text, received_at)"
        " VALUES ('telegram', '7', '1', '7', 'en', '1', 'hello', 0)"
    )
    before.close()
    monkeypatch.setattr(database_module, "MIGRATIONS", all_)
    assert [message.text for message in Mailbox(connect(path)).unfinished()] == ["hello"]


@pytest.mark.parametrize(("chosen", "spoken"), [("auto", ["pl", "de", "en"]), ("pl", ["pl", "pl", "pl"])])
def test_a_language_that_is_chosen_for_all_is_everybodys(tmp_path: Path, chosen: str, spoken: list[str]) -> None:
    mailbox = Mailbox(connect(tmp_path / "state.db"), chosen)
    (pole,) = mailbox.receive([Inbound("telegram", "7", "1", "7", "1", "cześć", "pl")])
    (german,) = mailbox.receive([Inbound("telegram", "8", "2", "8", "2", "hallo", "de")])

    assert [pole.language, german.language, mailbox.language_in("slack", "C1")] == spoken
    assert [message.language for message in mailbox.unfinished()] == spoken[:2]
    assert [mailbox.language_of(pole.id), mailbox.language_in("telegram", "8"), mailbox.language_of(99)] == spoken
