"""Every case, by every way to a model."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agent.llm.stream import Completion
from tests.conformance.cases import CASES, Answer, Case, Seen, Step
from tests.conformance.conftest import Play
from tests.conformance.engines import World
from tests.fakes.wire import Conversation


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(play: Play, case: Case) -> None:
    """The answers are right, and the provider accepted every request at once."""
    play(lambda world: _converse(world, case))


async def _converse(world: World, case: Case) -> None:
    provider, brain = world.provider, world.fakes.state.brain
    messages: list[dict[str, Any]] = [{"role": "system", "content": case.system}] if case.system else []
    client = world.client()
    try:
        completion: Completion | None = None
        for number, step in enumerate(case.steps, start=1):
            messages += _said(step, completion)
            brain.script([step.reply])
            pieces: list[str] = []
            completion = await client.complete(messages, case.tools, pieces.append)
            _check(completion, step.but.get(provider.name, step.answer), "".join(pieces))
            assert (completion.provider, completion.model) == (provider.name, provider.model)
            messages.append(completion.message())
            assert [request.problem for request in brain.requests] == [""] * number
            _check_seen(brain.requests[-1].seen, step.seen_but.get(provider.name, step.seen))
    finally:
        await client.aclose()


def _said(step: Step, before: Completion | None) -> list[dict[str, Any]]:
    if step.user is not None:
        return [{"role": "user", "content": step.user}]
    calls = before.tool_calls if before is not None else ()
    if not calls:
        return [{"role": "user", "content": "\n".join(step.results)}]
    results = zip(calls, step.results, strict=True)
    return [{"role": "tool", "tool_call_id": call.id, "content": text} for call, text in results]


def _check(completion: Completion, wanted: Answer, streamed: str) -> None:
    assert (completion.text, streamed) == (wanted.text, wanted.text)
    assert completion.finish_reason == wanted.finish
    assert [call.name for call in completion.tool_calls] == [name for name, _ in wanted.calls]
    for call, (_, arguments) in zip(completion.tool_calls, wanted.calls, strict=True):
        assert (call.arguments if isinstance(arguments, str) else json.loads(call.arguments)) == arguments
    assert len({call.id for call in completion.tool_calls}) == len(completion.tool_calls)
    used = completion.usage
    if wanted.usage is None:
        assert min(used.prompt_tokens, used.completion_tokens) > 0
    else:
        assert (used.prompt_tokens, used.completion_tokens, used.cached_tokens) == wanted.usage


def _check_seen(seen: Conversation | None, wanted: Seen) -> None:
    assert seen is not None
    for name in ("user_text", "tool_output", "system", "images"):
        if getattr(wanted, name) is not None:
            assert getattr(seen, name) == getattr(wanted, name)
