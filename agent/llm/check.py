"""`picoclaw llm check`: one tiny real call to each configured model, by the way that a message takes."""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic

import msgspec

from agent.config import LLM, Model
from agent.gateway.printable import one_line
from agent.llm.client import SOCKET, ChatClient
from agent.llm.errors import LLMError
from agent.llm.explain import explain
from agent.llm.prices import microdollars
from agent.llm.tables import Table
from agent.llm.usage import Usage
from agent.messages import say

_QUESTION = [{"role": "user", "content": "Answer with the one word: ok"}]


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What one model did; `cost_usd` is None where nobody tells a price, `error` is the class of what went wrong."""

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
    error: str = ""


async def check(llm: LLM, language: str, table: Table, socket: str = SOCKET) -> list[Finding]:
    """Ask each model once, in their order; `table` has their prices."""
    found = []
    for where, model in llm.placed:
        client = ChatClient(model, where, llm.idle_minutes, socket)
        try:
            found.append(await _ask(client, model, where, language, table))
        finally:
            await client.aclose()
    return found


def as_json(findings: Sequence[Finding]) -> str:
    """The findings as a JSON list."""
    return msgspec.json.format(msgspec.json.encode(findings)).decode()


def line(finding: Finding, language: str) -> str:
    """A finding as one line for a person."""
    head = f"{finding.where}: {finding.provider} {finding.model} ({finding.engine})"
    if not finding.ok:
        return one_line(f"{head}: {finding.problem}")
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


async def _ask(client: ChatClient, model: Model, where: str, language: str, table: Table) -> Finding:
    began, usage, problem, kind = monotonic(), Usage(), "", ""
    try:
        usage = (await client.complete(_QUESTION)).usage
    except LLMError as error:
        problem, kind = explain(error, language), type(error).__name__
    cost = microdollars(model, usage, table)
    return Finding(
        where=where,
        provider=model.provider,
        model=model.model,
        engine="litellm" if model.through_litellm else "direct",
        ok=not problem,
        seconds=round(monotonic() - began, 3),
        prompt_tokens=usage.prompt_tokens,
        completion_tokens=usage.completion_tokens,
        cost_usd=None if problem or cost is None else cost / 1e6,
        problem=problem,
        error=kind,
    )
