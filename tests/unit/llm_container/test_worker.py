"""The worker with the real litellm: what the gateway sends and gets, what providers get, what goes wrong."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from agent.llm.errors import LLMUnavailableError
from agent.llm.stream import Assembler, Completion
from tests.fakes import defaults
from tests.fakes.wire import HttpError, Reply, ToolCall
from tests.unit.llm_container.box import error_of
from tests.unit.llm_container.engine import Engine, engine, why_no_engine

pytestmark = pytest.mark.skipif(bool(why_no_engine()), reason=why_no_engine())

PROVIDERS = {
    "anthropic": (defaults.ANTHROPIC_MODEL, defaults.ANTHROPIC_KEY),
    "openai": (defaults.OPENAI_MODEL, defaults.OPENAI_KEY),
    "openrouter": (defaults.OPENROUTER_MODEL, defaults.OPENROUTER_KEY),
}
EXEC = {
    "type": "function",
    "function": {
        "name": "exec",
        "description": "Run a command.",
        "parameters": {"type": "object", "properties": {"command": {"type": "string"}}, "required": ["command"]},
    },
}
PIXEL = base64.b64encode(
    bytes.fromhex(
        "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
        "1f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
    )
).decode()


@pytest.fixture(scope="module")
def shared() -> Iterator[Engine]:
    with engine() as made:
        assert made.box.post("/warm", timeout=60, json={"idle_minutes": 0}).status_code == 200
        yield made


@pytest.fixture
def llm(shared: Engine) -> Iterator[Engine]:
    """The module's worker, which must outlive each test."""
    shared.fakes.llm_reset()
    before = shared.box.workers()
    yield shared
    assert shared.box.workers() == before, shared.box.log_text()


