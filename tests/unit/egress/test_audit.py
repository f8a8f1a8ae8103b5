"""The books: every connection counted, bounded, and never in the way."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.egress.recorder import Recorder
from agent.store.audit import Audit, EgressRecord
from agent.store.database import MIGRATIONS, connect


def record(host: str = "a.example.org", verdict: str = "allowed", client: str = "sandbox", up: int = 1) -> EgressRecord:
    return EgressRecord(client, host, 443, "93.184.216.34", up, 2, 0.5, verdict, "" if verdict == "allowed" else "why")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    connection = connect(tmp_path / "state.db")
    yield connection
    connection.close()


def test_what_was_stored_is_read_newest_first(database: sqlite3.Connection) -> None:
    audit = Audit(database)
    records = [record("a.example.org"), record("b.example.org", client="llm"), record("c.example.org", "refused")]
    audit.add(records)
    assert audit.recent() == records[::-1]
    assert audit.recent(1) == [records[2]]
    assert audit.recent(client="llm") == [records[1]]


def test_a_batch_is_stored_in_the_order_of_its_connections_ends(database: sqlite3.Connection) -> None:
    async def scenario() -> None:
        recorder = Recorder(Audit(database))
        for host, verdict in (("a", "refused"), ("b", "allowed"), ("c", "refused"), ("d", "allowed")):
            recorder.add(record(host, verdict))
        recorder.flush()

    asyncio.run(scenario())
    assert [entry.host for entry in Audit(database).recent()] == ["d", "c", "b", "a"]


def test_a_flood_of_one_kind_washes_away_only_that(database: sqlite3.Connection) -> None:
    audit = Audit(database, kept=10)
    audit.add([record("allowed.example.org"), record("llm.example.org", "refused", "llm")])
    for start in range(0, 100, 20):
        audit.add(record(f"{n}.example.org", "refused") for n in range(start, start + 20))
    left = [entry.host for entry in audit.recent(1000)]
    assert left == [f"{n}.example.org" for n in range(99, 89, -1)] + ["llm.example.org", "allowed.example.org"]


def test_a_state_file_of_the_version_before_gets_the_table(tmp_path: Path) -> None:
    old = sqlite3.connect(tmp_path / "state.db", isolation_level=None)
    old.executescript(f"{MIGRATIONS[0]}; PRAGMA user_version = 1")
    old.close()
    new = connect(tmp_path / "state.db")
    audit = Audit(new)
    audit.add([record()])
    assert len(audit.recent()) == 1
    new.close()


def test_records_are_stored_together_and_soon(database: sqlite3.Connection) -> None:
    async def scenario() -> None:
        audit = Audit(database)
        recorder = Recorder(audit, every=0.05)
        begun: list[str] = []
        database.set_trace_callback(lambda sql: begun.append(sql) if sql.startswith("BEGIN") else None)
        for number in range(20):
            recorder.add(record(f"{number}.example.org"))
        assert audit.recent() == []
        await asyncio.sleep(0.2)
        assert len(audit.recent()) == 20
        assert len(begun) == 1
        recorder.add(record("last.example.org"))
        recorder.flush()
        assert audit.recent(1)[0].host == "last.example.org"

    asyncio.run(scenario())


def test_a_flood_is_added_up_and_every_connection_counted(database: sqlite3.Connection) -> None:
    async def scenario() -> None:
        audit = Audit(database)
        recorder = Recorder(audit)
        for number in range(1000):
            recorder.add(record(f"{number}.example.org", "refused", up=3))
            recorder.add(record("same.example.org", up=5))
        recorder.flush()
        stored = audit.recent(10_000)
        assert len(stored) < 100
        for verdict, host, size in (("refused", "(several)", 3), ("allowed", "same.example.org", 5)):
            kind = [entry for entry in stored if entry.verdict == verdict]
            assert sum(entry.connections for entry in kind) == 1000
            assert sum(entry.bytes_up for entry in kind) == 1000 * size
            assert kind[0].host == host

    asyncio.run(scenario())


def test_the_owner_is_told_once_for_each_host(database: sqlite3.Connection, caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        recorder = Recorder(Audit(database))
        for _ in range(3):
            recorder.add(record("a.example.org", "refused"))
            recorder.add(record("b.example.org"))
        for number in range(1000):
            recorder.add(record(f"{number}.example.org", "refused"))
        recorder.flush()

    with caplog.at_level(logging.INFO, "egress"):
        asyncio.run(scenario())
    assert caplog.messages[0] == "sandbox, refused: why"
    assert len(caplog.messages) == 200


def test_a_database_that_fails_does_not_stop_the_proxy(
    database: sqlite3.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        recorder = Recorder(Audit(database))
        recorder.add(record())
        database.execute("DROP TABLE egress")
        recorder.flush()
        recorder.add(record())

    asyncio.run(scenario())
    assert "1 egress records could not be stored: no such table: egress" in caplog.messages
