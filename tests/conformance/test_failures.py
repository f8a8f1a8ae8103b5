"""Every failure, by every way to a model: the right error, no useless retry, and never the key in a sentence."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from agent.llm.client import ATTEMPTS, ChatClient
from agent.llm.errors import LLMError, LLMKeyError, LLMUnavailableError
from tests.conformance.engines import WAY_NAMES, WAYS, Engine, connect
from tests.conformance.failures import FAILURES, NETWORKS, RECOVERED, Failure
from tests.conformance.providers import Provider
from tests.fakes.standins import LOOPBACK, StandIns
from tests.fakes.wire import HttpError, LlmSettings, NetworkMode, Reply

EACH_WAY = pytest.mark.parametrize(("engine", "provider"), WAYS, ids=WAY_NAMES)
Scenario = Callable[[StandIns], Awaitable[Any]]


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries without the waiting."""
    monkeypatch.setattr("random.uniform", lambda *_: 0.001)


def play(provider: Provider, scenario: Scenario) -> Any:
    """Runs a scenario beside the provider's stand-in."""

    async def run() -> Any:
        async with StandIns({provider.host: LOOPBACK}) as fakes:
            return await scenario(fakes)

    return asyncio.run(run())


async def ask(client: ChatClient) -> str:
    """One question."""
    try:
        return (await client.complete([{"role": "user", "content": "go"}])).text
    finally:
        await client.aclose()


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: failure.name)
@EACH_WAY
def test_failure(engine: Engine, provider: Provider, failure: Failure) -> None:
    async def scenario(fakes: StandIns) -> None:
        fakes.state.brain.script([failure.fault, Reply(text=RECOVERED)])
        if failure.retried:
            assert await ask(connect(engine, provider, fakes)) == RECOVERED
            assert len(fakes.state.brain.requests) == 2
            return
        with pytest.raises(LLMError) as caught:
            await ask(connect(engine, provider, fakes))
        assert type(caught.value) is failure.error, caught.value
        assert provider.key not in str(caught.value)
        assert len(fakes.state.brain.requests) == 1

    play(provider, scenario)


@EACH_WAY
def test_a_wrong_key_is_tried_once(engine: Engine, provider: Provider) -> None:
    async def scenario(fakes: StandIns) -> None:
        wrong = provider.key[:-4] + "oops"
        with pytest.raises(LLMKeyError) as caught:
            await ask(engine.connect(provider, fakes.url(provider.host), wrong))
        assert wrong not in str(caught.value)
        assert [request.authorization for request in fakes.state.brain.requests] == ["bad"]

    play(provider, scenario)


@EACH_WAY
def test_an_unknown_model_is_tried_once(engine: Engine, provider: Provider) -> None:
    async def scenario(fakes: StandIns) -> str:
        fakes.state.accounts[provider.host].change(LlmSettings(models=["another"]))
        with pytest.raises(LLMError) as caught:
            await ask(connect(engine, provider, fakes))
        assert caught.value.reply == "llm_request"
        assert len(fakes.state.brain.requests) == 1
        return str(caught.value)

    assert provider.model in play(provider, scenario)


@EACH_WAY
def test_retries_end(engine: Engine, provider: Provider) -> None:
    async def scenario(fakes: StandIns) -> None:
        fakes.state.brain.script([Reply(error=HttpError(kind="overloaded"))] * 9)
        with pytest.raises(LLMUnavailableError):
            await ask(connect(engine, provider, fakes))
        assert len(fakes.state.brain.requests) == ATTEMPTS

    play(provider, scenario)


@EACH_WAY
def test_retry_after_is_waited_for(engine: Engine, provider: Provider) -> None:
    async def scenario(fakes: StandIns) -> float:
        fault = Reply(error=HttpError(kind="rate_limit", retry_after=1))
        fakes.state.brain.script([fault, Reply(text=RECOVERED)])
        began = time.monotonic()
        assert await ask(connect(engine, provider, fakes)) == RECOVERED
        return time.monotonic() - began

    assert 1 <= play(provider, scenario) < 5


@pytest.mark.parametrize("mode", NETWORKS)
@EACH_WAY
def test_a_host_that_cannot_be_reached(engine: Engine, provider: Provider, mode: NetworkMode) -> None:
    async def scenario(fakes: StandIns) -> None:
        address = fakes.url(provider.host)
        await fakes.host(provider.host).set_mode(mode)
        with pytest.raises(LLMUnavailableError):
            await ask(engine.connect(provider, address, provider.key))

    play(provider, scenario)


@EACH_WAY
def test_a_name_that_does_not_resolve(engine: Engine, provider: Provider) -> None:
    with pytest.raises(LLMUnavailableError, match=r"nowhere\.invalid"):
        asyncio.run(ask(engine.connect(provider, "http://nowhere.invalid", provider.key)))
