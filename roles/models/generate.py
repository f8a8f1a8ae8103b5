"""Writes models.json from litellm's map of models: `make models`, after litellm's lock has changed.

python -m roles.models.generate .../litellm/model_prices_and_context_window_backup.json
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from roles.models.table import FILE

Entry = Mapping[str, Any]

_MODES = ("chat", "responses")
# litellm's names in the map for what is asked under another one.
_PROVIDERS = {"bedrock_converse": "bedrock", "cohere_chat": "cohere"}
_COSTS = (
    "input_cost_per_token",
    "output_cost_per_token",
    "cache_read_input_token_cost",
    "cache_creation_input_token_cost",
)
# What runs there costs nothing.
_OWN_MACHINE = ("ollama", "lemonade")
_MILLION = 1_000_000


def main(source: str) -> None:
    """Read the map at `source`, write the table beside this module."""
    FILE.write_text(render(json.loads(Path(source).read_text(encoding="utf-8"))), encoding="utf-8")


def render(entries: Mapping[str, Entry]) -> str:
    """The table as JSON, a line for each model, sorted; see agent.llm.tables and roles.models.table for its fields."""
    found: dict[str, Entry] = {}
    for name, entry in entries.items():
        key = key_of(name, entry)
        # Where the map has a model with its provider's name and without, litellm believes the former.
        if entry.get("mode") in _MODES and (name == key or key not in found):
            found[key] = entry
    lines = (f"{json.dumps(key)}: {json.dumps(row(key, found[key]), separators=(',', ':'))}" for key in sorted(found))
    return "{\n" + ",\n".join(lines) + "\n}\n"


def key_of(name: str, entry: Entry) -> str:
    """`provider/model`, as config.json names the provider."""
    provider = str(entry.get("litellm_provider", ""))
    provider = "vertex_ai" if provider.startswith("vertex_ai") else _PROVIDERS.get(provider, provider)
    return name if name.startswith(f"{provider}/") else f"{provider}/{name}"


def row(key: str, entry: Entry) -> list[Any]:
    """Input, output, flags, rates of a plain request, and for each tier its threshold with the rates above it.

    What ends in nothing is cut off.
    """
    flags = "".join(
        letter for letter, name in (("v", "supports_vision"), ("t", "supports_function_calling")) if entry.get(name)
    )
    begin, *above = _steps(entry)
    rates, tiers = begin[1:], [step for step in above if len(step) > 1]
    if rates[:2] == [0, 0] and not _free(key):
        rates = []
    return _cut([_tokens(entry, "max_input_tokens"), _tokens(entry, "max_output_tokens"), flags, rates, *tiers])


def _free(key: str) -> bool:
    """Elsewhere a price of nothing means that it depends (`openrouter/auto`) or that nobody looked."""
    return key.partition("/")[0] in _OWN_MACHINE or key.lower().endswith("free")


def _tokens(entry: Entry, name: str) -> int | None:
    """Not the map's `max_tokens`, a legacy name for one or the other."""
    value = entry.get(name)
    return int(value) if isinstance(value, (int, float)) and value > 0 else None


def _rates(entry: Entry) -> list[float | int | None]:
    """Dollars for a million; none at all unless both input and output are there."""
    rates = [_dollars(entry.get(name)) for name in _COSTS]
    return [] if None in rates[:2] else _cut(rates)


def _steps(entry: Entry) -> Iterator[list[float | int | None]]:
    """Thresholds, each with the rates of a whole request whose prompt is longer, from 0 on.

    In the map as `input_cost_per_token_above_200k_tokens` or as a list `tiered_pricing`.
    """
    if tiers := entry.get("tiered_pricing"):
        yield from ([int(tier["range"][0]), *_rates(tier)] for tier in tiers)
        return
    yield [0, *_rates(entry)]
    begin, end = "input_cost_per_token_above_", "k_tokens"
    for name in sorted(entry):
        thousands = name.removeprefix(begin).removesuffix(end)
        if name == f"{begin}{thousands}{end}" and thousands.isdigit():
            plain = {cost: entry[cost] for cost in _COSTS if cost in entry}
            above = {cost: entry[key] for cost in _COSTS if (key := f"{cost}_above_{thousands}{end}") in entry}
            yield [int(thousands) * 1000, *_rates({**plain, **above})]


def _dollars(cost: object) -> float | int | None:
    """Without the noise of binary fractions: 1.25e-06 a token is 1.25 a million."""
    if not isinstance(cost, (int, float)):
        return None
    amount = Decimal(repr(cost)) * _MILLION
    return int(amount) if amount == amount.to_integral_value() else float(amount)


def _cut(cells: list[Any]) -> list[Any]:
    while cells and cells[-1] in (None, "", []):
        cells = cells[:-1]
    return cells


if __name__ == "__main__":
    main(*sys.argv[1:])
