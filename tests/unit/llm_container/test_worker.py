"""The worker with the real litellm: what the gateway sends and gets, and what providers get."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from tests.fakes import defaults
from tests.fakes.wire import HttpError, Reply, ToolCall
from tests.unit.llm_container.asking import HOSTS, PIXEL, PROVIDERS, ask, body, streamed, whole
from tests.unit.llm_container.engine import Engine, engine, why_no_engine

pytestmark = pytest.mark.skipif(bool(why_no_engine()), reason=why_no_engine())


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


@pytest.mark.parametrize("said", ["", None])
def test_an_empty_answer_in_the_history(llm: Engine, provider: str, said: str | None) -> None:
    if said is None and provider != "anthropic":
        pytest.skip("OpenAI's own API refuses it, and so it is the gateway's to avoid")
    history: list[dict[str, Any]] = [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": said},
        {"role": "user", "content": "b"},
    ]

    assert streamed(llm, provider, history).finish_reason == "stop"


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
    llm.fakes.llm_settings(f"{HOSTS[provider]}", keys=[key])
    told = ask(llm, provider, secret, key=key, stream=True).text

    assert "it broke with" in told
    assert key not in told
    for pid in (*llm.box.workers(), llm.box.pid):
        for name in ("environ", "cmdline"):
            assert b"sk-" not in Path(f"/proc/{pid}/{name}").read_bytes()
    assert key not in llm.box.log_text()
    assert secret not in llm.box.log_text()


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
