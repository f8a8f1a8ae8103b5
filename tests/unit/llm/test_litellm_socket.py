"""The gateway and picoclaw-llm's socket: warm-up, and a container that is away, failing or not confined."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from agent import config
from agent.llm import client as client_module
from agent.llm import warmth
from agent.llm.errors import LLMUnavailableError
from agent.llm.explain import explain
from agent.llm.models import Models

ASK = [{"role": "user", "content": "go"}]
ANSWER = b'data: {"choices":[{"delta":{"content":"Hi."},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("random.uniform", lambda *_: 0.001)
    monkeypatch.setattr(client_module, "_RESTARTING_S", 0.05)
    monkeypatch.setattr(warmth, "LOOK_S", 0.05)


class Container:
    """In picoclaw-llm's place; records what it was asked."""

    def __init__(self, answer: Handler | None = None) -> None:
        self.asked: list[tuple[str, object]] = []
        self.answer = answer

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append((request.path, await request.json()))
        if self.answer is not None:
            return await self.answer(request)
        kind = "text/event-stream" if request.path.endswith("completions") else "application/json"
        return web.Response(body=ANSWER, headers={"Content-Type": kind, "Connection": "close"})

    @asynccontextmanager
    async def serving(self, socket: str) -> AsyncIterator[None]:
        application = web.Application()
        application.router.add_post("/{path:.*}", self.handle)
        runner = web.AppRunner(application)
        await runner.setup()
        await web.UnixSite(runner, socket).start()
        try:
            yield
        finally:
            await runner.cleanup()
            Path(socket).unlink(missing_ok=True)  # noqa: ASYNC240


def llm(idle_minutes: float = 10, **first: object) -> config.LLM:
    anthropic = {"provider": "anthropic", "api_key": "sk-ant-0123456789", "model": "claude", "timeout_s": 2.0}
    return config.LLM(**(anthropic | first), idle_minutes=idle_minutes)  # type: ignore[arg-type]


def play(scenario: Callable[[Models, str], Awaitable[None]], settings: config.LLM) -> None:
    async def run() -> None:
        with tempfile.TemporaryDirectory(prefix="picoclaw-") as folder:
            socket = f"{folder}/llm.sock"
            models = Models(settings, socket)
            try:
                await scenario(models, socket)
            finally:
                await models.aclose()

    asyncio.run(run())


async def until(condition: Callable[[], bool]) -> None:
    ends = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < ends
        await asyncio.sleep(0.01)


def refuse(status: int, code: str, **headers: str) -> Handler:
    async def answer(_: web.Request) -> web.Response:
        body = {"error": {"message": f"it is {code}", "type": "server_error", "code": code}}
        return web.json_response(body, status=status, headers=headers)

    return answer


def test_what_is_sent_says_whom_to_ask_and_holds_no_key() -> None:
    async def scenario(models: Models, socket: str) -> None:
        container = Container()
        async with container.serving(socket):
            assert (await models.complete(ASK)).text == "Hi."
        path, body = container.asked[0]
        assert path == "/v1/chat/completions"
        assert isinstance(body, dict)
        assert body["picoclaw"] == {
            "provider": "anthropic", "api_base": None, "timeout_s": 2.0, "silence_s": 2.0, "idle_minutes": 10,
        }  # fmt: skip
        assert "sk-ant" not in str(body)

    play(scenario, llm())


def test_an_absent_container_is_named() -> None:
    async def scenario(models: Models, _: str) -> None:
        with pytest.raises(LLMUnavailableError) as caught:
            await models.complete(ASK)
        assert "picoclaw-llm" in explain(caught.value, "en")
        assert "docker logs picoclaw-llm" in explain(caught.value, "pl")

    play(scenario, llm())


def test_a_message_outlives_a_restart_of_the_container() -> None:
    async def scenario(models: Models, socket: str) -> None:
        asking = asyncio.create_task(models.complete(ASK))
        await asyncio.sleep(0.02)
        async with Container().serving(socket):
            assert (await asking).text == "Hi."

    play(scenario, llm())


def test_a_failing_worker_is_waited_for_as_long_as_it_says() -> None:
    async def scenario(models: Models, socket: str) -> None:
        container = Container(refuse(503, "worker_failing", **{"Retry-After": "1"}))
        async with container.serving(socket):
            began = time.monotonic()
            asking = asyncio.create_task(models.complete(ASK))
            await until(lambda: len(container.asked) == 1)
            container.answer = None
            assert (await asking).text == "Hi."
            assert time.monotonic() - began >= 1

    play(scenario, llm())


def test_a_container_that_is_not_confined_is_asked_once() -> None:
    async def scenario(models: Models, socket: str) -> None:
        container = Container(refuse(503, "not_confined"))
        async with container.serving(socket):
            with pytest.raises(LLMUnavailableError, match="it is not_confined"):
                await models.complete(ASK)
        assert len(container.asked) == 1

    play(scenario, llm())


def test_warming_waits_for_nothing_and_never_fails() -> None:
    async def scenario(models: Models, socket: str) -> None:
        models.warm()  # nobody listens
        await asyncio.sleep(0.05)
        hung = asyncio.Event()

        async def hang(_: web.Request) -> web.Response:
            await hung.wait()
            return web.Response()

        container = Container(hang)
        async with container.serving(socket):
            for _ in range(5):
                models.warm()
            await until(lambda: bool(container.asked))
            await asyncio.sleep(0.05)
            assert container.asked == [("/warm", {"idle_minutes": 10})]
            container.answer = None
            assert (await models.complete(ASK)).text == "Hi.", "while the warm-up still hangs"
            hung.set()

    play(scenario, llm())


def test_only_a_model_that_needs_it_is_warmed_for() -> None:
    fallback = config.Model(provider="anthropic", api_key="sk-ant-0123456789", model="claude")

    async def scenario(models: Models, socket: str) -> None:
        container = Container()
        async with container.serving(socket):
            models.start()
            models.warm()
            await asyncio.sleep(0.1)
        assert container.asked == []

    play(scenario, llm(provider="openai", api_base="http://127.0.0.1:1/v1", fallbacks=[fallback]))


def test_the_fallback_is_warmed_for_while_the_first_rests() -> None:
    fallback = config.Model(provider="anthropic", api_key="sk-ant-0123456789", model="claude")

    async def scenario(models: Models, socket: str) -> None:
        container = Container()
        async with container.serving(socket):
            assert (await models.complete(ASK)).provider == "anthropic"
            models.warm()
            await until(lambda: ("/warm", {"idle_minutes": 10}) in container.asked)

    play(scenario, llm(provider="openai", api_base="http://127.0.0.1:1/v1", fallbacks=[fallback]))


def test_always_warm_from_the_start_and_again_after_a_restart() -> None:
    async def scenario(models: Models, socket: str) -> None:
        models.start()
        for _ in range(2):
            container = Container()
            async with container.serving(socket):
                await until(lambda: ("/warm", {"idle_minutes": 0}) in container.asked)  # noqa: B023

    play(scenario, llm(idle_minutes=0))
