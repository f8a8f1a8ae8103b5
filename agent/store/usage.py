"""What the models have cost: a row for each UTC day and model, counted up in the transaction that stores an answer."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, timedelta

from agent.store.database import Store

MICRODOLLARS = 1_000_000
# More than any request has; SQLite's integers, and so the sums of a day, end at 2^63.
_MOST = 10**12


@dataclass(frozen=True, slots=True)
class Spent:
    """Requests and what they took; `cost` in millionths of a dollar, without the `unpriced` ones among them."""

    requests: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    cost: int = 0
    unpriced: int = 0

    @property
    def tokens(self) -> int:
        """All tokens, those read from a cache like the others."""
        return self.prompt_tokens + self.completion_tokens

    def __add__(self, other: Spent) -> Spent:
        """Both together."""
        return Spent(*(getattr(self, name) + getattr(other, name) for name in _COUNTED))


@dataclass(frozen=True, slots=True)
class DayOfModel:
    """What one model took on one day."""

    day: date
    model: str
    spent: Spent


_COUNTED = tuple(field.name for field in fields(Spent))
_COLUMNS = ", ".join(_COUNTED)
_ADDED = ", ".join(f"{name} = {name} + excluded.{name}" for name in _COUNTED)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Usage(Store):
    """The usage table of the state file."""

    def __init__(self, connection: sqlite3.Connection, now: Callable[[], datetime] = _utc_now) -> None:
        """`now` is in UTC."""
        super().__init__(connection)
        self.now = now

    def today(self) -> date:
        """The day that budgets and sums are counted by."""
        return self.now().date()

    def add(self, model: str, spent: Spent) -> None:
        """Count what an answer took, on the day that it came."""
        values = [min(max(getattr(spent, name), 0), _MOST) for name in _COUNTED]
        self._db.execute(
            f"INSERT INTO usage (day, model, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
            f" ON CONFLICT (day, model) DO UPDATE SET {_ADDED}",
            (self.today().isoformat(), model, *values),
        )

    def days(self, count: int) -> list[DayOfModel]:
        """The rows of the last `count` days, today included, newest day first, the dearest model of each first."""
        since = self.today() - timedelta(days=count - 1)
        rows = self._db.execute(
            f"SELECT day, model, {_COLUMNS} FROM usage WHERE day >= ? ORDER BY day DESC, cost DESC, model",
            (since.isoformat(),),
        )
        return [DayOfModel(date.fromisoformat(day), model, Spent(*counted)) for day, model, *counted in rows]

    def spent_today(self) -> Spent:
        """What all models took today."""
        return total(row.spent for row in self.days(1))


def total(parts: Iterable[Spent]) -> Spent:
    """All of them together."""
    return sum(parts, Spent())
