"""`picoclaw llm check`: one tiny real call to each configured model, by the way that a message takes."""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic

import msgspec

from agent.config import LLM, Model
from agent.llm.client import SOCKET, ChatClient
from agent.llm.errors import LLMError
from agent.llm.explain import explain
from agent.llm.models import places
from agent.llm.stream import Usage
from agent.messages import say

_QUESTION = [{"role": "user", "content": "Answer with the one word: ok"}]


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What one model did; `cost_usd` is None where neither provider nor config.json tells a price."""

    where: str
    provider: str
    model: str
    engine: str
    ok: bool
    seconds: float
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float | None = None
    problem: str = ""


async def check(llm: LLM, language: str, socket: str = SOCKET) -> list[Finding]:
    """Ask each model once, in their order."""
    return [await _check(model, where, llm.idle_minutes, language, socket) for where, model in places(llm)]


def as_json(findings: Sequence[Finding]) -> str:
    """The findings as a JSON list."""
    return msgspec.json.format(msgspec.json.encode(findings)).decode()


def line(finding: Finding, language: str) -> str:
    """A finding as one line for a person."""
    head = f"{finding.where}: {finding.provider} {finding.model} ({finding.engine})"
    if not finding.ok:
        return f"{head}: {finding.problem}"
    cost = say("check_no_cost", language) if finding.cost_usd is None else f"${finding.cost_usd:.6f}"
    return say(
        "check_ok",
        language,
        head=head,
        seconds=f"{finding.seconds:.2f}",
        prompt=finding.prompt_tokens,
        completion=finding.completion_tokens,
        cost=cost,
    )


async def _check(model: Model, where: str, idle_minutes: float, language: str, socket: str) -> Finding:
    client = ChatClient(model, where, idle_minutes, socket)
    began, usage, problem = monotonic(), Usage(), ""
    try:
        usage = (await client.complete(_QUESTION)).usage
    except LLMError as error:
        problem = explain(error, language)
    finally:
        await client.aclose()
    return Finding(
        where=where,
        provider=model.provider,
        model=model.model,
        engine="litellm" if model.through_litellm else "direct",
        ok=not problem,
        seconds=round(monotonic() - began, 3),
        prompt_tokens=usage.prompt_tokens,
        completion_tokens=usage.completion_tokens,
        cost_usd=None if problem else _cost(model, usage),
        problem=problem,
    )


def _cost(model: Model, usage: Usage) -> float | None:
    if usage.cost_usd is not None or model.price is None:
        return usage.cost_usd
    dollars = usage.prompt_tokens * model.price.input + usage.completion_tokens * model.price.output
    return dollars / 1_000_000
