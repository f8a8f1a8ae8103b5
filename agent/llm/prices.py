"""What a request cost, in millionths of a dollar."""

from __future__ import annotations

import math

from agent import config
from agent.llm.tables import Rates, Table, Tier, price_of
from agent.llm.usage import Usage

# What Anthropic takes for writing to its cache, in multiples of the input's price; others take the plain price.
_WRITE_FACTOR = 1.25


def microdollars(model: config.Model, usage: Usage, table: Table) -> int | None:
    """The provider's own word (OpenRouter's) before the table's or config.json's; None when there is neither.

    Rounded up, so that a budget is never overstepped by rounding.
    """
    if model.provider == "openrouter" and usage.cost_usd is not None:
        return math.ceil(round(usage.cost_usd * 1e6, 3))
    price = price_of(model, table)
    if price is None:
        return None
    rates, tiers = price
    return _priced(usage, _rates_for(usage.prompt_tokens, rates, tiers))


def _rates_for(prompt: int, rates: Rates, tiers: tuple[Tier, ...]) -> Rates:
    reached = [tier for tier in tiers if prompt > tier.above]
    return max(reached, key=lambda tier: tier.above) if reached else rates


def _priced(usage: Usage, rates: Rates) -> int:
    """A dollar for a million tokens is a millionth for one. What the cache took or gave is part of the prompt."""
    read = min(usage.cached_tokens, usage.prompt_tokens)
    written = min(usage.cache_written_tokens, usage.prompt_tokens - read)
    read_rate = rates.input if rates.cache_read is None else rates.cache_read
    write_rate = rates.input * _WRITE_FACTOR if rates.cache_write is None else rates.cache_write
    plain = usage.prompt_tokens - read - written
    cost = plain * rates.input + read * read_rate + written * write_rate + usage.completion_tokens * rates.output
    return math.ceil(round(cost, 3))
