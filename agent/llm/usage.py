"""What an answer cost, as the provider counts it."""

from __future__ import annotations

from typing import Any

import msgspec

_DEAREST = 1e6  # dollars for a request: beyond it, and below nothing, is no price


class PromptDetails(msgspec.Struct):
    """Of the prompt's tokens, those that the provider's cache gave or took."""

    cached_tokens: int | None = None
    cache_write_tokens: int | None = None  # OpenRouter's word
    cache_creation_tokens: int | None = None  # picoclaw-llm's


class Reported(msgspec.Struct):
    """What a provider reports; what `cost` is elsewhere than at OpenRouter, where it is dollars, nobody knows."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_tokens_details: PromptDetails | None = None
    cost: Any = None
    is_byok: Any = None
    cost_details: Any = None


class Usage(msgspec.Struct, frozen=True):
    """Tokens (those read from and written to a cache are among the prompt's), and dollars where it was said."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    cost_usd: float | None = None
    cache_written_tokens: int = 0


def read(reported: Reported) -> Usage:
    """The usage that a provider reports."""
    details = reported.prompt_tokens_details or PromptDetails()
    return Usage(
        reported.prompt_tokens or 0,
        reported.completion_tokens or 0,
        details.cached_tokens or 0,
        _cost(reported),
        details.cache_write_tokens or details.cache_creation_tokens or 0,
    )


def _cost(reported: Reported) -> float | None:
    """With what the provider behind OpenRouter takes from the owner's own key there (is_byok)."""
    cost = _dollars(reported.cost)
    if cost is None or reported.is_byok is not True or not isinstance(reported.cost_details, dict):
        return cost
    return cost + (_dollars(reported.cost_details.get("upstream_inference_cost")) or 0.0)


def _dollars(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < _DEAREST:
        return None
    return float(value)
