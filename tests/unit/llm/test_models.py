"""Models in front of stand-ins: who is asked how often, and what the owner is told when nobody answers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from agent import config
from agent.llm import models as models_module
from agent.llm.errors import LLMAllFailedError, LLMError, LLMKeyError, LLMSlowError, LLMTooLongError
from agent.llm.explain import explain
from agent.llm.models import Models
from tests.fakes import defaults
from tests.fakes.standins import StandIns
from tests.fakes.wire import HttpError, LlmSettings, Reply

KEYS = {"openai": defaults.OPENAI_KEY, "openrouter": defaults.OPENROUTER_KEY}
ASK = [{"role": "user", "content": "go"}]


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries without the waiting."""
    monkeypatch.setattr("random.uniform", lambda *_: 0.001)


class Pair:
    """OpenRouter's model first, OpenAI's behind it; each with its own stand-in."""

    def __init__(self, fakes: StandIns, *, alone: bool = False, timeout_s: float = 0.5) -> None:
        self.fakes = fakes
        base = fakes.url(defaults.OPENROUTER_HOST) + "/api/v1"
        behind = config.Model(
            provider="openai",
            api_key=defaults.OPENAI_KEY,
            model="gpt-4o",
            api_base=fakes.url(defaults.OPENAI_HOST) + "/v1",
            timeout_s=timeout_s,
        )
        self.models = Models(
            config.LLM(
                provider="openrouter",
                api_key=defaults.OPENROUTER_KEY,
                model=defaults.OPENROUTER_MODEL,
                api_base=base,
                timeout_s=timeout_s,
                fallbacks=[] if alone else [behind],
            )
        )

    def script(self, *replies: Reply) -> None:
        self.fakes.state.brain.script(list(replies))

    def lock(self, *hosts: str) -> None:
        """These providers refuse the key from now on."""
        for host in hosts:
            self.fakes.state.accounts[host].change(LlmSettings(keys=["another"]))

    async def ask(self, times: int = 1) -> str:
        answers = [(await self.models.complete(ASK)).provider for _ in range(times)]
        return answers[-1]

    async def error(self) -> LLMError:
        with pytest.raises(LLMError) as caught:
            await self.models.complete(ASK)
        return caught.value

    @property
    def asked(self) -> list[str]:
        """Which provider was asked, request by request."""
        names = {defaults.OPENAI_HOST: "openai", defaults.OPENROUTER_HOST: "openrouter"}
        return [names[request.host] for request in self.fakes.state.brain.requests]


def play(scenario: Callable[[Pair], Awaitable[None]], **options: Any) -> None:
    async def run() -> None:
        async with StandIns() as fakes:
            pair = Pair(fakes, **options)
            try:
                await scenario(pair)
            finally:
                await pair.models.aclose()

    asyncio.run(run())


@pytest.mark.parametrize("kind", ["key", "forbidden", "quota", "model", "context", "too_large"])
def test_what_no_retry_helps_goes_to_the_fallback_at_once(kind: Any) -> None:
    async def scenario(pair: Pair) -> None:
        pair.script(Reply(error=HttpError(kind=kind)))
        assert await pair.ask() == "openai"
        assert pair.asked == ["openrouter", "openai"]

    play(scenario)


def test_what_a_retry_may_help_is_retried_first() -> None:
    async def scenario(pair: Pair) -> None:
        pair.script(*[Reply(error=HttpError(kind="server"))] * 3)
        assert await pair.ask() == "openai"
        assert pair.asked == [*["openrouter"] * 3, "openai"]

    play(scenario)


def test_silence_is_borne_twice_only() -> None:
    async def scenario(pair: Pair) -> None:
        pair.script(*[Reply(connection="silence")] * 2)
        assert await pair.ask() == "openai"
        assert pair.asked == ["openrouter", "openrouter", "openai"]

    play(scenario, timeout_s=0.3)


@pytest.mark.parametrize("header", ["3600", "Wed, 21 Oct 2099 07:28:00 GMT"])
def test_a_long_retry_after_goes_to_the_fallback_at_once(header: str) -> None:
    async def scenario(pair: Pair) -> None:
        pair.script(Reply(error=HttpError(status=429, headers={"Retry-After": header})))
        assert await pair.ask() == "openai"
        assert pair.asked == ["openrouter", "openai"]

    play(scenario)


def test_an_endless_answer_is_not_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.llm.stream.LONGEST", 100)

    async def scenario(pair: Pair) -> None:
        pair.script(Reply(text="x" * 200))
        assert type(await pair.error()) is LLMTooLongError
        assert pair.asked == ["openrouter"]

    play(scenario)


def test_an_answer_that_does_not_end_in_time_goes_to_the_fallback() -> None:
    async def scenario(pair: Pair) -> None:
        pair.script(Reply(text="word " * 500, chunk_delay=0.05))
        assert await pair.ask() == "openai"
        assert pair.asked == ["openrouter", "openai"]

    play(scenario)


