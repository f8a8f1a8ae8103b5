"""What a backup holds, read from its first to its last byte and checked."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from agent.config import Sandbox
from agent.gateway.printable import one_line, shortened
from agent.operator import checking
from agent.operator.archive import format as layout
from agent.operator.archive.errors import ArchiveError
from agent.operator.archive.format import Member, Readable
from agent.operator.words import say
from agent.sandbox.quota import Measured, utmost

# What the host counted (agent.snapshot.pack.Report), of which only these numbers are believed to be numbers.
_COUNTS = ("entries", "bytes")
_REASONS = ("vanished", "changed", "unreadable", "special", "too_deep", "too_many_links", "too_fragmented",
            "over_limit")  # fmt: skip
_MEGABYTE = 1024 * 1024


@dataclass
class Contents:
    """Everything but the pieces.

    Attributes:
        about: when, of which host, by which version.
        config: the text of config.json; it holds secrets.
        state: the SQLite file.
        schema: its version.
        counts: rows of the tables that tell how much it remembers.
        packed: what the host counted, of `spool.tar` and `workspace.tar`.
        sums: SHA-256 by member.
        sizes: bytes by part (`workspace.tar`: of all its pieces together).
    """

    about: dict[str, Any] = field(default_factory=dict)
    config: str = field(default="", repr=False)
    state: bytes = field(default=b"", repr=False)
    schema: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    packed: dict[str, dict[str, Any]] = field(default_factory=dict)
    sums: dict[str, str] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)

    def lines(self, language: str) -> Iterator[str]:
        """What is in it, without a secret and without a name that a command could have chosen."""
        about = {name: _plain(self.about.get(name)) for name in ("created", "host", "version")}
        yield say("archive_about", language, **about)
        found = checking.findings(self.config, None)
        if found.config is not None:
            yield from checking.summary(found.config, language)
        yield say(
            "archive_state", language, schema=self.schema, size=_mb(self.sizes.get(layout.STATE, 0)), **self.counts
        )
        workspace = self.packed.get(layout.WORKSPACE, {})
        size = _mb(self.sizes.get(layout.WORKSPACE, 0))
        yield say("archive_workspace", language, entries=workspace.get("entries", 0), size=size)
        yield from left_out(workspace, language)


def limits_of(config: str) -> Measured:
    """What the workspace may take before even its own sandbox would not let it delete any more; bytes and files."""
    found = checking.findings(config, None)
    sandbox = found.config.sandbox if found.config is not None else Sandbox()
    return utmost(Measured(sandbox.workspace_mb * _MEGABYTE, sandbox.workspace_files))


def left_out(report: Mapping[str, Any], language: str) -> Iterator[str]:
    """What was not saved, or not as it was, in one line each."""
    for reason, count in report.get("left_out", {}).items():
        if count:
            yield say(f"archive_{reason}", language, count=count)


def verified(stream: Readable) -> Contents:
    """Read a decrypted backup to its end.

    Raises:
        ArchiveError: it is not one, is not whole, is of a newer format, or its state is damaged.
    """
    found = Contents()
    for member in layout.members(stream):
        found.sums[member.name] = member.digest
        found.sizes[member.part] = found.sizes.get(member.part, 0) + len(member.data)
        _take(found, member)
    found.schema, found.counts = state(found.state)
    return found


def _take(found: Contents, member: Member) -> None:
    if member.part == layout.ABOUT:
        found.about = _object(member)
        if found.about.get("format") != layout.VERSION:
            raise ArchiveError("archive_newer", format=_plain(found.about.get("format")))
    elif member.part == layout.CONFIG:
        _object(member)
        found.config = member.data.decode()
    elif member.part == layout.STATE:
        found.state = member.data
    elif member.part == layout.CONTENTS:
        document = _object(member)
        found.packed = {part: counted(document.get(part)) for part in (layout.SPOOL, layout.WORKSPACE)}


def counted(report: object) -> dict[str, Any]:
    """The numbers of such a report that are some."""
    given = report if isinstance(report, dict) else {}
    reasons = given.get("left_out")
    reasons = reasons if isinstance(reasons, dict) else {}
    return {
        **{name: _number(given.get(name)) for name in _COUNTS},
        "left_out": {name: _number(reasons[name]) for name in _REASONS if name in reasons},
    }


def state(data: bytes) -> tuple[int, dict[str, int]]:
    """The schema of a state file, and how much it remembers; ArchiveError when SQLite finds it damaged."""
    if not data:
        raise ArchiveError("archive_bad_state", reason="empty")
    with closing(sqlite3.connect(":memory:")) as connection:
        try:
            connection.deserialize(data)
            connection.execute("PRAGMA trusted_schema = OFF")
            found = [row[0] for row in connection.execute("PRAGMA integrity_check(1)")]
            (schema,) = connection.execute("PRAGMA user_version").fetchone()
            tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
            counts = {
                table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] if table in tables else 0  # noqa: S608
                for table in ("messages", "owners")
            }
        except sqlite3.Error as error:
            raise ArchiveError("archive_bad_state", reason=_plain(error)) from None
    if found != ["ok"]:
        raise ArchiveError("archive_bad_state", reason=_plain(found[0]))
    return int(schema), counts


def _object(member: Member) -> dict[str, Any]:
    try:
        document = json.loads(member.data)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise ArchiveError("archive_bad", reason=member.name)
    return document


def _number(value: object) -> int:
    return value if isinstance(value, int) and 0 <= value < 1 << 60 else 0


def _plain(value: object) -> str:
    """A word of the file as it may be printed on a terminal."""
    return shortened(one_line(str(value)), 100)


def _mb(size: int) -> str:
    return f"{size / 1e6:.1f} MB"
