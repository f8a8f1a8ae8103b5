"""The ways to a model: an engine and a provider. Each plays a scenario beside the provider's stand-in."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from agent import config
from agent.llm.client import SOCKET
from agent.llm.models import Models
from tests.conformance.providers import PROVIDERS, Provider
from tests.fakes.standins import LOOPBACK, StandIns

EngineName = Literal["direct", "litellm"]


@dataclass(frozen=True)
class World:
    """What a scenario plays in: the stand-ins, and clients that lead to one of them."""

    fakes: StandIns
    provider: Provider
    engine: EngineName
    api_base: str | None
    timeout_s: float
    socket: str = SOCKET

    def model(self, **other: Any) -> config.Model:
        """The provider's model as it would be configured, but for what is given."""
        usual = {
            "provider": self.provider.name,
            "api_key": self.provider.key,
            "model": self.provider.model,
            "api_base": self.api_base,
            "engine": self.engine,
            "timeout_s": self.timeout_s,
            "vision": True,  # what it is sent is what is looked at here
        }
        return config.Model(**(usual | other))

    def client(self, *fallbacks: config.Model, **other: Any) -> Models:
        """The front to that model, and those that stand in for it; close it."""
        model = self.model(**other)
        values = {name: getattr(model, name) for name in model.__struct_fields__}
        return Models(config.LLM(**values, fallbacks=list(fallbacks), idle_minutes=0), self.socket)


Scenario = Callable[[World], Awaitable[Any]]


class Engine(Protocol):
    """Plays scenarios over one engine."""

    def play(self, provider: Provider, scenario: Scenario) -> Any:
        """What the scenario returns."""


class Direct:
    """The gateway calls the provider; the stand-ins are new for each scenario."""

    def play(self, provider: Provider, scenario: Scenario) -> Any:
        """See Engine."""

        async def run() -> Any:
            async with StandIns({provider.host: LOOPBACK}) as fakes:
                base = f"{fakes.url(provider.host)}{provider.prefix}"
                return await scenario(World(fakes, provider, "direct", base, timeout_s=1.0))

        return asyncio.run(run())


@dataclass(frozen=True)
class Way:
    """An engine and a provider."""

    engine: EngineName
    provider: Provider

    def __str__(self) -> str:
        return f"{self.engine}-{self.provider.name}"


WAYS = (
    *(Way("direct", PROVIDERS[name]) for name in ("openai", "openrouter")),
    *(Way("litellm", PROVIDERS[name]) for name in ("openai", "openrouter", "anthropic", "gemini")),
)
