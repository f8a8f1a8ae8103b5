"""What only the litellm engine has: signatures of thought, the egress proxy, and models of both engines in one line."""

from __future__ import annotations

import time
from base64 import b64encode
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from agent import config
from agent.llm.errors import LLMError, LLMProxyError
from agent.llm.models import Models
from tests.conformance.cases import BARE, EXEC, LIST, TOOLS
from tests.conformance.engines import World
from tests.conformance.litellm import Litellm
from tests.conformance.providers import PROVIDERS
from tests.fakes import defaults
from tests.fakes.llm.gemini.protojson import read_message
from tests.fakes.llm.gemini.signatures import signature
from tests.fakes.wire import Reply

Messages = list[dict[str, Any]]


async def use(models: Models, scenario: Callable[[Models], Awaitable[None]]) -> None:
    try:
        await scenario(models)
    finally:
        await models.aclose()


async def tool_loop(models: Models, world: World) -> Messages:
    """Two rounds of calls, then words; the messages of it."""
    messages: Messages = [{"role": "user", "content": "go"}]
    world.fakes.state.brain.script([Reply(tool_calls=[EXEC, LIST]), Reply(tool_calls=[BARE]), Reply(text="Done.")])
    for _ in range(3):
        completion = await models.complete(messages, TOOLS)
        messages.append(completion.message())
        messages += [{"role": "tool", "tool_call_id": call.id, "content": "ok"} for call in completion.tool_calls]
    assert completion.text == "Done."
    return messages


def test_gemini_3_gets_its_signatures_back(litellm: Litellm) -> None:
    async def scenario(world: World) -> None:
        async def run(models: Models) -> None:
            await tool_loop(models, world)

        await use(world.client(model=defaults.GEMINI_THINKING_MODEL), run)
        requests = list(world.fakes.state.brain.requests)
        assert [request.problem for request in requests] == ["", "", ""]
        read = read_message(requests[-1].body, "GenerateContentRequest")
        calls = [part for content in read["contents"] for part in content["parts"] if "function_call" in part]
        signed = {call["function_call"]["name"]: b64encode(call["thought_signature"]).decode() for call in calls}
        # The last call of `list_files` is the one that was signed.
        assert signed == {"exec": signature("exec"), "list_files": signature("list_files")}

    litellm.play(PROVIDERS["gemini"], scenario)


@pytest.mark.parametrize("name", ["openai", "openrouter", "anthropic"])
def test_what_gemini_3_signed_poisons_no_other_provider(litellm: Litellm, name: str) -> None:
    async def scenario(world: World) -> None:
        messages: Messages = []

        async def gemini(models: Models) -> None:
            messages.extend(await tool_loop(models, world))

        await use(world.client(model=defaults.GEMINI_THINKING_MODEL), gemini)
        assert "thought_signature" in str(messages)
        assert all(len(call["id"]) <= 40 for message in messages for call in message.get("tool_calls", ()))
        other = PROVIDERS[name]
        model = config.LLM(
            provider=name, api_key=other.key, model=other.model, engine="litellm", timeout_s=5, idle_minutes=0
        )

        async def ask(models: Models) -> None:
            await models.complete([*messages, {"role": "user", "content": "and now?"}], TOOLS)

        await use(Models(model, world.socket), ask)
        assert world.fakes.state.brain.requests[-1].problem == ""
        assert "ignature" not in str(world.fakes.state.brain.requests[-1].body)

    litellm.play(PROVIDERS["gemini"], scenario)


def test_a_host_that_the_egress_proxy_refuses(litellm: Litellm) -> None:
    async def scenario(world: World) -> None:
        async def run(models: Models) -> None:
            with pytest.raises(LLMProxyError, match=r"elsewhere\.example") as caught:
                await models.complete([{"role": "user", "content": "go"}])
            assert caught.value.reply == "llm_proxy"

        await use(world.client(api_base="https://elsewhere.example"), run)

    before = len(litellm.records)
    litellm.play(PROVIDERS["anthropic"], scenario)
    ends = time.monotonic() + 5
    while len(litellm.records) == before and time.monotonic() < ends:
        time.sleep(0.02)
    assert "refused" in [record.verdict for record in litellm.records[before:]]


def test_a_trickle_that_never_ends_is_too_slow(litellm: Litellm) -> None:
    async def scenario(world: World) -> None:
        async def run(models: Models) -> None:
            world.fakes.state.brain.script([Reply(text="word " * 900, chunk_delay=0.2)])
            with pytest.raises(LLMError) as caught:
                await models.complete([{"role": "user", "content": "go"}])
            assert caught.value.reply == "llm_slow"
            assert len(world.fakes.state.brain.requests) == 1

        await use(world.client(), run)

    litellm.play(PROVIDERS["anthropic"], scenario)
