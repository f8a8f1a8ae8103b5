"""The state file while the gateway writes to it: a consistent copy, and what is in it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from agent.snapshot.errors import SnapshotError
from agent.store.database import MIGRATIONS

# Seconds to wait for the gateway's own transactions.
_PATIENCE_S = 30.0
_CHUNK = 256 * 1024


def copy(path: Path, write: Callable[[bytes], object], memory: Path) -> None:
    """Write the database of one moment, without what was deleted from it.

    Args:
        path: the state file.
        write: takes the bytes.
        memory: a directory on a tmpfs for the copy (`VACUUM INTO`): none is ever on a disk.

    Raises:
        SnapshotError: no_state, too_large for the memory, or bad_state when it cannot be read.
    """
    made = memory / "state.db"
    try:
        with closing(_opened(path)) as connection:
            connection.execute("VACUUM INTO ?", (str(made),))
        with made.open("rb") as file:
            while piece := file.read(_CHUNK):
                write(piece)
    except sqlite3.Error as error:
        full = getattr(error, "sqlite_errorname", "") == "SQLITE_FULL"
        raise SnapshotError("state_too_large" if full else "bad_state", str(error)) from None
    finally:
        made.unlink(missing_ok=True)


def schema() -> int:
    """The schema that this version works with."""
    return len(MIGRATIONS)


def held(path: Path) -> int:
    """How many messages, owners and spending days it holds; 0 for a state that nobody has used."""
    if not path.exists():
        return 0
    try:
        with closing(_opened(path)) as connection:
            tables = ("inbox", "messages", "owners", "usage")
            counts = [connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables]  # noqa: S608
    except sqlite3.Error as error:
        raise SnapshotError("bad_state", str(error)) from None
    return int(sum(counts))


def _opened(path: Path) -> sqlite3.Connection:
    if not path.exists():
        raise SnapshotError("no_state")
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=_PATIENCE_S, isolation_level=None)
