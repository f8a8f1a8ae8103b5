"""Every failure, by every way to a model: the right error, no useless retry, and never the key in a sentence."""

from __future__ import annotations

import time

import pytest

from agent.llm.errors import ATTEMPTS, LLMError, LLMKeyError, LLMUnavailableError
from agent.llm.models import Models
from tests.conformance.conftest import Play
from tests.conformance.engines import World
from tests.conformance.failures import FAILURES, NETWORKS, RECOVERED, Failure
from tests.fakes.wire import HttpError, LlmSettings, NetworkMode, Reply


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries without the waiting."""
    monkeypatch.setattr("random.uniform", lambda *_: 0.001)


async def ask(client: Models) -> str:
    """One question."""
    try:
        return (await client.complete([{"role": "user", "content": "go"}])).text
    finally:
        await client.aclose()


@pytest.mark.parametrize("case", FAILURES, ids=lambda case: case.name)
def test_failure(play: Play, case: Failure) -> None:
    async def scenario(world: World) -> None:
        brain = world.fakes.state.brain
        brain.script([case.fault, Reply(text=RECOVERED)])
        if case.retried:
            assert await ask(world.client()) == RECOVERED
            assert len(brain.requests) == 2
            return
        with pytest.raises(LLMError) as caught:
            await ask(world.client())
        assert type(caught.value) is case.error, caught.value
        assert world.provider.key not in str(caught.value)
        assert len(brain.requests) == 1

    play(scenario)


def test_a_wrong_key_is_tried_once(play: Play) -> None:
    async def scenario(world: World) -> None:
        wrong = world.provider.key[:-4] + "oops"
        with pytest.raises(LLMKeyError) as caught:
            await ask(world.client(api_key=wrong))
        assert wrong not in str(caught.value)
        assert [request.authorization for request in world.fakes.state.brain.requests] == ["bad"]

    play(scenario)


def test_an_unknown_model_is_tried_once(play: Play) -> None:
    async def scenario(world: World) -> None:
        world.fakes.state.accounts[world.provider.host].change(LlmSettings(models=["another"]))
        with pytest.raises(LLMError) as caught:
            await ask(world.client())
        assert caught.value.reply == "llm_model"
        assert len(world.fakes.state.brain.requests) == 1
        assert world.provider.model in str(caught.value)

    play(scenario)


def test_retries_end(play: Play) -> None:
    async def scenario(world: World) -> None:
        world.fakes.state.brain.script([Reply(error=HttpError(kind="overloaded"))] * 9)
        with pytest.raises(LLMUnavailableError):
            await ask(world.client())
        assert len(world.fakes.state.brain.requests) == ATTEMPTS

    play(scenario)


def test_retry_after_is_waited_for(play: Play) -> None:
    async def scenario(world: World) -> float:
        fault = Reply(error=HttpError(kind="rate_limit", retry_after=1))
        world.fakes.state.brain.script([fault, Reply(text=RECOVERED)])
        began = time.monotonic()
        assert await ask(world.client()) == RECOVERED
        return time.monotonic() - began

    assert 1 <= play(scenario) < 5


@pytest.mark.parametrize("mode", NETWORKS)
def test_a_host_that_cannot_be_reached(play: Play, mode: NetworkMode) -> None:
    async def scenario(world: World) -> None:
        client = world.client()
        await world.fakes.host(world.provider.host).set_mode(mode)
        with pytest.raises(LLMUnavailableError) as caught:
            await ask(client)
        assert caught.value.reply == ("llm_silent" if mode == "silence" else "llm_unreachable")

    play(scenario)


def test_a_name_that_does_not_resolve(play: Play) -> None:
    async def scenario(world: World) -> None:
        with pytest.raises(LLMUnavailableError, match=r"nowhere\.invalid") as caught:
            await ask(world.client(api_base="https://nowhere.invalid"))
        assert caught.value.reply == "llm_unreachable"

    play(scenario)
