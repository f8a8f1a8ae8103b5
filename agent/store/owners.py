"""Who became an owner by pairing."""

from __future__ import annotations

import time

from agent.store.database import Store


class Owners(Store):
    """The owners table of the state file."""

    def add(self, channel: str, user_id: str) -> None:
        """Record that a user has paired."""
        self._db.execute("INSERT OR IGNORE INTO owners VALUES (?, ?, ?)", (channel, user_id, time.time()))

    def of(self, channel: str) -> set[str]:
        """The ids of a channel's paired owners."""
        return {row[0] for row in self._db.execute("SELECT user_id FROM owners WHERE channel = ?", (channel,))}
