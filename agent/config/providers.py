"""The providers of models that are known by name, under litellm's names for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Provider:
    """Where a provider's API is.

    Attributes:
        openai_base: where it speaks OpenAI chat completions, or None when it does not.
        hosts: what litellm reaches for it.
        translated: whether its own protocol serves better than its OpenAI-compatible one, so that litellm is the
            engine unless `llm.engine` says otherwise.
    """

    openai_base: str | None
    hosts: tuple[str, ...]
    translated: bool = False


def _openai(base: str) -> Provider:
    return Provider(base, (base.removeprefix("https://").partition("/")[0],))


PROVIDERS: Mapping[str, Provider] = {
    "openrouter": _openai("https://openrouter.ai/api/v1"),
    "openai": _openai("https://api.openai.com/v1"),
    "anthropic": Provider("https://api.anthropic.com/v1", ("api.anthropic.com",), translated=True),
    "gemini": Provider(
        "https://generativelanguage.googleapis.com/v1beta/openai",
        ("generativelanguage.googleapis.com",),
        translated=True,
    ),
    "groq": _openai("https://api.groq.com/openai/v1"),
    "mistral": _openai("https://api.mistral.ai/v1"),
    "deepseek": _openai("https://api.deepseek.com/v1"),
    "xai": _openai("https://api.x.ai/v1"),
    "together_ai": _openai("https://api.together.xyz/v1"),
    "fireworks_ai": _openai("https://api.fireworks.ai/inference/v1"),
    "cerebras": _openai("https://api.cerebras.ai/v1"),
    "cohere": Provider("https://api.cohere.ai/compatibility/v1", ("api.cohere.com", "api.cohere.ai"), translated=True),
}
