"""The model stand-ins, seen by the openai package over a real socket: what they accept, say, and how they fail."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import openai
import pytest
from openai import AsyncOpenAI
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from tests.fakes import defaults
from tests.fakes.llm.openai_chat.providers import PROVIDERS
from tests.fakes.standins import StandIns
from tests.fakes.wire import HttpError, Reply, Rule, ToolCall

EXEC: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": "exec",
        "description": "Run a command.",
        "parameters": {"type": "object", "properties": {"command": {"type": "string"}}, "required": ["command"]},
    },
}
KEYS = {defaults.OPENAI_HOST: defaults.OPENAI_KEY, defaults.OPENROUTER_HOST: defaults.OPENROUTER_KEY}
MODELS = {defaults.OPENAI_HOST: defaults.OPENAI_MODEL, defaults.OPENROUTER_HOST: defaults.OPENROUTER_MODEL}
BOTH = pytest.mark.parametrize("host", list(KEYS))
Scenario = Callable[[AsyncOpenAI, StandIns], Awaitable[Any]]


def play(scenario: Scenario, host: str = defaults.OPENAI_HOST, key: str | None = None) -> Any:
    """Runs a scenario with the real client, pointed at the stand-in of the host."""

    async def run() -> Any:
        async with StandIns() as fakes:
            base = f"{fakes.url(host)}{PROVIDERS[host].prefix}"
            client = AsyncOpenAI(api_key=KEYS[host] if key is None else key, base_url=base, max_retries=0)
            async with client:
                return await scenario(client, fakes)

    return asyncio.run(run())


async def ask(client: AsyncOpenAI, text: str, host: str = defaults.OPENAI_HOST, **options: Any) -> ChatCompletion:
    """One question, answered in one piece."""
    messages: Any = [{"role": "user", "content": text}]
    answer = await client.chat.completions.create(model=MODELS[host], messages=messages, **options)
    assert isinstance(answer, ChatCompletion)
    return answer


async def ask_streaming(client: AsyncOpenAI, text: str, **options: Any) -> list[ChatCompletionChunk]:
    """One question, answered in pieces."""
    messages: Any = [{"role": "user", "content": text}]
    options = {"model": defaults.OPENAI_MODEL, "messages": messages, "stream": True} | options
    return [chunk async for chunk in await client.chat.completions.create(**options)]


def test_an_echo_with_plausible_usage() -> None:
    answer = play(lambda client, _: ask(client, "hello there"))
    assert answer.choices[0].message.content == "You said: hello there"
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage.prompt_tokens > 5
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens


@BOTH
@pytest.mark.parametrize(
    ("text", "command"),
    [("run uname -a", "uname -a"), ("Uruchom `ls -l`", "ls -l"), ("RUN echo 'a\nb'", "echo 'a\nb'")],
)
def test_a_wish_to_run_becomes_a_call_of_the_command_tool(host: str, text: str, command: str) -> None:
    answer = play(lambda client, _: ask(client, text, host, tools=[EXEC]), host)
    call = answer.choices[0].message.tool_calls[0]
    assert answer.choices[0].finish_reason == "tool_calls"
    assert (call.function.name, json.loads(call.function.arguments)) == ("exec", {"command": command})


def test_without_the_tool_it_is_an_echo() -> None:
    answer = play(lambda client, _: ask(client, "run uname -a"))
    assert answer.choices[0].message.content == "You said: run uname -a"


@pytest.mark.parametrize(
    ("wish", "output", "said"),
    [
        ("run x", "Linux\n", "Here is the output:\n\n```\nLinux\n```"),
        ("uruchom x", "a ``` b", "Oto wynik:\n\n````\na ``` b\n````"),
    ],
)
def test_a_tool_result_is_quoted(wish: str, output: str, said: str) -> None:
    async def scenario(client: AsyncOpenAI, _fakes: StandIns) -> str | None:
        messages: Any = [{"role": "user", "content": wish}]
        first = await client.chat.completions.create(model="gpt-4o", messages=messages, tools=[EXEC])  # type: ignore[list-item]
        call = first.choices[0].message.tool_calls[0]  # type: ignore[index]
        messages.append(first.choices[0].message.model_dump(exclude_none=True))
        messages.append({"role": "tool", "tool_call_id": call.id, "content": output})
        second = await client.chat.completions.create(model="gpt-4o", messages=messages, tools=[EXEC])  # type: ignore[list-item]
        return second.choices[0].message.content

    assert play(scenario) == said


def test_a_stream_comes_in_pieces_and_ends_with_usage() -> None:
    async def scenario(client: AsyncOpenAI, _fakes: StandIns) -> list[ChatCompletionChunk]:
        return await ask_streaming(client, "a longer text " * 10, stream_options={"include_usage": True})

    chunks = play(scenario)
    pieces = [chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices]
    assert len([piece for piece in pieces if piece]) > 3
    assert "".join(pieces) == "You said: " + "a longer text " * 10
    assert chunks[0].choices[0].delta.role == "assistant"
    assert chunks[-2].choices[0].finish_reason == "stop"
    assert (chunks[-1].choices, chunks[-1].usage.total_tokens > 0) == ([], True)


def test_without_the_option_a_stream_has_no_usage() -> None:
    chunks = play(lambda client, _: ask_streaming(client, "x"))
    assert all(chunk.usage is None for chunk in chunks)


def test_several_tool_calls_come_in_fragments() -> None:
    async def scenario(client: AsyncOpenAI, fakes: StandIns) -> list[ChatCompletionChunk]:
        calls = [ToolCall(name="exec", arguments={"command": f"echo {number} żółw"}) for number in (1, 2)]
        fakes.state.brain.script([Reply(text="Two of them.", tool_calls=calls)])
        return await ask_streaming(client, "go", tools=[EXEC])

    arguments, names = ["", ""], {}
    for chunk in play(scenario):
        for fragment in chunk.choices[0].delta.tool_calls or []:
            arguments[fragment.index] += fragment.function.arguments
            if fragment.id:
                names[fragment.id] = fragment.function.name
    assert [json.loads(text) for text in arguments] == [{"command": "echo 1 żółw"}, {"command": "echo 2 żółw"}]
    assert list(names.values()) == ["exec", "exec"]


def test_openrouter_comments_before_it_speaks() -> None:
    async def run() -> str:
        async with StandIns() as fakes, httpx.AsyncClient() as client:
            body = {"model": defaults.OPENROUTER_MODEL, "messages": [{"role": "user", "content": "x"}], "stream": True}
            url = f"{fakes.url(defaults.OPENROUTER_HOST)}/api/v1/chat/completions"
            headers = {"Authorization": f"Bearer {defaults.OPENROUTER_KEY}"}
            return (await client.post(url, json=body, headers=headers)).text

    stream = asyncio.run(run())
    assert stream.startswith(": OPENROUTER PROCESSING\n\ndata: {")
    assert stream.endswith("data: [DONE]\n\n")


def test_a_script_is_played_once_and_in_order() -> None:
    async def scenario(client: AsyncOpenAI, fakes: StandIns) -> list[str | None]:
        fakes.state.brain.script([Reply(text="first"), Reply(text="second", finish_reason="length")])
        answers = [await ask(client, "x") for _ in range(3)]
        assert answers[1].choices[0].finish_reason == "length"
        return [answer.choices[0].message.content for answer in answers]

    assert play(scenario) == ["first", "second", "You said: x"]


def test_malformed_arguments_arrive_as_scripted() -> None:
    async def scenario(client: AsyncOpenAI, fakes: StandIns) -> str:
        fakes.state.brain.script([Reply(tool_calls=[ToolCall(name="exec", arguments='{"command": "ls')])])
        return (await ask(client, "x", tools=[EXEC])).choices[0].message.tool_calls[0].function.arguments  # type: ignore

    assert play(scenario) == '{"command": "ls'


def test_refusals_and_usage_as_scripted() -> None:
    async def scenario(client: AsyncOpenAI, fakes: StandIns) -> ChatCompletion:
        fakes.state.brain.script([Reply(refusal="No.", prompt_tokens=11, completion_tokens=22)])
        return await ask(client, "x")

    answer = play(scenario)
    assert (answer.choices[0].message.refusal, answer.choices[0].message.content) == ("No.", None)
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens, answer.usage.total_tokens) == (11, 22, 33)


def test_rules_take_the_place_of_the_habit() -> None:
    async def scenario(client: AsyncOpenAI, fakes: StandIns) -> list[str | None]:
        fakes.state.brain.set_rules([Rule(match=r"weather in (\w+)", reply=Reply(text="Rain."))])
        texts = ["What is the WEATHER IN Gdynia?", "run ls"]
        return [(await ask(client, text, tools=[EXEC])).choices[0].message.content for text in texts]

    assert play(scenario) == ["Rain.", "You said: run ls"]


@pytest.mark.parametrize("status", [402, 429, 500, 503])
@BOTH
def test_an_ordered_status_has_the_providers_body(host: str, status: int) -> None:
    async def scenario(client: AsyncOpenAI, fakes: StandIns) -> None:
        fakes.state.brain.script([Reply(error=HttpError(status=status, headers={"Retry-After": "7"}))])
        await ask(client, "x", host)

    with pytest.raises(openai.APIStatusError) as caught:
        play(scenario, host)
    assert caught.value.status_code == status
    assert caught.value.response.headers["Retry-After"] == "7"
    error = caught.value.response.json()["error"]
    assert set(error) == (
        {"message", "code"} if host == defaults.OPENROUTER_HOST else {"message", "type", "param", "code"}
    )


def test_garbage_and_foreign_bodies() -> None:
    async def scenario(client: AsyncOpenAI, fakes: StandIns) -> None:
        html = HttpError(status=502, body="<html>Bad gateway</html>")
        fakes.state.brain.script([Reply(error=html), Reply(garbage='{"choices": [')])
        with pytest.raises(openai.InternalServerError) as caught:
            await ask(client, "x")
        assert caught.value.response.text == "<html>Bad gateway</html>"
        with pytest.raises(json.JSONDecodeError):
            await ask(client, "x")

    play(scenario)


def test_a_stream_can_be_cut() -> None:
    async def scenario(client: AsyncOpenAI, fakes: StandIns) -> list[ChatCompletionChunk]:
        fakes.state.brain.script([Reply(text="a long text " * 20, cut_after=3)])
        messages: Any = [{"role": "user", "content": "x"}]
        stream = await client.chat.completions.create(model="gpt-4o", messages=messages, stream=True)
        chunks: list[ChatCompletionChunk] = []

        async def read() -> None:
            async for chunk in stream:
                chunks.append(chunk)  # noqa: PERF401 - a comprehension would lose what came before the cut

        with pytest.raises(openai.APIConnectionError):
            await read()
        return chunks

    assert [chunk.choices[0].finish_reason for chunk in play(scenario)] == [None, None, None]


def test_a_stream_can_end_with_an_error() -> None:
    async def scenario(client: AsyncOpenAI, fakes: StandIns) -> None:
        fakes.state.brain.script([Reply(text="a long text " * 20, cut_after=3, stream_error="Upstream went away")])
        await ask_streaming(client, "x")

    with pytest.raises(openai.APIError, match="Upstream went away"):
        play(scenario)


@pytest.mark.parametrize("connection", ["reset", "silence"])
def test_a_connection_can_be_lost(connection: Any) -> None:
    async def scenario(client: AsyncOpenAI, fakes: StandIns) -> None:
        fakes.state.brain.script([Reply(connection=connection)])
        await ask(client, "x", timeout=0.3)

    wanted = openai.APITimeoutError if connection == "silence" else openai.APIConnectionError
    with pytest.raises(openai.APIConnectionError) as caught:
        play(scenario)
    assert type(caught.value) is wanted


def test_the_first_byte_can_be_late() -> None:
    async def scenario(client: AsyncOpenAI, fakes: StandIns) -> float:
        fakes.state.brain.script([Reply(text="at last", delay=0.2)])
        began = time.perf_counter()
        await ask(client, "x")
        return time.perf_counter() - began

    assert play(scenario) >= 0.2


@BOTH
def test_the_list_of_models(host: str) -> None:
    async def scenario(client: AsyncOpenAI, _fakes: StandIns) -> list[str]:
        return [model.id async for model in client.models.list()]

    assert MODELS[host] in play(scenario, host)


def test_requests_are_recorded_without_the_key() -> None:
    async def scenario(client: AsyncOpenAI, fakes: StandIns) -> Any:
        await ask(client, "x", temperature=0.5)
        return fakes.state.brain.requests[0]

    request = play(scenario)
    assert (request.authorization, request.status, request.problem) == ("ok", 200, "")
    assert request.body["temperature"] == 0.5
    assert defaults.OPENAI_KEY not in repr(request)