def test_alone_it_is_an_error_that_names_the_setting() -> None:
    async def scenario(pair: Pair) -> None:
        pair.script(Reply(text="word " * 500, chunk_delay=0.05))
        error = await pair.error()
        assert type(error) is LLMSlowError
        assert "llm.timeout_s" in explain(error, "pl")

    play(scenario, alone=True)


def test_text_of_a_broken_attempt_is_taken_back() -> None:
    async def scenario(pair: Pair) -> None:
        heard: list[str] = []
        pair.script(Reply(text="It was a dark night. " * 20, cut_after=4), Reply(text="Hello."))
        completion = await pair.models.complete(ASK, on_text=heard.append, on_restart=lambda: heard.append("|"))
        parts = "".join(heard).split("|")
        assert (len(parts), parts[-1], completion.text) == (2, "Hello.", "Hello.")
        assert parts[0].startswith("It was")

    play(scenario)


def test_nothing_is_taken_back_when_nothing_was_said() -> None:
    async def scenario(pair: Pair) -> None:
        heard: list[str] = []
        pair.script(Reply(error=HttpError(kind="server")), Reply(text="Hello."))
        await pair.models.complete(ASK, on_text=heard.append, on_restart=lambda: heard.append("|"))
        assert "".join(heard) == "Hello."

    play(scenario)


def test_a_refused_key_is_left_alone_while_another_model_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(models_module, "monotonic", lambda: now)

    async def scenario(pair: Pair) -> None:
        nonlocal now
        pair.lock(defaults.OPENROUTER_HOST)
        assert await pair.ask(10) == "openai"
        assert pair.asked == ["openrouter", *["openai"] * 10]
        pauses = []
        for _ in range(6):  # the pause grows, and not for ever
            began, before = now, pair.asked.count("openrouter")
            while pair.asked.count("openrouter") == before:
                now += 10
                await pair.ask()
            pauses.append(now - began)
        assert pauses == [60, 120, 240, 480, 900, 900]
        pair.fakes.state.accounts[defaults.OPENROUTER_HOST].reset()
        now += 900
        assert await pair.ask(3) == "openrouter"

    play(scenario)


def test_the_only_model_is_asked_once_for_each_message() -> None:
    async def scenario(pair: Pair) -> None:
        pair.lock(defaults.OPENROUTER_HOST)
        for _ in range(5):
            assert type(await pair.error()) is LLMKeyError
        assert pair.asked == ["openrouter"] * 5
        pair.fakes.state.accounts[defaults.OPENROUTER_HOST].reset()
        assert await pair.ask() == "openrouter"

    play(scenario, alone=True)


def test_wrong_keys_everywhere_are_no_storm() -> None:
    async def scenario(pair: Pair) -> None:
        pair.lock(defaults.OPENROUTER_HOST, defaults.OPENAI_HOST)
        for _ in range(9):
            assert type(await pair.error()) is LLMAllFailedError
        assert len(pair.asked) == 2 + 8, "both for the first message, and one for each that follows"
        assert set(pair.asked[2:]) == {"openrouter", "openai"}

    play(scenario)


def test_a_long_conversation_is_no_reason_to_leave_a_model_alone() -> None:
    async def scenario(pair: Pair) -> None:
        pair.script(Reply(error=HttpError(kind="context")), Reply(text="a"))
        await pair.ask()
        assert await pair.ask() == "openrouter"

    play(scenario)


def test_the_owner_hears_what_is_wrong_with_each() -> None:
    async def scenario(pair: Pair) -> None:
        pair.lock(defaults.OPENROUTER_HOST)
        pair.fakes.state.accounts[defaults.OPENAI_HOST].change(LlmSettings(models=["another"]))
        error = await pair.error()
        for language in ("en", "pl"):
            heading, first, second = explain(error, language).split("\n")
            assert " 2 " in heading
            assert defaults.OPENROUTER_MODEL in first
            assert "llm.api_key" in first
            assert "gpt-4o" in second
            assert "llm.fallbacks[0].model" in second
        assert defaults.OPENROUTER_KEY not in str(error)

    play(scenario)


def test_usage_tells_cache_and_cost() -> None:
    async def scenario(pair: Pair) -> None:
        pair.script(Reply(text="x", prompt_tokens=1000, completion_tokens=100, cached_tokens=600))
        usage = (await pair.models.complete(ASK)).usage
        assert (usage.prompt_tokens, usage.completion_tokens, usage.cached_tokens) == (1000, 100, 600)
        assert usage.cost_usd == pytest.approx(1000 * 3e-6 + 100 * 15e-6)

    play(scenario)


def test_a_signature_of_gemini_reaches_no_provider_that_does_not_know_it() -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "exec", "arguments": "{}"}}
    signed = call | {"extra_content": {"google": {"thought_signature": "c2lnbmVk"}}}
    history: list[dict[str, Any]] = [*ASK, {"role": "assistant", "content": None, "tool_calls": [signed]}]
    history.append({"role": "tool", "tool_call_id": "c1", "content": "ok"})

    async def scenario(pair: Pair) -> None:
        await pair.models.complete(history)
        request = pair.fakes.state.brain.requests[-1]
        assert request.problem == ""
        assert request.body["messages"][1]["tool_calls"] == [call]

    play(scenario, alone=True)
