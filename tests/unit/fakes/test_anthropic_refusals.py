"""What Anthropic's stand-in refuses, in the words of the API."""

from typing import Any

import pytest

from tests.fakes import defaults
from tests.fakes.pictures import PICTURE_BASE64
from tests.unit.fakes.model_calls import ANTHROPIC, anthropic, send

USER: dict[str, Any] = {"role": "user", "content": "x"}
CACHE = {"cache_control": {"type": "ephemeral"}}


def call(*identifiers: str) -> dict[str, Any]:
    """An assistant's message with these calls."""
    blocks = [{"type": "tool_use", "id": one, "name": "exec", "input": {}} for one in identifiers]
    return {"role": "assistant", "content": blocks}


def result(*identifiers: str, before: str = "") -> dict[str, Any]:
    """The user's message with these results."""
    text = [{"type": "text", "text": before}] if before else []
    return {"role": "user", "content": [*text, *({"type": "tool_result", "tool_use_id": one} for one in identifiers)]}


def tool(**fields: Any) -> dict[str, Any]:
    """A tool."""
    return {"name": "exec", "input_schema": {"type": "object", "properties": {}}} | fields


def image(**source: Any) -> dict[str, Any]:
    """A user's message with a picture."""
    base = {"type": "base64", "media_type": "image/png", "data": PICTURE_BASE64}
    return {"role": "user", "content": [{"type": "image", "source": base | source}]}


def refusal(body: dict[str, Any], headers: dict[str, str] | None = None) -> tuple[int, str, str]:
    """Status, type and message."""
    response, request = anthropic(body, headers=ANTHROPIC if headers is None else headers)
    error = response.json()["error"]
    assert request.problem
    return response.status_code, error["type"], error["message"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"foo": 1}, "foo: Extra inputs are not permitted"),
        ({"stream_options": {"include_usage": True}}, "stream_options: Extra inputs are not permitted"),
        ({"messages": []}, "messages: at least one message is required"),
        ({"messages": "hi"}, "messages: Input should be a valid list"),
        ({"max_tokens": "9"}, "max_tokens: Input should be a valid integer"),
        ({"max_tokens": 0}, "max_tokens: Input should be greater than or equal to 1"),
        ({"max_tokens": 9000}, "max_tokens: 9000 > 8192, which is the maximum allowed number of output tokens for"),
        ({"temperature": 1.5}, "temperature: Input should be less than or equal to 1"),
        ({"messages": [{"role": "system", "content": "x"}]}, 'messages: Unexpected role "system".'),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages.0.role: Input should be 'user' or 'assistant'"),
        ({"messages": [USER | {"name": "owner"}]}, "messages.0.name: Extra inputs are not permitted"),
        ({"messages": [{"role": "user"}]}, "messages.0.content: Field required"),
        ({"messages": [{"role": "user", "content": 5}]}, "messages.0.content: Input should be a valid list"),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url"}]}]},
            "messages.0.content.0: Input tag 'image_url' found using 'type' does not match any of the expected tags:",
        ),
        (
            {"messages": [{"role": "user", "content": [{"type": "text"}]}]},
            "messages.0.content.0.text.text: Field required",
        ),
        ({"messages": [{"role": "user", "content": ""}]}, "messages.0: all messages must have non-empty content"),
        ({"messages": [{"role": "user", "content": "  "}]}, "messages: text content blocks must contain non-whitesp"),
        (
            {"messages": [{"role": "user", "content": [{"type": "text", "text": ""}]}]},
            "messages: text content blocks must be non-empty",
        ),
        (
            {"messages": [{"role": "user", "content": [{"type": "text", "text": ""} | CACHE]}]},
            "messages.0.content.0.text: cache_control cannot be set for empty text blocks",
        ),
        ({"system": [{"type": "text", "text": ""}]}, "system: text content blocks must be non-empty"),
        ({"messages": [{"role": "assistant", "content": "x"}]}, 'messages: first message must use the "user" role'),
        (
            {"messages": [USER, {"role": "assistant", "content": "x "}]},
            "messages: final assistant content cannot end with trailing whitespace",
        ),
        (
            {"messages": [USER, {"role": "assistant", "content": "x"}], "model": "claude-opus-4-6"},
            "This model does not support assistant message prefill.",
        ),
        ({"stop_sequences": [" "]}, "stop_sequences: each stop sequence must contain non-whitespace"),
        (
            {"model": "claude-sonnet-4-5-20250929", "temperature": 0.5, "top_p": 0.5},
            "`temperature` and `top_p` cannot both be specified for this model.",
        ),
        (
            {"thinking": {"type": "enabled", "budget_tokens": 2000}},
            "`max_tokens` must be greater than `thinking.budget_tokens`.",
        ),
    ],
)
def test_a_request_that_the_api_does_not_take(body: dict[str, Any], message: str) -> None:
    status, kind, text = refusal(body)
    assert (status, kind) == (400, "invalid_request_error")
    assert text.startswith(message), text


