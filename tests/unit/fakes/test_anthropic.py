"""What Anthropic's stand-in says: messages, events, caching, errors, in the shapes of the Messages API."""

import json
from itertools import groupby
from typing import Any

import pytest

from tests.fakes import defaults
from tests.fakes.pictures import PICTURE, PICTURE_BASE64
from tests.fakes.wire import HttpError, Reply, ToolCall
from tests.unit.fakes.model_calls import ANTHROPIC, anthropic, events, send

TOOL = {"name": "exec", "description": "Run a command.", "input_schema": {"type": "object", "properties": {}}}
LONG = "a sentence of the system prompt " * 200
IMAGE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PICTURE_BASE64}}


def answer(body: dict[str, Any], *replies: Reply) -> dict[str, Any]:
    """The message that comes back."""
    response, _ = anthropic(body, *replies)
    assert response.status_code == 200, response.text
    message: dict[str, Any] = response.json()
    return message


def test_a_message_says_who_spoke_why_it_ended_and_what_it_cost() -> None:
    message = answer({}, Reply(text="Cześć"))
    assert (message["type"], message["role"], message["model"]) == ("message", "assistant", defaults.ANTHROPIC_MODEL)
    assert message["content"] == [{"type": "text", "text": "Cześć"}]
    assert (message["stop_reason"], message["stop_sequence"]) == ("end_turn", None)
    assert message["usage"]["input_tokens"] > 0


@pytest.mark.parametrize(
    ("reply", "reason", "content"),
    [
        (Reply(text="half", finish_reason="length"), "max_tokens", [{"type": "text", "text": "half"}]),
        (Reply(text="x", finish_reason="pause_turn"), "pause_turn", [{"type": "text", "text": "x"}]),
        (Reply(refusal="No."), "refusal", []),
        (Reply(text="ha", finish_reason="content_filter"), "refusal", [{"type": "text", "text": "ha"}]),
        (Reply(), "end_turn", []),
    ],
)
def test_each_way_of_ending_has_its_word(reply: Reply, reason: str, content: list[Any]) -> None:
    message = answer({}, reply)
    assert (message["stop_reason"], message["content"]) == (reason, content)


def test_tool_calls_come_after_the_text() -> None:
    calls = [ToolCall(name="exec", arguments={"command": "ls"}), ToolCall(name="exec", id="toolu_mine")]
    message = answer({"tools": [TOOL]}, Reply(text="Two.", tool_calls=calls))
    assert [block["type"] for block in message["content"]] == ["text", "tool_use", "tool_use"]
    assert [block["input"] for block in message["content"][1:]] == [{"command": "ls"}, {}]
    assert message["content"][2]["id"] == "toolu_mine"
    assert message["content"][1]["id"].startswith("toolu_")
    assert message["stop_reason"] == "tool_use"


def test_a_stream_has_the_events_of_the_api_in_their_order() -> None:
    call = ToolCall(name="exec", arguments={"command": "echo żółw"})
    response, _ = anthropic({"stream": True, "tools": [TOOL]}, Reply(text="Long enough to be cut.", tool_calls=[call]))
    assert response.headers["content-type"] == "text/event-stream"
    names = [line.removeprefix("event: ") for line in response.text.splitlines() if line.startswith("event: ")]
    found = events(response)
    assert names == [event["type"] for event in found]
    block = ["content_block_start", "content_block_delta", "content_block_stop"]
    wanted = ["message_start", "ping", *block, *block, "message_delta", "message_stop"]
    assert [name for name, _ in groupby(names)] == wanted
    deltas = [event["delta"] for event in found if event["type"] == "content_block_delta" and event["index"] == 1]
    assert deltas[0] == {"type": "input_json_delta", "partial_json": ""}
    assert json.loads("".join(delta["partial_json"] for delta in deltas)) == {"command": "echo żółw"}
    assert found[-2]["delta"]["stop_reason"] == "tool_use"
    assert found[0]["message"]["stop_reason"] is None


def test_a_call_without_arguments_streams_no_json_at_all() -> None:
    response, _ = anthropic({"stream": True, "tools": [TOOL]}, Reply(tool_calls=[ToolCall(name="exec")]))
    deltas = [event["delta"] for event in events(response) if event["type"] == "content_block_delta"]
    assert deltas == [{"type": "input_json_delta", "partial_json": ""}]


