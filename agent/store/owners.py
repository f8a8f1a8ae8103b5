"""Who became an owner by pairing."""

from __future__ import annotations

import sqlite3
import time


class Owners:
    """The owners table of the state file."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def add(self, channel: str, user_id: str) -> None:
        """Record that a user has paired."""
        self._db.execute("INSERT OR IGNORE INTO owners VALUES (?, ?, ?)", (channel, user_id, time.time()))

    def of(self, channel: str) -> set[str]:
        """The ids of a channel's paired owners."""
        return {row[0] for row in self._db.execute("SELECT user_id FROM owners WHERE channel = ?", (channel,))}
