"""The table of models, and what of it a config.json needs.

models.json is made by generate.py from litellm's map. Its lines are `"provider/model": [reads, writes, flags, rates,
tier...]`: tokens that it reads and writes at most; `v` when it sees pictures, `t` when it calls tools; dollars for a
million tokens `[input, output, from cache, to cache]`; and for prompts longer than a threshold `[threshold, input,
output, ...]`. What is not known is null, or left out at the end.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from agent import config
from agent.errors import ConfigError
from agent.llm import tables
from agent.llm.tables import Known, Rates, Table, Tier
from roles.common.words import language, sentence

FILE = Path(__file__).with_name("models.json")


def known_models(llm: config.LLM) -> Table:
    """What the table tells of each configured model, by its key; None of one that is not in it."""
    keys = [key for model in llm.models if (key := tables.key_of(model)) is not None]
    return {key: _known(_rows().get(key)) for key in keys}


def shipped(llm: config.LLM) -> str:
    """The text of the models.json that goes to the host; the same for the same models and table."""
    document = msgspec.to_builtins(dict(sorted(known_models(llm).items())))
    return json.dumps(document, indent=2) + "\n"


def remarks(llm: config.LLM) -> list[str]:
    """A line for each configured model of which something is not known, and what that means."""
    return [f"config.json: {gap.sentence(language())}" for gap in tables.gaps(llm, known_models(llm))]


def check_budget(llm: config.LLM) -> None:
    """Raise ConfigError when a daily budget is set and the price of a configured model is not known."""
    missing = tables.unpriced(llm, known_models(llm))
    if llm.daily_budget_usd is not None and missing:
        raise ConfigError(sentence("budget_unpriced", missing=sentence("and").join(missing)))


def models_of(provider: str) -> dict[str, Known]:
    """The provider's models in the table, under the names by which config.json has them."""
    prefix = f"{provider}/"
    rows = {key.removeprefix(prefix): _known(row) for key, row in _rows().items() if key.startswith(prefix)}
    return {name: known for name, known in rows.items() if known is not None}


@cache
def _rows() -> dict[str, list[Any]]:
    rows: dict[str, list[Any]] = json.loads(FILE.read_text(encoding="utf-8"))
    return rows


def _known(row: list[Any] | None) -> Known | None:
    if row is None:
        return None
    cells: list[Any] = row + [None] * (4 - len(row))
    reads, writes, flags, rates = cells[:4]
    return Known(
        max_input_tokens=reads,
        max_output_tokens=writes,
        price=Rates(*rates) if rates else None,
        tiers=tuple(Tier(*rates_above, above=above) for above, *rates_above in cells[4:]),
        vision="v" in (flags or ""),
        tools="t" in (flags or ""),
    )
