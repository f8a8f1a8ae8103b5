"""What Gemini's stand-in says: candidates, streams, blocks, errors, in the shapes of generateContent."""

from typing import Any

import pytest

from tests.fakes import defaults
from tests.fakes.pictures import PICTURE, PICTURE_BASE64
from tests.fakes.wire import HttpError, Reply, ToolCall
from tests.unit.fakes.model_calls import events, gemini, send

SCHEMA = {"type": "object", "properties": {"command": {"type": "string"}}, "required": ["command"]}
TOOLS = [{"functionDeclarations": [{"name": "exec", "description": "Run.", "parameters": SCHEMA}]}]
THINKING = defaults.GEMINI_THINKING_MODEL
CALL = ToolCall(name="exec", arguments={"command": "echo żółw"})


def answer(body: dict[str, Any], *replies: Reply, model: str = defaults.GEMINI_MODEL) -> dict[str, Any]:
    """The response that comes back."""
    response, _ = gemini(body, *replies, model=model)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


def test_a_candidate_and_what_it_cost() -> None:
    response = answer({}, Reply(text="Cześć"))
    wanted = {"content": {"role": "model", "parts": [{"text": "Cześć"}]}, "index": 0, "finishReason": "STOP"}
    assert response["candidates"] == [wanted]
    usage = response["usageMetadata"]
    assert usage["totalTokenCount"] == usage["promptTokenCount"] + usage["candidatesTokenCount"]
    assert response["modelVersion"] == defaults.GEMINI_MODEL


@pytest.mark.parametrize(
    ("reply", "reason", "parts"),
    [
        (Reply(text="half", finish_reason="length"), "MAX_TOKENS", [{"text": "half"}]),
        (Reply(text="x", finish_reason="RECITATION"), "RECITATION", [{"text": "x"}]),
        (Reply(finish_reason="content_filter"), "SAFETY", None),
        (Reply(), "STOP", None),
    ],
)
def test_each_way_of_ending_has_its_word(reply: Reply, reason: str, parts: Any) -> None:
    candidate = answer({}, reply)["candidates"][0]
    assert (candidate["finishReason"], candidate["content"].get("parts")) == (reason, parts)
    assert ("safetyRatings" in candidate) == (reason == "SAFETY")


def test_a_refusal_is_a_blocked_prompt() -> None:
    response = answer({}, Reply(refusal="No."))
    assert "candidates" not in response
    assert response["promptFeedback"] == {"blockReason": "PROHIBITED_CONTENT", "blockReasonMessage": "No."}


def test_tool_calls_come_after_the_text() -> None:
    reply = Reply(text="Two.", tool_calls=[CALL, ToolCall(name="exec", id="mine")])
    candidate = answer({"tools": TOOLS}, reply)["candidates"][0]
    one = {"functionCall": {"name": "exec", "args": {"command": "echo żółw"}}}
    two = {"functionCall": {"name": "exec", "args": {}, "id": "mine"}}
    assert candidate["content"]["parts"] == [{"text": "Two."}, one, two]
    assert candidate["finishReason"] == "STOP"


def test_malformed_arguments_are_no_call() -> None:
    reply = Reply(tool_calls=[ToolCall(name="exec", arguments='{"command": "ls')])
    candidate = answer({"tools": TOOLS}, reply)["candidates"][0]
    assert candidate["finishReason"] == "MALFORMED_FUNCTION_CALL"
    assert "parts" not in candidate["content"]
    assert 'default_api.exec({"command": "ls)' in candidate["finishMessage"]


def test_a_model_that_thinks_signs_the_first_of_its_calls() -> None:
    candidate = answer({"tools": TOOLS}, Reply(tool_calls=[CALL, CALL]), model=THINKING)["candidates"][0]
    assert ["thoughtSignature" in part for part in candidate["content"]["parts"]] == [True, False]
    assert all(part["functionCall"]["id"] for part in candidate["content"]["parts"])


@pytest.mark.parametrize("kept", [True, False])
def test_a_signature_has_to_come_back(kept: bool) -> None:
    asked = {"role": "user", "parts": [{"text": "go"}]}
    said = answer({"tools": TOOLS}, Reply(tool_calls=[CALL]), model=THINKING)["candidates"][0]["content"]
    if not kept:
        del said["parts"][0]["thoughtSignature"]
    result = {"role": "user", "parts": [{"functionResponse": {"name": "exec", "response": {"output": "done"}}}]}
    response, request = gemini({"tools": TOOLS, "contents": [asked, said, result]}, model=THINKING)
    assert response.status_code == (200 if kept else 400)
    assert request.problem.startswith("" if kept else "Function call is missing a thought_signature")
    later = {"tools": TOOLS, "contents": [asked, said, result, {"role": "model", "parts": [{"text": "ok"}]}, asked]}
    assert gemini(later, model=THINKING)[0].status_code == 200


