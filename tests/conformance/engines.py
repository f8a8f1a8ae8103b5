"""The ways to a model. An engine takes a provider and the address of its API, and gives a client to talk through."""

from collections.abc import Callable
from dataclasses import dataclass

from agent import config
from agent.llm.client import ChatClient
from tests.conformance.providers import PROVIDERS, Provider
from tests.fakes.standins import StandIns

TIMEOUT_S = 0.5


@dataclass(frozen=True)
class Engine:
    """`connect` takes the provider, the address of its host, and the key."""

    name: str
    providers: tuple[str, ...]
    connect: Callable[[Provider, str, str], ChatClient]


def _direct(provider: Provider, address: str, key: str) -> ChatClient:
    settings = config.LLM(
        provider=provider.name,
        api_key=key,
        model=provider.model,
        api_base=f"{address}{provider.prefix}",
        timeout_s=TIMEOUT_S,
    )
    return ChatClient(settings)


ENGINES = (Engine("direct", ("openai", "openrouter"), _direct),)

WAYS = [(engine, PROVIDERS[name]) for engine in ENGINES for name in engine.providers]
WAY_NAMES = [f"{engine.name}-{provider.name}" for engine, provider in WAYS]


def connect(engine: Engine, provider: Provider, fakes: StandIns) -> ChatClient:
    """A client with the right key; close it."""
    return engine.connect(provider, fakes.url(provider.host), provider.key)
