"""`picoclaw usage`: what the models have cost, by day and model, as a table or as JSON."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from agent.errors import PicoClawError
from agent.messages import say
from agent.store.usage import MICRODOLLARS, DayOfModel, Spent, Usage, total


def read(state: Path, days: int) -> list[DayOfModel]:
    """The rows of the last `days` days, newest first; raise PicoClawError when there is no state to read."""
    try:
        connection = sqlite3.connect(f"{state.as_uri()}?mode=ro", uri=True)
        try:
            return Usage(connection).days(days)
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise PicoClawError(
            f"{state} cannot be read ({error}); run this where the gateway runs: docker exec picoclaw picoclaw usage"
        ) from None


def document(rows: Sequence[DayOfModel]) -> dict[str, Any]:
    """For programs: `cost_usd` is of those requests whose cost is known, `unpriced` counts the others."""
    days = [{"day": row.day.isoformat(), "model": row.model, **counts(row.spent)} for row in rows]
    return {"days": days, "total": counts(total(row.spent for row in rows))}


def table(rows: Sequence[DayOfModel], language: str) -> str:
    """For people."""
    if not rows:
        return say("usage_none", language)
    cells = [say("usage_columns", language).split("|")]
    cells += [[row.day.isoformat(), row.model, *_cells(row.spent)] for row in rows]
    cells.append([say("usage_total", language), "", *_cells(total(row.spent for row in rows))])
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join(_line(line, widths) for line in cells)


def counts(spent: Spent) -> dict[str, Any]:
    """Its fields for JSON, with the cost in dollars."""
    fields: dict[str, Any] = asdict(spent)
    fields["cost_usd"] = fields.pop("cost") / MICRODOLLARS
    return fields


def _cells(spent: Spent) -> list[str]:
    counts = (spent.requests, spent.prompt_tokens, spent.cached_tokens, spent.completion_tokens)
    return [*map(str, counts), f"{spent.cost / MICRODOLLARS:.4f}", str(spent.unpriced)]


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    """Names to the left, numbers to the right."""
    placed = [
        cell.ljust(width) if place < 2 else cell.rjust(width)
        for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]
    return "  ".join(placed).rstrip()
