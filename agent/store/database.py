"""The SQLite file: how it is opened, its schema and its migrations."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

STATE = Path("/var/lib/picoclaw/state.db")

# Entry N takes the schema from version N to N + 1 (`PRAGMA user_version`). Entries are only appended, and only add:
# when a new version is not healthy, the one before is started again and works on with what it finds.
MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE inbox (
        id INTEGER PRIMARY KEY,
        channel TEXT NOT NULL,
        chat_id TEXT NOT NULL,
        external_id TEXT NOT NULL,      -- the chat service's own id: a redelivered message is stored once
        user_id TEXT NOT NULL,
        language TEXT NOT NULL,
        message_id TEXT NOT NULL,       -- what a reply refers to
        text TEXT NOT NULL,
        received_at REAL NOT NULL,      -- seconds since the epoch
        done_at REAL,
        UNIQUE (channel, external_id)
    ) STRICT;
    CREATE INDEX inbox_pending ON inbox (channel, chat_id, id) WHERE done_at IS NULL;
    CREATE TABLE outbox (
        id INTEGER PRIMARY KEY,
        channel TEXT NOT NULL,
        chat_id TEXT NOT NULL,
        reply_to TEXT,
        text TEXT NOT NULL,
        created_at REAL NOT NULL,
        sent_at REAL,
        failed TEXT                     -- why it was given up
    ) STRICT;
    CREATE INDEX outbox_pending ON outbox (id) WHERE sent_at IS NULL AND failed IS NULL;
    CREATE TABLE messages (
        id INTEGER PRIMARY KEY,
        session TEXT NOT NULL,
        turn INTEGER NOT NULL,          -- inbox.id of the message that caused it
        body TEXT NOT NULL              -- an OpenAI chat message, JSON
    ) STRICT;
    CREATE INDEX messages_session ON messages (session, id);
    CREATE TABLE owners (
        channel TEXT NOT NULL,
        user_id TEXT NOT NULL,
        paired_at REAL NOT NULL,
        PRIMARY KEY (channel, user_id)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE marks (
        name TEXT PRIMARY KEY,
        value TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    """,
    """
    CREATE TABLE egress (
        id INTEGER PRIMARY KEY,
        client TEXT NOT NULL,
        host TEXT NOT NULL,             -- as asked for; empty when it was not even that
        port INTEGER NOT NULL,
        address TEXT NOT NULL,          -- connected to, or tried last
        bytes_up INTEGER NOT NULL,
        bytes_down INTEGER NOT NULL,
        seconds REAL NOT NULL,
        verdict TEXT NOT NULL,          -- allowed, refused, failed
        reason TEXT NOT NULL,
        connections INTEGER NOT NULL,   -- more than 1: a flood, added up
        ended_at REAL NOT NULL
    ) STRICT;
    CREATE INDEX egress_kind ON egress (client, verdict, id);
    """,
    """
    CREATE TABLE usage (
        day TEXT NOT NULL,              -- UTC, YYYY-MM-DD
        model TEXT NOT NULL,            -- provider/model
        requests INTEGER NOT NULL,
        prompt_tokens INTEGER NOT NULL,
        cached_tokens INTEGER NOT NULL, -- of the prompt's, read from the provider's cache
        completion_tokens INTEGER NOT NULL,
        cost INTEGER NOT NULL,          -- millionths of a dollar, of those requests whose cost is known
        unpriced INTEGER NOT NULL,      -- requests whose cost is not
        PRIMARY KEY (day, model)
    ) STRICT, WITHOUT ROWID;
    """,
    """
    ALTER TABLE inbox ADD COLUMN private INTEGER NOT NULL DEFAULT 1;
    ALTER TABLE inbox ADD COLUMN quoted TEXT NOT NULL DEFAULT '';
    ALTER TABLE inbox ADD COLUMN attachments TEXT NOT NULL DEFAULT '[]';    -- JSON
    ALTER TABLE inbox ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0;       -- how often its turn was begun
    ALTER TABLE inbox ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;       -- messages of its turn older than its text
    ALTER TABLE inbox ADD COLUMN draft TEXT;        -- the message that shows the beginning of its answer
    CREATE INDEX inbox_chat ON inbox (channel, chat_id, message_id);
    CREATE INDEX inbox_done ON inbox (done_at) WHERE done_at IS NOT NULL;
    ALTER TABLE outbox ADD COLUMN edits TEXT;       -- the message whose place it takes
    ALTER TABLE outbox ADD COLUMN file TEXT;        -- a path on the state volume
    ALTER TABLE outbox ADD COLUMN file_name TEXT NOT NULL DEFAULT '';
    ALTER TABLE outbox ADD COLUMN turn INTEGER NOT NULL DEFAULT 0;          -- inbox.id of what it answers
    """,
    """
    CREATE TABLE settings (
        name TEXT PRIMARY KEY,
        value TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE tasks (
        id TEXT PRIMARY KEY,            -- as its script named it
        channel TEXT NOT NULL,          -- of the message in the inbox
        session TEXT NOT NULL,
        queued_at REAL NOT NULL,        -- seconds since the epoch
        ended_at REAL,
        answer TEXT,                    -- Markdown
        done INTEGER                    -- whether it is one: 0 for a reason why there is none
    ) STRICT, WITHOUT ROWID;
    """,
    """
    ALTER TABLE inbox ADD COLUMN withdrawn INTEGER NOT NULL DEFAULT 0;      -- its sender has taken it back
    """,
)


def connect(path: Path | str) -> sqlite3.Connection:
    """Open the state file, creating or migrating it.

    WAL with synchronous=FULL: a committed message survives the death of any process and of the host.
    """
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA cache_size = -512")  # KiB; the whole stack lives in 64 MB
    _migrate(connection)
    return connection


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All or nothing; a transaction inside another joins it."""
    if connection.in_transaction:
        yield
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


class Store:
    """A part of the state file: what is kept of one subject."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def together(self) -> AbstractContextManager[None]:
        """A transaction around what is stored inside, here or in another part of the same file."""
        return transaction(self._db)


def _keep_copy(connection: sqlite3.Connection, version: int) -> None:
    """The state as it was, beside itself, in place of an older copy; none of a state that is in memory."""
    (_, _, file) = connection.execute("PRAGMA database_list").fetchone()
    if not file:
        return
    path = Path(file)
    for older in path.parent.glob(f"{path.stem}.before-*"):
        older.unlink()
    copy = sqlite3.connect(path.with_name(f"{path.stem}.before-{version}{path.suffix}"))
    try:
        connection.backup(copy)
    finally:
        copy.close()


def _migrate(connection: sqlite3.Connection) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if 0 < version < len(MIGRATIONS):
        _keep_copy(connection, version)
    for number, script in enumerate(MIGRATIONS[version:], start=version + 1):
        connection.executescript(f"BEGIN IMMEDIATE; {script}; PRAGMA user_version = {number}; COMMIT;")
