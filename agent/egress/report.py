"""The audit log as a person or a program reads it, from the state file while the gateway writes to it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from agent.confinement.words import index
from agent.egress.errors import EgressError
from agent.egress.words import HEADINGS, NOTHING, VERDICTS
from agent.store.audit import Audit, EgressRecord

_UNITS = ("B", "kB", "MB", "GB", "TB")
_THOUSAND = 1000


def read(state: Path, limit: int, client: str | None = None) -> list[EgressRecord]:
    """The newest connections, newest first; EgressError when the file cannot be read. It is not written to."""
    try:
        with closing(sqlite3.connect(f"{state.as_uri()}?mode=ro", uri=True)) as connection:
            return Audit(connection).recent(limit, client)
    except sqlite3.Error as error:
        raise EgressError(
            f"The audit log in {state} cannot be read ({error}); "
            "run this where the gateway runs: docker exec picoclaw picoclaw egress"
        ) from None


def as_json(records: Sequence[EgressRecord]) -> str:
    """`[{"client": str, "host": str, "port": int, ...}]`, the fields of EgressRecord."""
    return json.dumps([asdict(record) for record in records], indent=2)


def table(records: Sequence[EgressRecord], language: str) -> str:
    """A line for each connection."""
    which = index(language)
    if not records:
        return NOTHING[which]
    lines = [HEADINGS[which], *(_row(record, which) for record in records)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS[which]))]
    padded = ("  ".join(map(str.ljust, line, widths)) for line in lines)
    return "\n".join(line.rstrip() for line in padded)


def _row(record: EgressRecord, which: int) -> tuple[str, ...]:
    host = f"[{record.host}]" if ":" in record.host else record.host
    times = f" ×{record.connections}" if record.connections > 1 else ""
    return (
        datetime.fromtimestamp(record.ended_at, UTC).strftime("%Y-%m-%d %H:%M:%S"),
        record.client,
        (f"{host}:{record.port}" if record.port else host or "-") + times,
        _size(record.bytes_up),
        _size(record.bytes_down),
        VERDICTS.get(record.verdict, (record.verdict,) * 2)[which],
        " ".join(record.reason.split()),
    )


def _size(count: int) -> str:
    size, unit = float(count), 0
    while size >= _THOUSAND and unit < len(_UNITS) - 1:
        size, unit = size / _THOUSAND, unit + 1
    return f"{size:.1f} {_UNITS[unit]}" if unit else f"{count} B"
