"""The state file, copied while the gateway writes to it."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest

from agent.snapshot import state
from agent.snapshot.errors import SnapshotError
from agent.store.database import MIGRATIONS, connect
from agent.store.owners import Owners


def copied(path: Path, memory: Path) -> sqlite3.Connection:
    data = bytearray()
    state.copy(path, data.extend, memory)
    connection = sqlite3.connect(":memory:")
    connection.deserialize(bytes(data))
    return connection


def test_a_copy_is_of_one_moment(tmp_path: Path) -> None:
    """Two tables that always change together never differ in it."""
    path, memory = tmp_path / "state.db", tmp_path / "memory"
    memory.mkdir()
    writer = connect(path)
    over = threading.Event()

    def write() -> None:
        own = connect(path)
        while not over.is_set():
            own.execute("BEGIN IMMEDIATE")
            own.execute("INSERT INTO marks VALUES (hex(randomblob(8)), hex(randomblob(2000)))")
            own.execute(
                "INSERT INTO settings SELECT name, value FROM marks WHERE name NOT IN (SELECT name FROM settings)"
            )
            own.execute("COMMIT")

    hostile = threading.Thread(target=write)
    hostile.start()
    try:
        for _ in range(10):
            found = copied(path, memory)
            assert found.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert found.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
            marks = found.execute("SELECT name FROM marks ORDER BY 1").fetchall()
            settings = found.execute("SELECT name FROM settings ORDER BY 1").fetchall()
            assert marks == settings
    finally:
        over.set()
        hostile.join()
    assert marks
    assert not list(memory.iterdir())
    writer.close()


def test_what_is_held(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    assert state.held(path) == 0
    connection = connect(path)
    assert state.held(path) == 0
    Owners(connection).add("telegram", "1")
    assert state.held(path) == 1
    connection.close()


def test_no_state_and_a_damaged_one(tmp_path: Path) -> None:
    with pytest.raises(SnapshotError) as raised:
        state.copy(tmp_path / "none.db", lambda _: None, tmp_path)
    assert raised.value.code == "no_state"
    (tmp_path / "bad.db").write_bytes(b"rubbish" * 1000)
    with pytest.raises(SnapshotError) as raised:
        state.copy(tmp_path / "bad.db", lambda _: None, tmp_path)
    assert raised.value.code == "bad_state"