def test_a_stream_comes_in_responses_and_the_last_says_why() -> None:
    reply = Reply(text="a longer text that is cut into pieces", tool_calls=[CALL])
    response, _ = gemini({"tools": TOOLS}, reply, method="streamGenerateContent?alt=sse")
    assert response.headers["content-type"] == "text/event-stream"
    candidates = [event["candidates"][0] for event in events(response)]
    assert ["finishReason" in one for one in candidates] == [False, False, True]
    parts = [part for one in candidates for part in one["content"]["parts"]]
    assert "".join(part.get("text", "") for part in parts) == "a longer text that is cut into pieces"
    assert parts[-1]["functionCall"]["name"] == "exec"
    assert "[DONE]" not in response.text


def test_without_alt_a_stream_is_a_list() -> None:
    response, _ = gemini({}, Reply(text="x"), method="streamGenerateContent")
    assert [one["candidates"][0]["content"]["parts"] for one in response.json()] == [[{"text": "x"}]]


def test_a_stream_can_end_with_an_error() -> None:
    reply = Reply(text="a long text " * 9, cut_after=2, stream_error="The model is overloaded.")
    response, _ = gemini({}, reply, method="streamGenerateContent?alt=sse")
    assert events(response)[-1]["error"]["status"] == "UNAVAILABLE"
    assert len(events(response)) == 3


@pytest.mark.parametrize(
    ("kind", "status", "name"),
    [
        ("key", 400, "INVALID_ARGUMENT"),
        ("forbidden", 403, "PERMISSION_DENIED"),
        ("quota", 429, "RESOURCE_EXHAUSTED"),
        ("model", 404, "NOT_FOUND"),
        ("context", 400, "INVALID_ARGUMENT"),
        ("server", 500, "INTERNAL"),
        ("overloaded", 503, "UNAVAILABLE"),
        ("timeout", 504, "DEADLINE_EXCEEDED"),
    ],
)
def test_errors_have_the_form_of_google_rpc(kind: Any, status: int, name: str) -> None:
    response, _ = gemini({}, Reply(error=HttpError(kind=kind)))
    error = response.json()["error"]
    assert (response.status_code, error["code"], error["status"]) == (status, status, name)
    assert error["message"]


def test_a_rate_limit_says_when_to_come_back_in_a_detail() -> None:
    response, _ = gemini({}, Reply(error=HttpError(kind="rate_limit", retry_after=34)))
    details = {detail["@type"].rpartition(".")[2]: detail for detail in response.json()["error"]["details"]}
    assert set(details) == {"QuotaFailure", "Help", "RetryInfo"}
    assert details["RetryInfo"]["retryDelay"] == "34s"
    assert "retry-after" not in response.headers


def test_every_kind_of_request_that_an_agent_makes_is_accepted() -> None:
    call = {"function_call": {"name": "exec", "args": {"command": "ls"}}}
    result = {"functionResponse": {"name": "exec", "response": {"output": "done"}}}
    body = {
        "system_instruction": {"parts": {"text": "Be brief."}},
        "contents": [
            {
                "role": "user",
                "parts": [{"inlineData": {"mimeType": "image/png", "data": PICTURE_BASE64}}, {"text": "run it"}],
            },
            {"role": "model", "parts": [{"text": "Yes."}, call, call]},
            {"role": "user", "parts": [result, result]},
        ],
        "tools": TOOLS,
        "toolConfig": {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["exec"]}},
        "generationConfig": {"temperature": 0.2, "maxOutputTokens": "100", "stopSequences": ["END"]},
        "safetySettings": [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}],
    }
    _, request = gemini(body)
    assert (request.status, request.problem) == (200, "")
    assert request.seen is not None
    assert (request.seen.system, request.seen.user_text, request.seen.tools) == ("Be brief.", "run it", ["exec"])
    assert request.seen.tool_output == "done\ndone"
    assert [(image.media_type, image.data) for image in request.seen.images] == [("image/png", PICTURE)]


def test_the_key_may_come_in_the_query_and_stays_out_of_the_record() -> None:
    body = {"contents": [{"parts": [{"text": "x"}]}]}
    path = f"/v1beta/models/{defaults.GEMINI_MODEL}:generateContent?key={defaults.GEMINI_KEY}"
    responses, requests = send(defaults.GEMINI_HOST, path, [body])
    assert responses[0].status_code == 200
    assert defaults.GEMINI_KEY not in repr(requests)


def test_usage_as_scripted() -> None:
    usage = answer({}, Reply(text="x", prompt_tokens=100, completion_tokens=20, cached_tokens=60))["usageMetadata"]
    counts = usage["promptTokenCount"], usage["candidatesTokenCount"], usage["cachedContentTokenCount"]
    assert counts == (100, 20, 60)
