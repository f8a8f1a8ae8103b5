"""What the model stand-ins refuse, in each provider's own form, seen by the openai package over a real socket."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI

from tests.fakes import defaults
from tests.fakes.llm.openai_chat.providers import PROVIDERS
from tests.fakes.pictures import PICTURE_URL
from tests.fakes.standins import StandIns

USER: dict[str, Any] = {"role": "user", "content": "x"}
KEYS = {defaults.OPENAI_HOST: defaults.OPENAI_KEY, defaults.OPENROUTER_HOST: defaults.OPENROUTER_KEY}
MODELS = {defaults.OPENAI_HOST: defaults.OPENAI_MODEL, defaults.OPENROUTER_HOST: defaults.OPENROUTER_MODEL}


def calling(*identifiers: str) -> dict[str, Any]:
    """An assistant's message with these tool calls."""
    function = {"name": "exec", "arguments": "{}"}
    calls = [{"id": identifier, "type": "function", "function": function} for identifier in identifiers]
    return {"role": "assistant", "content": None, "tool_calls": calls}


def result(identifier: str) -> dict[str, Any]:
    """A tool's result."""
    return {"role": "tool", "tool_call_id": identifier, "content": "done"}


def tool(**function: Any) -> dict[str, Any]:
    """A function tool."""
    return {"type": "function", "function": {"name": "exec"} | function}


def send(body: dict[str, Any], host: str = defaults.OPENAI_HOST, key: str | None = None) -> Any:
    """Sends the body as the real client would, with what it does not know as extra body."""

    async def run() -> Any:
        async with StandIns() as fakes:
            base = f"{fakes.url(host)}{PROVIDERS[host].prefix}"
            async with AsyncOpenAI(api_key=key or KEYS[host], base_url=base, max_retries=0) as client:
                create: Callable[..., Awaitable[Any]] = client.chat.completions.create
                fields = {"model": MODELS[host], "messages": [USER]} | body
                given = {"model": fields.pop("model"), "messages": fields.pop("messages")}
                answer = await create(**given, extra_body=fields)
                request = fakes.state.brain.requests[-1]
                assert request.problem == ""
                return answer

    return asyncio.run(run())


def refusal(body: dict[str, Any], host: str = defaults.OPENAI_HOST, key: str | None = None) -> tuple[int, Any]:
    """Status and the error of the body."""
    with pytest.raises(openai.APIStatusError) as caught:
        send(body, host, key)
    return caught.value.status_code, caught.value.response.json()["error"]


@pytest.mark.parametrize(
    ("body", "message", "param", "code"),
    [
        ({"messages": []}, "Invalid 'messages': empty array.", "messages", "empty_array"),
        ({"messages": "hi"}, "Invalid type for 'messages': expected an array", "messages", "invalid_type"),
        ({"foo": 1}, "Unknown parameter: 'foo'.", "foo", "unknown_parameter"),
        ({"transforms": []}, "Unknown parameter: 'transforms'.", "transforms", "unknown_parameter"),
        ({"temperature": "1"}, "Invalid type for 'temperature'", "temperature", "invalid_type"),
        ({"max_tokens": 1.5}, "Invalid type for 'max_tokens': expected an integer", "max_tokens", "invalid_type"),
        ({"messages": [{"role": "boss", "content": "x"}]}, "Invalid value: 'boss'.", "messages[0]", "invalid_value"),
        (
            {"messages": [{"content": "x"}]},
            "Missing required parameter: 'messages[0].role'.",
            "messages[0].role",
            "missing_required_parameter",
        ),
        (
            {"messages": [USER | {"mood": "good"}]},
            "Unknown parameter: 'messages[0].mood'.",
            "messages[0].mood",
            "unknown_parameter",
        ),
        (
            {"messages": [{"role": "user", "content": [{"type": "text", "text": "x", "cache_control": {}}]}]},
            "Unknown parameter: 'messages[0].content[0].cache_control'.",
            "messages[0].content[0].cache_control",
            "unknown_parameter",
        ),
        (
            {"messages": [USER, {"role": "assistant", "content": None}]},
            "Invalid value for 'content': expected a string, got null.",
            "messages.[1].content",
            None,
        ),
        (
            {"messages": [USER, {"role": "assistant", "content": None, "tool_calls": []}]},
            "Invalid 'messages[1].tool_calls': empty array.",
            "messages[1].tool_calls",
            "empty_array",
        ),
        ({"response_format": {"type": "yaml"}}, "Invalid value: 'yaml'.", "response_format", "invalid_value"),
    ],
)
def test_a_request_that_the_reference_does_not_know(
    body: dict[str, Any], message: str, param: str, code: str | None
) -> None:
    status, error = refusal(body)
    assert (status, error["type"], error["param"], error["code"]) == (400, "invalid_request_error", param, code)
    assert error["message"].startswith(message)


@pytest.mark.parametrize(
    ("messages", "message"),
    [
        ([USER, result("a")], "Invalid parameter: messages with role 'tool' must be a response to a preceeding"),
        ([USER, calling("a"), USER], "An assistant message with 'tool_calls' must be followed by tool messages"),
        ([USER, calling("a")], "An assistant message with 'tool_calls' must be followed by tool messages"),
        ([USER, calling("a", "b"), result("a")], "An assistant message with 'tool_calls' must be followed by tool"),
        ([USER, calling("a"), result("a"), result("a")], "Invalid parameter: 'tool_call_id' of 'a' not found"),
        ([USER, calling("a"), result("b")], "Invalid parameter: 'tool_call_id' of 'b' not found"),
        ([USER, calling("a"), result("a"), USER, result("a")], "Invalid parameter: messages with role 'tool' must be"),
        ([USER, calling("a", "a"), result("a"), result("a")], "Duplicate value for 'tool_call_id' of 'a'"),
    ],
)
def test_calls_and_results_have_to_match(messages: list[dict[str, Any]], message: str) -> None:
    status, error = refusal({"messages": messages})
    assert (status, error["message"].startswith(message)) == (400, True), error["message"]


