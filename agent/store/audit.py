"""The audit log: what went out through the egress proxy, bounded."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from agent.store.database import Store

# For each client and verdict, so that a flood of refusals does not wash away what was allowed.
KEPT = 2000


@dataclass(frozen=True, slots=True)
class EgressRecord:
    """A connection of a client of the egress proxy, after its end; or several that were much the same.

    `host` and `address` are empty when it did not come that far. `reason` says why it was not allowed or, of an allowed
    one, what cut it short.
    """

    client: str
    host: str
    port: int
    address: str
    bytes_up: int
    bytes_down: int
    seconds: float
    verdict: str
    reason: str
    connections: int = 1
    ended_at: float = field(default_factory=time.time)  # seconds since the epoch


_COLUMNS = "client, host, port, address, bytes_up, bytes_down, seconds, verdict, reason, connections, ended_at"


class Audit(Store):
    """The egress table of the state file."""

    def __init__(self, connection: sqlite3.Connection, kept: int = KEPT) -> None:
        super().__init__(connection)
        self._kept = kept

    def add(self, records: Iterable[EgressRecord]) -> None:
        """Store records, all in one transaction, and forget the oldest of their kinds beyond the bound."""
        rows = [tuple(getattr(record, column) for column in _COLUMNS.split(", ")) for record in records]
        with self.together():
            self._db.executemany(f"INSERT INTO egress ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
            for client, verdict in {(row[0], row[7]) for row in rows}:
                self._prune(client, verdict)

    def recent(self, limit: int = 100, client: str | None = None) -> list[EgressRecord]:
        """The newest records, newest first."""
        rows = self._db.execute(
            f"SELECT {_COLUMNS} FROM egress WHERE client = coalesce(?, client) ORDER BY id DESC LIMIT ?",
            (client, limit),
        )
        return [EgressRecord(*row) for row in rows]

    def _prune(self, client: str, verdict: str) -> None:
        self._db.execute(
            "DELETE FROM egress WHERE client = ?1 AND verdict = ?2 AND id <= "
            "(SELECT id FROM egress WHERE client = ?1 AND verdict = ?2 ORDER BY id DESC LIMIT 1 OFFSET ?3)",
            (client, verdict, self._kept),
        )