@pytest.mark.parametrize(
    ("messages", "message"),
    [
        ([USER, result("a")], "messages.1.content.0: unexpected `tool_use_id` found in `tool_result` blocks: a."),
        ([USER, call("a"), USER], "messages.1: `tool_use` ids were found without `tool_result` blocks immediately"),
        ([USER, call("a", "b"), result("a")], "messages.1: `tool_use` ids were found without `tool_result` blocks"),
        ([USER, call("a"), result("a", before="first")], "messages.1: `tool_use` ids were found without"),
        ([USER, call("a"), result("a", "b")], "messages.2.content.1: unexpected `tool_use_id` found in `tool_result`"),
        ([USER, call("a"), result("a", "a")], "messages.2.content.1: each tool_use must have a single result."),
        ([USER, call("a"), result("a"), call("a"), result("a")], "messages.3.content.0: `tool_use` ids must be unique"),
        ([call("a") | {"role": "user"}], "messages.0.content.0: `tool_use` blocks can only be in `assistant`"),
        ([USER, call("a b")], "messages.1.content.0.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'"),
    ],
)
def test_calls_and_results_have_to_match(messages: list[dict[str, Any]], message: str) -> None:
    assert refusal({"messages": messages, "tools": [tool()]})[2].startswith(message)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"tools": [tool(name="a b")]}, "tools.0.custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'"),
        ({"tools": [{"name": "a"}]}, "tools.0.custom.input_schema: Field required"),
        ({"tools": [tool(input_schema={})]}, "tools.0.custom.input_schema.type: Field required"),
        ({"tools": [tool(input_schema={"type": "string"})]}, "tools.0.custom.input_schema.type: Input should be"),
        ({"tools": [{"type": "function", "function": {}}]}, "tools.0: Input tag 'function' found using"),
        (
            {"tools": [tool(input_schema={"type": "object", "properties": {"a": {"type": "text"}}})]},
            "tools.0.custom.input_schema: JSON schema is invalid.",
        ),
        ({"tools": [tool(input_schema={"type": "object", "anyOf": []})]}, "tools.0.custom.input_schema: input_schema"),
        (
            {"tools": [tool(input_schema={"type": "object", "properties": {"a b": {}}})]},
            "tools.0.custom.input_schema.properties: Property keys should match pattern",
        ),
        ({"tools": [tool(), tool()]}, "tools: Tool names must be unique."),
        ({"tool_choice": {"type": "auto"}}, "tool_choice: tool_choice may only be specified while providing tools."),
        ({"tools": [tool()], "tool_choice": {"type": "tool", "name": "b"}}, "tool_choice: Tool 'b' not found"),
        ({"messages": [USER, call("a"), result("a")]}, "Requests which include `tool_use` or `tool_result` blocks"),
        ({"system": [{"type": "text", "text": "x"} | CACHE] * 5}, "A maximum of 4 blocks with cache_control may be"),
        (
            {
                "tools": [tool(cache_control={"type": "ephemeral"})],
                "system": [{"type": "text", "text": "x", "cache_control": {"type": "ephemeral", "ttl": "1h"}}],
            },
            "system.0.cache_control.ttl: a ttl='1h' cache_control block must not come after a ttl='5m'",
        ),
    ],
)
def test_tools_and_breakpoints_have_to_be_sane(body: dict[str, Any], message: str) -> None:
    text = refusal(body)[2]
    assert text.startswith(message), text


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ({"media_type": "image/bmp"}, "messages.0.content.0.image.source.base64.media_type: Input should be"),
        ({"data": "???"}, "messages.0.content.0.image.source.base64: invalid base64 data"),
        ({"data": "AAAA"}, "Could not process image"),
        ({"media_type": "image/jpeg"}, "messages.0.content.0.image.source.base64: The image was specified using the"),
        ({"data": "A" * 5_300_000}, "messages.0.content.0.image.source.base64: image exceeds 5 MB maximum:"),
    ],
)
def test_pictures_are_looked_at(source: dict[str, Any], message: str) -> None:
    assert refusal({"messages": [image(**source)]})[2].startswith(message)


def test_a_picture_by_address_needs_https() -> None:
    content = [{"type": "image", "source": {"type": "url", "url": "http://example.org/a.png"}}]
    assert refusal({"messages": [{"role": "user", "content": content}]})[2].endswith("Only HTTPS URLs are supported.")


def test_max_tokens_is_required() -> None:
    body = {"model": defaults.ANTHROPIC_MODEL, "messages": [USER]}
    responses, _ = send(defaults.ANTHROPIC_HOST, "/v1/messages", [body, b"{"], headers=ANTHROPIC)
    errors = [response.json()["error"]["message"] for response in responses]
    assert errors[0] == "max_tokens: Field required"
    assert errors[1].startswith("The request body is not valid JSON")


@pytest.mark.parametrize(
    ("headers", "status", "message"),
    [
        ({}, 401, "x-api-key header is required"),
        ({"x-api-key": "sk-ant-wrong"}, 401, "invalid x-api-key"),
        ({"x-api-key": defaults.ANTHROPIC_KEY}, 400, "anthropic-version: header is required"),
        (ANTHROPIC | {"anthropic-version": "2020-01-01"}, 400, 'anthropic-version: "2020-01-01" is not a valid'),
        (ANTHROPIC | {"anthropic-beta": "tools"}, 400, "Unexpected value(s) `tools` for the `anthropic-beta` header."),
    ],
)
def test_headers_come_first(headers: dict[str, str], status: int, message: str) -> None:
    seen, _, text = refusal({"messages": []}, headers)
    assert (seen, text.startswith(message)) == (status, True), text


def test_the_newest_version_has_no_sampling() -> None:
    headers = ANTHROPIC | {"anthropic-version": "2026-10-21"}
    assert refusal({"temperature": 1}, headers)[2] == "temperature: Extra inputs are not permitted"
    assert anthropic({"temperature": 1})[0].status_code == 200


def test_a_model_that_is_not_there() -> None:
    assert refusal({"model": "claude-99"}) == (404, "not_found_error", "model: claude-99")


def test_a_body_can_be_too_large() -> None:
    text = "a" * (33 * 1024 * 1024)
    assert refusal({"system": text})[:2] == (413, "request_too_large")
