"""The model's client against the stand-in provider, over a real socket: answers, and each way of failing."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from agent import config
from agent.llm.errors import ATTEMPTS, LLMError, LLMKeyError, LLMModelError, LLMQuotaError, LLMUnavailableError
from agent.llm.models import Models
from agent.llm.stream import Completion
from tests.fakes import defaults
from tests.fakes.standins import StandIns
from tests.fakes.wire import HttpError, Reply, ToolCall

TOOL: dict[str, Any] = {
    "type": "function",
    "function": {"name": "exec", "description": "Run it.", "parameters": {"type": "object", "properties": {}}},
}


def ask(*replies: Reply, key: str = defaults.OPENROUTER_KEY, model: str = defaults.OPENROUTER_MODEL) -> Completion:
    """One completion, the provider doing what `replies` say, one for each attempt."""

    async def conversation() -> Completion:
        async with StandIns() as fakes:
            fakes.state.brain.script(list(replies))
            base = f"{fakes.url(defaults.OPENROUTER_HOST)}/api/v1"
            settings = config.LLM(provider="openrouter", api_key=key, model=model, api_base=base, timeout_s=0.5)
            client = Models(settings)
            try:
                return await client.complete([{"role": "user", "content": "hello"}], [TOOL])
            finally:
                await client.aclose()

    return asyncio.run(conversation())


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries without the waiting."""
    monkeypatch.setattr("random.uniform", lambda *_: 0.001)


def test_an_answer_with_its_usage() -> None:
    completion = ask(Reply(text="Cześć, świecie"))
    assert completion.text == "Cześć, świecie"
    assert completion.finish_reason == "stop"
    assert completion.usage.completion_tokens > 0


def test_tool_calls_come_whole() -> None:
    calls = [ToolCall(name="exec", arguments={"command": "ls"}), ToolCall(name="exec", arguments="{broken")]
    completion = ask(Reply(tool_calls=calls))
    assert json.loads(completion.tool_calls[0].arguments) == {"command": "ls"}
    assert completion.tool_calls[1].arguments == "{broken"
    assert len({call.id for call in completion.tool_calls}) == 2


@pytest.mark.parametrize(
    ("status", "kind"), [(401, LLMKeyError), (403, LLMKeyError), (402, LLMQuotaError), (404, LLMModelError)]
)
def test_what_a_retry_cannot_help_is_not_retried(status: int, kind: type[LLMError]) -> None:
    with pytest.raises(kind, match=f"HTTP {status}"):
        ask(Reply(error=HttpError(status=status)), Reply(text="the second attempt must not happen"))


def test_a_wrong_key_is_refused_by_the_provider() -> None:
    with pytest.raises(LLMKeyError) as caught:
        ask(key="sk-or-v1-wrong")
    assert "sk-or-v1-wrong" not in str(caught.value)


@pytest.mark.parametrize(
    "failure",
    [
        Reply(error=HttpError(status=500)),
        Reply(error=HttpError(status=529)),
        Reply(error=HttpError(status=429, headers={"Retry-After": "0"})),
        Reply(text="a long answer that is cut", cut_after=1),
        Reply(text="half of it", cut_after=1, stream_error="overloaded"),
        Reply(garbage="<html>no</html>"),
        Reply(connection="reset"),
        Reply(text="slow", delay=1.0),
    ],
    ids=["500", "529", "429", "cut", "stream-error", "garbage", "reset", "timeout"],
)
def test_what_a_retry_can_help_is_retried(failure: Reply) -> None:
    assert ask(failure, Reply(text="second")).text == "second"


def test_retries_end() -> None:
    with pytest.raises(LLMUnavailableError, match="HTTP 503"):
        ask(*[Reply(error=HttpError(status=503))] * ATTEMPTS)


def test_a_long_retry_after_is_not_waited_for() -> None:
    with pytest.raises(LLMUnavailableError) as caught:
        ask(Reply(error=HttpError(status=429, headers={"Retry-After": "3600"})))
    assert caught.value.retry_after == 3600


def test_nobody_answers() -> None:
    settings = config.LLM(provider="x", api_key="k", model="m", api_base="http://127.0.0.1:1/v1")

    async def conversation() -> None:
        client = Models(settings)
        try:
            await client.complete([{"role": "user", "content": "hello"}])
        finally:
            await client.aclose()

    with pytest.raises(LLMUnavailableError, match=r"127\.0\.0\.1"):
        asyncio.run(conversation())