def test_matching_calls_and_results_are_accepted() -> None:
    messages = [USER, calling("a", "b"), result("b"), result("a"), {"role": "assistant", "content": "ok"}, USER]
    assert send({"messages": messages}).choices[0].message.content == "You said: x"


@pytest.mark.parametrize(
    ("tools", "message"),
    [
        ([], "Invalid 'tools': wrong length."),
        ([tool(name="run command")], "Invalid 'tools[0].function.name': string does not match pattern."),
        ([tool(name="x" * 65)], "Invalid 'tools[0].function.name': string too long."),
        ([tool(), tool()], "Tools must have unique names: 'exec'."),
        ([tool(parameters={"type": "string"})], "Invalid schema for function 'exec': schema must be a JSON Schema of"),
        (
            [tool(parameters={"type": "object", "properties": {"a": {"type": "text"}}})],
            "Invalid schema for function 'exec': 'text' is not valid",
        ),
        (
            [tool(parameters={"type": "object", "properties": {"a": {"type": "array"}}})],
            "Invalid schema for function 'exec': In context=('properties', 'a'), array schema missing items.",
        ),
        (
            [tool(parameters={"type": "object", "properties": {}, "required": "a"})],
            "Invalid schema for function 'exec': 'a' is not of type 'array'.",
        ),
        (
            [tool(strict=True, parameters={"type": "object", "properties": {}})],
            "Invalid schema for function 'exec': In context=(), 'additionalProperties' is required",
        ),
        ([{"type": "function"}], "Missing required parameter: 'tools[0].function'."),
        ([{"type": "web"}], "Invalid value: 'web'."),
    ],
)
def test_tools_have_to_be_sane(tools: list[dict[str, Any]], message: str) -> None:
    status, error = refusal({"tools": tools})
    assert (status, error["message"].startswith(message)) == (400, True), error["message"]


def test_a_tool_choice_needs_tools() -> None:
    assert "only allowed when 'tools' are specified" in refusal({"tool_choice": "auto"})[1]["message"]


def test_openai_does_not_know_the_key() -> None:
    status, error = refusal({}, key="sk-wrong-000000000000000000-end")
    assert (status, error["code"], error["type"]) == (401, "invalid_api_key", "invalid_request_error")
    assert error["message"].startswith("Incorrect API key provided: sk-wrong*")


def test_openrouter_does_not_know_the_key() -> None:
    assert refusal({}, defaults.OPENROUTER_HOST, "sk-or-v1-wrong") == (401, {"message": "User not found.", "code": 401})


def test_openai_does_not_have_the_model() -> None:
    status, error = refusal({"model": "gpt-99"})
    assert (status, error["code"]) == (404, "model_not_found")


def test_openrouter_does_not_have_the_model() -> None:
    status, error = refusal({"model": "gpt-4o"}, defaults.OPENROUTER_HOST)
    assert (status, error) == (400, {"message": "gpt-4o is not a valid model ID", "code": 400})


def test_openrouter_passes_on_what_the_models_own_api_says() -> None:
    status, error = refusal({"messages": [USER, result("a")]}, defaults.OPENROUTER_HOST)
    assert (status, error["message"], error["code"]) == (400, "Provider returned error", 400)
    assert error["metadata"]["provider_name"] == "Anthropic"
    assert "must be a response to a preceeding message" in json.loads(error["metadata"]["raw"])["error"]["message"]


def test_openrouter_knows_more_keys() -> None:
    content = [{"type": "text", "text": "cached", "cache_control": {"type": "ephemeral"}}]
    body = {
        "messages": [
            {"role": "system", "content": content},
            {"role": "assistant", "content": "hm", "reasoning": "why?", "reasoning_details": []},
            USER,
        ],
        "transforms": ["middle-out"],
        "usage": {"include": True},
        "reasoning": {"effort": "low"},
        "provider": {"sort": "price"},
    }
    assert send(body, defaults.OPENROUTER_HOST).choices[0].message.content == "You said: x"
    assert refusal({"tranforms": []}, defaults.OPENROUTER_HOST)[1]["message"] == "Unknown parameter: 'tranforms'."


def test_every_kind_of_request_that_an_agent_makes_is_accepted() -> None:
    parameters = {
        "type": "object",
        "properties": {"paths": {"type": "array", "items": {"type": "string"}}, "deep": {"type": ["boolean", "null"]}},
        "required": ["paths", "deep"],
        "additionalProperties": False,
    }
    image = {"type": "image_url", "image_url": {"url": PICTURE_URL, "detail": "low"}}
    body = {
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": [{"type": "text", "text": "look"}, image]},
        ],
        "tools": [tool(description="Look.", strict=True, parameters=parameters)],
        "tool_choice": "auto",
        "parallel_tool_calls": False,
        "max_completion_tokens": 100,
        "temperature": 0.2,
        "stop": ["END"],
        "seed": 1,
        "user": "owner",
        "response_format": {"type": "json_object"},
    }
    assert send(body).choices[0].message.content == "You said: look"