def test_malformed_arguments_stream_as_they_are() -> None:
    broken = Reply(tool_calls=[ToolCall(name="exec", arguments='{"command": "ls')])
    response, _ = anthropic({"stream": True, "tools": [TOOL]}, broken)
    deltas = [event["delta"] for event in events(response) if event["type"] == "content_block_delta"]
    assert "".join(delta["partial_json"] for delta in deltas) == '{"command": "ls'


def test_a_stream_can_end_with_an_error() -> None:
    response, _ = anthropic({"stream": True}, Reply(text="a long text " * 9, cut_after=4, stream_error="Overloaded"))
    last = events(response)[-1]
    assert last == {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    assert len(events(response)) == 5


@pytest.mark.parametrize(
    ("kind", "status", "name"),
    [
        ("key", 401, "authentication_error"),
        ("forbidden", 403, "permission_error"),
        ("quota", 400, "invalid_request_error"),
        ("model", 404, "not_found_error"),
        ("too_large", 413, "request_too_large"),
        ("rate_limit", 429, "rate_limit_error"),
        ("context", 400, "invalid_request_error"),
        ("server", 500, "api_error"),
        ("overloaded", 529, "overloaded_error"),
    ],
)
def test_errors_have_the_apis_form(kind: Any, status: int, name: str) -> None:
    response, _ = anthropic({}, Reply(error=HttpError(kind=kind)))
    body = response.json()
    assert (response.status_code, body["type"], body["error"]["type"]) == (status, "error", name)
    assert body["request_id"] == response.headers["request-id"]


def test_a_rate_limit_says_when_to_come_back() -> None:
    response, _ = anthropic({}, Reply(error=HttpError(kind="rate_limit", retry_after=7)))
    assert response.headers["retry-after"] == "7"
    assert response.headers["anthropic-ratelimit-requests-remaining"] == "0"


def test_every_kind_of_request_that_an_agent_makes_is_accepted() -> None:
    body = {
        "system": [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}],
        "messages": [
            {"role": "user", "content": [IMAGE, {"type": "text", "text": "run it"}]},
            {
                "role": "assistant",
                "content": [
                    {"type": "text", "text": "Yes."},
                    {"type": "tool_use", "id": "toolu_1", "name": "exec", "input": {"command": "ls"}},
                    {"type": "tool_use", "id": "toolu_2", "name": "exec", "input": {}},
                ],
            },
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": "toolu_2", "content": "two", "is_error": True},
                    {"type": "tool_result", "tool_use_id": "toolu_1", "content": [{"type": "text", "text": "one"}]},
                ],
            },
        ],
        "tools": [TOOL],
        "tool_choice": {"type": "auto", "disable_parallel_tool_use": True},
        "temperature": 0.5,
        "stop_sequences": ["END"],
        "metadata": {"user_id": "owner"},
    }
    _, request = anthropic(body)
    assert (request.status, request.problem) == (200, "")
    assert request.seen is not None
    assert (request.seen.system, request.seen.user_text, request.seen.tools) == ("Be brief.", "run it", ["exec"])
    assert request.seen.tool_output == "two\none"
    assert [(image.media_type, image.data) for image in request.seen.images] == [("image/png", PICTURE)]


def test_the_same_prefix_is_written_once_and_then_read() -> None:
    def body(question: str, system: str = LONG) -> dict[str, Any]:
        block = {"type": "text", "text": system, "cache_control": {"type": "ephemeral"}}
        messages = [{"role": "user", "content": question}]
        return {"model": defaults.ANTHROPIC_MODEL, "max_tokens": 9, "system": [block], "messages": messages}

    bodies = [body("one"), body("two"), body("three", system=f"other {LONG}"), body("four", system="short")]
    responses, _ = send(defaults.ANTHROPIC_HOST, "/v1/messages", bodies, headers=ANTHROPIC)
    first, second, third, short = (response.json()["usage"] for response in responses)
    assert first["cache_creation_input_tokens"] > 1024
    assert (first["cache_read_input_tokens"], second["cache_creation_input_tokens"]) == (0, 0)
    assert second["cache_read_input_tokens"] == first["cache_creation_input_tokens"]
    assert third["cache_read_input_tokens"] == 0
    assert short["cache_creation_input_tokens"] == 0


def test_usage_as_scripted() -> None:
    usage = answer({}, Reply(text="x", prompt_tokens=100, completion_tokens=20, cached_tokens=60))["usage"]
    assert (usage["input_tokens"], usage["cache_read_input_tokens"], usage["output_tokens"]) == (40, 60, 20)
