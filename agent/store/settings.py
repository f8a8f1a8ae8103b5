"""What the gateway itself remembers across restarts: a few names and values."""

from __future__ import annotations

from agent.store.database import Store


class Settings(Store):
    """The settings table of the state file."""

    def get(self, name: str) -> str | None:
        """The value; None when there is none."""
        row = self._db.execute("SELECT value FROM settings WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def put(self, name: str, value: str | None) -> None:
        """Remember a value, or with None forget it."""
        if value is None:
            self._db.execute("DELETE FROM settings WHERE name = ?", (name,))
        else:
            self._db.execute("INSERT OR REPLACE INTO settings (name, value) VALUES (?, ?)", (name, value))
