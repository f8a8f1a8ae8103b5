"""The providers, as their stand-ins play them."""

from dataclasses import dataclass

from tests.fakes import defaults


@dataclass(frozen=True)
class Provider:
    """`name` as in config.json; `prefix` is the path under which its API begins."""

    name: str
    host: str
    key: str
    model: str
    prefix: str


PROVIDERS = {
    provider.name: provider
    for provider in (
        Provider("openai", defaults.OPENAI_HOST, defaults.OPENAI_KEY, defaults.OPENAI_MODEL, "/v1"),
        Provider("openrouter", defaults.OPENROUTER_HOST, defaults.OPENROUTER_KEY, defaults.OPENROUTER_MODEL, "/api/v1"),
        Provider("anthropic", defaults.ANTHROPIC_HOST, defaults.ANTHROPIC_KEY, defaults.ANTHROPIC_MODEL, ""),
        Provider("gemini", defaults.GEMINI_HOST, defaults.GEMINI_KEY, defaults.GEMINI_MODEL, "/v1beta"),
    )
}
