"""From the proxy to the audit log, in batches: a commit is an fsync, and a client may make hundreds of connections."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from dataclasses import replace

from agent.store.audit import Audit, EgressRecord

log = logging.getLogger("egress")

# What is waiting when the gateway is killed is lost; when it stops in peace nothing is.
_EVERY_S = 2.0
# Of each client and verdict between two batches; more are added up in one row.
_SINGLY = 32
_HOSTS_LOGGED = 200


class Recorder:
    """Collects records (`add` is the proxy's callback) and stores them soon; every connection is counted."""

    def __init__(self, audit: Audit, every: float = _EVERY_S) -> None:
        self._audit = audit
        self._every = every
        self._waiting: dict[tuple[str, str], list[EgressRecord]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._logged: set[tuple[str, str, int]] = set()

    def add(self, record: EgressRecord) -> None:
        """Take a record."""
        self._log(record)
        kind = self._waiting.setdefault((record.client, record.verdict), [])
        if len(kind) <= _SINGLY:
            kind.append(record)
        else:
            kind[-1] = _merged(kind[-1], record)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._every, self.flush)

    def flush(self) -> None:
        """Store what is waiting."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        records = sorted((one for kind in self._waiting.values() for one in kind), key=lambda one: one.ended_at)
        self._waiting.clear()
        try:
            if records:
                self._audit.add(records)
        except sqlite3.Error as error:
            log.error("%d egress records could not be stored: %s", len(records), error)

    def _log(self, record: EgressRecord) -> None:
        """Tell the owner what is missing, once a host: a client must not be able to fill the log."""
        key = (record.client, record.host, record.port)
        if record.verdict == "allowed" or key in self._logged or len(self._logged) >= _HOSTS_LOGGED:
            return
        self._logged.add(key)
        log.warning("%s, %s: %s", record.client, record.verdict, record.reason)


def _merged(one: EgressRecord, other: EgressRecord) -> EgressRecord:
    same = (one.host, one.port, one.address, one.reason) == (other.host, other.port, other.address, other.reason)
    return replace(
        one if same else replace(one, host="(several)", port=0, address="", reason="(several)"),
        bytes_up=one.bytes_up + other.bytes_up,
        bytes_down=one.bytes_down + other.bytes_down,
        seconds=round(one.seconds + other.seconds, 3),
        connections=one.connections + other.connections,
        ended_at=other.ended_at,
    )
