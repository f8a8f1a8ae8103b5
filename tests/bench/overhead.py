"""What each engine adds to a call, without a lab host: `python -m tests.bench.overhead`.

The stand-ins answer at once, so what is measured is ours: a raw httpx request to them, the direct engine, and litellm's
worker behind forwarder and egress proxy. Cold is a first answer that has to wait for litellm to be loaded.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Awaitable, Callable

import httpx

from agent.llm.models import Models
from tests.bench.measures import Row
from tests.conformance.engines import Direct, World
from tests.conformance.litellm import Litellm, running
from tests.conformance.providers import PROVIDERS
from tests.unit.llm_container.engine import why_no_engine

CALLS = 40
ASK = [{"role": "user", "content": "hello"}]


async def timed(call: Callable[[], Awaitable[object]], calls: int = CALLS) -> float:
    """Median milliseconds of a call, the first few left out."""
    took = []
    for _ in range(calls + 5):
        began = time.perf_counter()
        await call()
        took.append((time.perf_counter() - began) * 1000)
    return statistics.median(took[5:])


async def raw(world: World) -> float:
    """The same request by httpx alone, on a kept connection."""
    provider = world.provider
    body = {"model": provider.model, "messages": ASK, "stream": True, "stream_options": {"include_usage": True}}
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {provider.key}"}) as client:
        return await timed(lambda: client.post(f"{world.api_base}/chat/completions", json=body))


async def through(world: World) -> float:
    """By the engine of that world."""
    models = world.client()
    try:
        return await timed(lambda: models.complete(ASK))
    finally:
        await models.aclose()


async def first(world: World) -> float:
    """Milliseconds of one answer, with patience for a start."""
    models: Models = world.client(timeout_s=60.0)
    began = time.perf_counter()
    try:
        await models.complete(ASK)
    finally:
        await models.aclose()
    return (time.perf_counter() - began) * 1000


def direct() -> list[Row]:
    """Raw and direct, beside the same stand-in."""

    async def both(world: World) -> tuple[float, float]:
        return await raw(world), await through(world)

    alone, engine = Direct().play(PROVIDERS["openai"], both)
    return [
        ("httpx alone, per call", alone, "ms", None),
        ("direct engine, per call", engine, "ms", None),
        ("direct engine, ratio to httpx alone", engine / alone, "", None),
        ("direct engine, overhead per call", engine - alone, "ms", None),
    ]


def litellm(alone: float) -> list[Row]:
    """Cold and warm, and what it takes in memory."""
    with running(warm=False) as engine:
        parent = memory(engine, worker=False)
        cold = engine.play(PROVIDERS["anthropic"], first)
    with running() as engine:
        warm = engine.play(PROVIDERS["anthropic"], first)
        found = {name: engine.play(PROVIDERS[name], through) for name in PROVIDERS}
        worker = memory(engine, worker=True)
    rows: list[Row] = [
        ("litellm, first answer, cold", cold, "ms", None),
        ("litellm, first answer, warmed before", warm, "ms", None),
    ]
    for name, value in found.items():
        rows.append((f"litellm engine, {name}, per call", value, "ms", None))
        rows.append((f"litellm engine, {name}, ratio to httpx alone", value / alone, "", None))
    return [
        *rows,
        ("litellm parent, RSS asleep", parent, "MiB", None),
        ("litellm worker, RSS after all calls", worker, "MiB", None),
    ]


def memory(engine: Litellm, *, worker: bool) -> float:
    """MiB of the parent or its worker."""
    box = engine.box
    if box is None:
        raise RuntimeError("the engine has not been started")
    return box.rss_mb(box.workers()[0] if worker else box.pid)


def rows() -> list[Row]:
    """All of them."""
    found = direct()
    if reason := why_no_engine():
        print(f"litellm is left out: {reason}", file=sys.stderr)
        return found
    return found + litellm(found[0][1])


def main() -> int:
    """Print the table."""
    for what, value, unit, _ in rows():
        print(f"{what:50} {value:9.1f} {unit}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
