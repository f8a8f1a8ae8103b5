"""Anthropic's models read the beginning of a conversation from their cache, by every way to them; and costs arrive."""

from __future__ import annotations

import asyncio
from typing import Any

from agent.llm.usage import Usage
from tests.conformance.cases import EXEC, TOOLS
from tests.conformance.conftest import Play
from tests.conformance.engines import World
from tests.fakes.wire import Reply

SYSTEM = {"role": "system", "content": "Be brief. " * 800}


async def _three_steps(world: World) -> list[Usage]:
    """A question, a call with its result, and the next question."""
    brain = world.fakes.state.brain
    brain.script([Reply(tool_calls=[EXEC]), Reply(text="Done."), Reply(text="Bye.")])
    messages: list[dict[str, Any]] = [SYSTEM, {"role": "user", "content": "go"}]
    client = world.client()
    found = []
    try:
        for _ in range(3):
            completion = await client.complete(messages, TOOLS)
            found.append(completion.usage)
            messages.append(completion.message())
            results = [
                {"role": "tool", "tool_call_id": call.id, "content": "x" * 4000} for call in completion.tool_calls
            ]
            messages += results or [{"role": "user", "content": "and?"}]
            await asyncio.sleep(0)
    finally:
        await client.aclose()
    assert [request.problem for request in brain.requests] == [""] * 3
    return found


def test_what_was_sent_before_is_read_from_the_cache(play: Play) -> None:
    async def scenario(world: World) -> None:
        first, second, third = await _three_steps(world)
        if not (world.provider.name == "anthropic" or world.provider.model.startswith("anthropic/")):
            assert first.cache_written_tokens == third.cached_tokens == 0
            return
        assert first.cached_tokens == 0
        assert first.cache_written_tokens >= 0.9 * first.prompt_tokens
        assert second.cached_tokens >= 0.9 * first.prompt_tokens
        assert third.cached_tokens >= 0.9 * second.prompt_tokens

    play(scenario)


def test_openrouter_says_what_it_cost(play: Play) -> None:
    async def scenario(world: World) -> None:
        costs = [usage.cost_usd for usage in await _three_steps(world)]
        assert all(cost is not None and cost > 0 for cost in costs) == (world.provider.name == "openrouter")

    play(scenario)