@pytest.fixture(params=PROVIDERS)
def provider(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def body(provider: str, messages: list[dict[str, Any]] | str, **more: object) -> dict[str, Any]:
    if isinstance(messages, str):
        messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": messages}]
    extension = {"provider": provider, "api_base": None, "timeout_s": 10}
    return {"model": PROVIDERS[provider][0], "messages": messages, "tools": [EXEC], "picoclaw": extension, **more}


def ask(llm: Engine, provider: str, messages: list[dict[str, Any]] | str, **more: object) -> httpx.Response:
    headers = {"Authorization": f"Bearer {more.pop('key', PROVIDERS[provider][1])}"}
    return llm.box.post("/v1/chat/completions", timeout=30, json=body(provider, messages, **more), headers=headers)


def events(response: httpx.Response) -> list[str]:
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "text/event-stream"
    return [line.removeprefix("data: ") for line in response.text.split("\n\n") if line]


def streamed(llm: Engine, provider: str, messages: list[dict[str, Any]] | str, **more: object) -> Completion:
    """The answer as the gateway puts it together; each chunk is one by OpenAI's own types."""
    options = {"stream": True, "stream_options": {"include_usage": True}, **more}
    found = events(ask(llm, provider, messages, **options))
    assert found[-1] == "[DONE]"
    assembler = Assembler()
    for event in found[:-1]:
        ChatCompletionChunk.model_validate_json(event)
        assembler.feed(event)
    return assembler.completion()


def whole(llm: Engine, provider: str, messages: list[dict[str, Any]] | str, **more: object) -> ChatCompletion:
    response = ask(llm, provider, messages, **more)
    assert response.status_code == 200, response.text
    return ChatCompletion.model_validate_json(response.text)


def test_a_text(llm: Engine, provider: str) -> None:
    text = "Zażółć gęślą jaźń 🦀 " * 20
    llm.fakes.script(Reply(text=text, prompt_tokens=123, completion_tokens=45), Reply(text=text))

    answer = streamed(llm, provider, "hello")

    assert (answer.text.strip(), answer.finish_reason) == (text.strip(), "stop")
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (123, 45)
    in_one = whole(llm, provider, "hello")
    assert str(in_one.choices[0].message.content).strip() == text.strip()
    assert in_one.usage


def test_tool_calls(llm: Engine, provider: str) -> None:
    calls = [ToolCall(name="exec", arguments={"command": f"echo {word}"}) for word in ("ą", "b")]
    llm.fakes.script(Reply(text="Wait.", tool_calls=calls), Reply(tool_calls=calls[:1]))

    answer = streamed(llm, provider, "two")

    assert (answer.text, answer.finish_reason) == ("Wait.", "tool_calls")
    assert [json.loads(call.arguments) for call in answer.tool_calls] == [{"command": "echo ą"}, {"command": "echo b"}]
    assert len({call.id for call in answer.tool_calls}) == 2
    message = whole(llm, provider, "one").choices[0].message
    assert message.tool_calls
    assert len(message.tool_calls) == 1


def test_tool_results_go_back(llm: Engine, provider: str) -> None:
    asked: list[dict[str, Any]] = [{"role": "user", "content": "run ls"}]
    first = streamed(llm, provider, asked)
    results = [{"role": "tool", "tool_call_id": call.id, "content": "file.txt"} for call in first.tool_calls]

    answer = streamed(llm, provider, [*asked, first.message(), *results])

    assert "file.txt" in answer.text
    assert llm.fakes.llm_requests()[-1].seen == _seen(llm)


def _seen(llm: Engine) -> object:
    found = llm.fakes.llm_requests()[-1].seen
    assert found is not None
    assert found.tool_output == "file.txt"
    return found


def test_a_history_with_tool_calls_where_none_are_offered(llm: Engine, provider: str) -> None:
    call = {"id": "call_1", "type": "function", "function": {"name": "exec", "arguments": '{"command": "ls"}'}}
    history: list[dict[str, Any]] = [
        {"role": "user", "content": "run ls"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": "file.txt"},
    ]
    asked = body(provider, history)
    del asked["tools"]
    headers = {"Authorization": f"Bearer {PROVIDERS[provider][1]}"}

    assert llm.box.post("/v1/chat/completions", timeout=30, json=asked, headers=headers).status_code == 200


@pytest.mark.parametrize("arguments", ['{"command": "l', "", "[1]", '"x"'])
def test_garbled_arguments_in_the_history_reach_the_model(llm: Engine, provider: str, arguments: str) -> None:
    call = {"id": "call_1", "type": "function", "function": {"name": "exec", "arguments": arguments}}
    history: list[dict[str, Any]] = [
        {"role": "user", "content": "run ls"},
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": "the arguments are not JSON"},
    ]

    assert streamed(llm, provider, history).finish_reason == "stop"


def test_images(llm: Engine, provider: str) -> None:
    image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL}"}}
    content = [{"type": "text", "text": "what is it?"}, image]

    streamed(llm, provider, [{"role": "user", "content": content}])

    seen = llm.fakes.llm_requests()[-1].seen
    assert seen is not None
    assert len(seen.images) == 1


@pytest.mark.parametrize(("said", "heard"), [("length", "length"), ("stop", "stop")])
def test_finish_reasons(llm: Engine, provider: str, said: str, heard: str) -> None:
    llm.fakes.script(Reply(text="so", finish_reason=said), Reply(text="so", finish_reason=said))

    assert streamed(llm, provider, "x").finish_reason == heard
    assert whole(llm, provider, "x").choices[0].finish_reason == heard


def test_an_empty_answer_is_one(llm: Engine, provider: str) -> None:
    llm.fakes.script(Reply(text=""))

    assert streamed(llm, provider, "x").text == ""


@pytest.mark.parametrize(
    ("kind", "statuses"),
    [
        ("key", {401}),
        ("forbidden", {403}),
        ("quota", {402}),
        ("model", {404, 400}),
        ("rate_limit", {429}),
        ("context", {400, 413}),
        ("server", {500, 502}),
        ("overloaded", {503, 529}),
    ],
)
@pytest.mark.parametrize("stream", [True, False])
def test_what_the_provider_refuses(llm: Engine, provider: str, kind: Any, statuses: set[int], stream: bool) -> None:
    llm.fakes.script(Reply(error=HttpError(kind=kind)))

    response = ask(llm, provider, "x", stream=stream)

    assert response.status_code in statuses, response.text
    error = error_of(response)
    assert set(error) == {"message", "type", "code"}
    assert "litellm" not in str(error["message"]).lower()
    assert "{" not in str(error["message"])
    assert len(llm.fakes.llm_requests()) == 1, "nothing is tried twice here"


def test_retry_after_is_passed_on(llm: Engine, provider: str) -> None:
    llm.fakes.script(Reply(error=HttpError(kind="rate_limit", retry_after=7)))

    assert ask(llm, provider, "x", stream=True).headers["retry-after"] == "7"


def test_a_stream_that_breaks_off_is_no_answer(llm: Engine, provider: str) -> None:
    llm.fakes.script(Reply(text="word " * 100, cut_after=6))
    found = events(ask(llm, provider, "x", stream=True))

    assert "[DONE]" not in found
    with pytest.raises(LLMUnavailableError):
        _assemble(found)


def _assemble(found: list[str]) -> Completion:
    assembler = Assembler()
    for event in found:
        assembler.feed(event)
    return assembler.completion()


@pytest.mark.parametrize(
    "reply", [Reply(text="x " * 99, cut_after=6, stream_error="Overloaded"), Reply(garbage="<html>")]
)
def test_a_stream_that_fails_says_so(llm: Engine, provider: str, reply: Reply) -> None:
    llm.fakes.script(reply)
    response = ask(llm, provider, "x", stream=True)

    if response.status_code == 200:
        assert "error" in json.loads(events(response)[-1])
    else:
        assert response.status_code >= 500


@pytest.mark.parametrize("stream", [True, False])
def test_a_provider_that_does_not_answer(llm: Engine, provider: str, stream: bool) -> None:
    llm.fakes.script(Reply(connection="silence"))
    asked = body(provider, "x", stream=stream)
    asked["picoclaw"]["timeout_s"] = 0.5
    headers = {"Authorization": f"Bearer {PROVIDERS[provider][1]}"}

    response = llm.box.post("/v1/chat/completions", timeout=30, json=asked, headers=headers)

    assert (response.status_code, error_of(response)["code"]) == (504, "timeout")


def test_a_lost_connection(llm: Engine, provider: str) -> None:
    llm.fakes.script(Reply(connection="reset"))

    assert ask(llm, provider, "x", stream=True).status_code in {500, 502}


def test_a_host_that_the_proxy_refuses(llm: Engine, provider: str) -> None:
    asked = body(provider, "x", stream=True)
    asked["picoclaw"]["api_base"] = "https://elsewhere.example"
    llm.tunnels.unreachable.clear()
    headers = {"Authorization": f"Bearer {PROVIDERS[provider][1]}"}

    response = llm.box.post("/v1/chat/completions", timeout=30, json=asked, headers=headers)

    assert (response.status_code, error_of(response)["code"]) == (400, "proxy_refused")
    llm.tunnels.unreachable.add("elsewhere.example:443")
    response = llm.box.post("/v1/chat/completions", timeout=30, json=asked, headers=headers)
    assert (response.status_code, error_of(response)["code"]) == (502, "proxy_failed")


def test_a_client_that_leaves_while_it_waits_ends_the_call(llm: Engine, provider: str) -> None:
    llm.fakes.script(Reply(delay=30))
    asked, headers = body(provider, "x"), {"Authorization": f"Bearer {PROVIDERS[provider][1]}"}
    with pytest.raises(httpx.ReadTimeout):
        llm.box.post("/v1/chat/completions", timeout=1.0, json=asked, headers=headers)

    llm.box.until(lambda: _given_up(llm), within=5)


def test_a_client_that_leaves_in_the_middle_ends_the_call(llm: Engine, provider: str) -> None:
    llm.fakes.script(Reply(text="word " * 999, chunk_delay=0.2))
    asked, headers = body(provider, "x", stream=True), {"Authorization": f"Bearer {PROVIDERS[provider][1]}"}
    with (
        llm.box.client(5) as client,
        client.stream("POST", "/v1/chat/completions", json=asked, headers=headers) as response,
    ):
        next(response.iter_lines())
        assert not _given_up(llm)

    llm.box.until(lambda: _given_up(llm), within=5)


def _given_up(llm: Engine) -> bool:
    """The stand-in notes how long each request took once it is over."""
    return llm.fakes.llm_requests()[-1].seconds > 0


def test_what_anthropic_is_told_to_cache(llm: Engine) -> None:
    streamed(llm, "anthropic", "hello")

    sent = llm.fakes.llm_requests()[-1].body
    assert sent["system"][-1]["cache_control"] == {"type": "ephemeral"}
    assert sent["messages"][-1]["content"][-1]["cache_control"] == {"type": "ephemeral"}


def test_the_key_is_nowhere_but_in_memory(llm: Engine, provider: str) -> None:
    key = "sk-ant-thisIsTheKeyThatNobodyElseMaySee-0123456789"
    secret = "the owner's secret question"
    assert ask(llm, provider, secret, key=key, stream=True).status_code == 401
    llm.fakes.script(Reply(error=HttpError(status=500, message=f"it broke with {key}")))
    told = ask(llm, provider, secret, key=key, stream=True).text

    assert key not in told
    for pid in (*llm.box.workers(), llm.box.pid):
        for name in ("environ", "cmdline"):
            assert b"sk-" not in Path(f"/proc/{pid}/{name}").read_bytes()
    assert key not in llm.box.log_text()
    assert secret not in llm.box.log_text()


def test_requests_that_are_none(llm: Engine) -> None:
    url, headers = "/v1/chat/completions", {"Authorization": "Bearer x"}
    good = body("openai", "x")

    def told(json: object, headers: dict[str, str] = headers) -> tuple[int, object]:
        response = llm.box.post(url, json=json, headers=headers)
        return response.status_code, error_of(response)["code"]

    assert told(good, {}) == (401, "no_key")
    assert told([]) == (400, "bad_request")
    assert told({**good, "picoclaw": {}}) == (400, "bad_request")
    assert told({**good, "picoclaw": {"provider": "openai", "callbacks": "x"}}) == (400, "bad_request")
    assert told({**good, "mock_response": "x"}) == (400, "unknown_parameter")
    assert told({**good, "messages": "x"}) == (400, "bad_request")
    assert llm.box.post(url, content=b"{", headers=headers).status_code == 400
    assert llm.box.post(url, content=b"x" * (17 * 1024 * 1024), headers=headers).status_code == 413
    assert llm.box.post("/warm", json={"idle_minutes": -1}).status_code == 400
    assert llm.fakes.llm_requests() == []


def test_only_the_providers_were_asked_for(llm: Engine, provider: str) -> None:
    """No price map, no tokenizer, no telemetry."""
    streamed(llm, provider, "x")

    known = (defaults.ANTHROPIC_HOST, defaults.OPENAI_HOST, defaults.OPENROUTER_HOST, "elsewhere.example")
    assert {asked.split()[1] for asked in llm.tunnels.asked} <= {f"{host}:443" for host in known}


def test_memory(llm: Engine) -> None:
    """After every provider has been called; what the image saves by byte code comes on top."""
    for name in PROVIDERS:
        streamed(llm, name, "run ls")

    assert llm.box.rss_mb(llm.box.workers()[0]) < 190
    assert llm.box.rss_mb(llm.box.pid) < 12


def test_it_leaves_when_nobody_asks_and_comes_back() -> None:
    with engine() as made:
        made.box.post("/warm", timeout=60, json={"idle_minutes": 0.02})
        made.box.until(lambda: not made.box.workers(), within=10)
        assert "the worker left" in made.box.log_text()

        asked = body("anthropic", "hello", stream=True)
        asked["picoclaw"]["idle_minutes"] = 0
        headers = {"Authorization": f"Bearer {defaults.ANTHROPIC_KEY}"}
        began = time.monotonic()
        response = made.box.post("/v1/chat/completions", timeout=60, json=asked, headers=headers)
        assert response.status_code == 200, time.monotonic() - began
        time.sleep(3)
        assert len(made.box.workers()) == 1
        assert made.box.terminate(within=3) == 0
