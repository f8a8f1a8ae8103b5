"""What Gemini's stand-in refuses, in the words of the API."""

from typing import Any

import pytest

from tests.fakes import defaults
from tests.fakes.pictures import PICTURE_BASE64
from tests.unit.fakes.model_calls import GEMINI, gemini, send

USER: dict[str, Any] = {"role": "user", "parts": [{"text": "x"}]}
MODEL: dict[str, Any] = {"role": "model", "parts": [{"text": "y"}]}
FUNCTIONS = "* GenerateContentRequest.tools[0].function_declarations[0]"


def call(*names: str) -> dict[str, Any]:
    """The model's turn with these calls."""
    return {"role": "model", "parts": [{"functionCall": {"name": name, "args": {}}} for name in names]}


def result(*names: str, role: str = "user") -> dict[str, Any]:
    """The user's turn with these responses."""
    return {"role": role, "parts": [{"functionResponse": {"name": name, "response": {}}} for name in names]}


def function(parameters: Any = None, **fields: Any) -> dict[str, Any]:
    """Tools with one function."""
    schema = {} if parameters is None else {"parameters": parameters}
    return {"tools": [{"functionDeclarations": [{"name": "exec"} | schema | fields]}]}


def of(**schema: Any) -> dict[str, Any]:
    """Tools with one function that takes one such thing."""
    return function({"type": "OBJECT", "properties": {"a": schema}})


def refusal(body: dict[str, Any], **options: Any) -> tuple[int, Any]:
    """Status and error."""
    response, request = gemini(body, **options)
    assert request.problem
    return response.status_code, response.json()["error"]


@pytest.mark.parametrize(
    ("body", "field", "message"),
    [
        ({"foo": 1}, "", 'Invalid JSON payload received. Unknown name "foo": Cannot find field.'),
        ({"messages": []}, "", 'Invalid JSON payload received. Unknown name "messages": Cannot find field.'),
        (
            {"contents": [USER | {"content": "x"}]},
            "contents[0]",
            "Invalid JSON payload received. Unknown name \"content\" at 'contents[0]': Cannot find field.",
        ),
        (
            {"contents": [{"parts": [{"text": 5}]}]},
            "contents[0].parts[0].text",
            "Invalid value at 'contents[0].parts[0].text' (TYPE_STRING), 5",
        ),
        (
            {"contents": [{"parts": [{"text": "x", "inlineData": {}}]}]},
            "contents[0].parts[0]",
            "Invalid value at 'contents[0].parts[0]' (oneof), oneof field 'data' is already set. Cannot set 'inlineDa",
        ),
        (
            {"contents": [{"parts": [{"inlineData": {"mimeType": "image/png", "data": "?"}}]}]},
            "contents[0].parts[0].inline_data.data",
            "Invalid value at 'contents[0].parts[0].inline_data.data' (TYPE_BYTES), Base64 decoding failed for \"?\"",
        ),
        (
            {"generationConfig": {"max_tokens": 5}},
            "generation_config",
            "Invalid JSON payload received. Unknown name \"max_tokens\" at 'generation_config': Cannot find field.",
        ),
        (
            {"generationConfig": {"maxOutputTokens": 5.5}},
            "generation_config.max_output_tokens",
            "Invalid value at 'generation_config.max_output_tokens' (TYPE_INT32), 5.5",
        ),
        (
            {"safetySettings": [{"category": "RUDE"}]},
            "safety_settings[0].category",
            "Invalid value at 'safety_settings[0].category' (type.googleapis.com/google.ai.generativelanguage.v1beta",
        ),
        (
            of(type=["string", "null"]),
            "tools[0].function_declarations[0].parameters.properties[0].value",
            'Invalid JSON payload received. Unknown name "type" at',
        ),
        (
            of(type="string", additionalProperties=False),
            "tools[0].function_declarations[0].parameters.properties[0].value",
            'Invalid JSON payload received. Unknown name "additionalProperties" at',
        ),
        (
            {"contents": [{"parts": [{"functionCall": {"name": "a", "args": "{}"}}]}]},
            "contents[0].parts[0].function_call.args",
            "Invalid value at 'contents[0].parts[0].function_call.args' (type.googleapis.com/google.protobuf.Struct)",
        ),
    ],
)
def test_what_does_not_fit_the_form(body: dict[str, Any], field: str, message: str) -> None:
    status, error = refusal(body)
    assert (status, error["status"]) == (400, "INVALID_ARGUMENT")
    assert error["message"].startswith(message), error["message"]
    assert error["details"][0]["@type"] == "type.googleapis.com/google.rpc.BadRequest"
    assert error["details"][0]["fieldViolations"][0]["field"] == field


def test_every_violation_is_said_at_once() -> None:
    _, error = refusal({"foo": 1, "bar": 2})
    assert len(error["details"][0]["fieldViolations"]) == len(error["message"].splitlines()) == 2


@pytest.mark.parametrize(
    ("contents", "message"),
    [
        ([], "* GenerateContentRequest.contents: contents is not specified"),
        ([{"role": "assistant", "parts": [{"text": "x"}]}], "Please use a valid role: user, model."),
        ([{"role": "user", "parts": []}], "* GenerateContentRequest.contents[0].parts: contents.parts must not be"),
        ([{"role": "user", "parts": [{}]}], "* GenerateContentRequest.contents[0].parts[0].data: required oneof"),
        ([{"role": "user", "parts": [{"text": ""}]}], "* GenerateContentRequest.contents[0].parts[0].data: required"),
        ([USER, MODEL], "Please ensure that multiturn requests end with a user turn or a function response."),
        ([USER, result("a")], "Please ensure that function response turn comes immediately after a function call"),
        ([call("a"), result("a")], "Please ensure that function call turn comes immediately after a user turn or"),
        ([USER, MODEL, call("a"), result("a")], "Please ensure that function call turn comes immediately after"),
        ([USER, call("a"), USER], "Please ensure that the number of function response parts is equal to the number"),
        ([USER, call("a", "b"), result("a")], "Please ensure that the number of function response parts is equal to"),
        ([USER, call("a"), result("a"), result("a")], "Please ensure that function response turn comes immediately"),
        ([USER, call("a")], "Please ensure that the number of function response parts is equal to the number"),
        ([USER, call(""), result("")], "* GenerateContentRequest.contents[1].parts[0].function_call.name: Name can"),
    ],
)
def test_turns_have_to_match(contents: list[dict[str, Any]], message: str) -> None:
    status, error = refusal({"contents": contents})
    assert (status, error["message"].startswith(message)) == (400, True), error["message"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (function(name="run command"), f"{FUNCTIONS}.name: Invalid function name."),
        (function({"type": "STRING"}), f"{FUNCTIONS}.parameters: schema type should be OBJECT"),
        (function({"type": "OBJECT", "properties": {}}), f"{FUNCTIONS}.parameters.properties: should be non-empty"),
        (of(description="?"), f"{FUNCTIONS}.parameters.properties[a].type: must be specified"),
        (of(type="ARRAY"), f"{FUNCTIONS}.parameters.properties[a].items: missing field."),
        (of(type="INTEGER", enum=["1"]), f"{FUNCTIONS}.parameters.properties[a].enum: only allowed for STRING type"),
        (of(type="STRING", enum=[""]), f"{FUNCTIONS}.parameters.properties[a].enum[0]: cannot be empty"),
        (of(type="STRING", format="uri"), f"{FUNCTIONS}.parameters.properties[a].format: only 'enum' and 'date-time'"),
        (
            function({"type": "OBJECT", "properties": {"a": {"type": "STRING"}}, "required": ["b"]}),
            f"{FUNCTIONS}.parameters.required[0]: property is not defined",
        ),
        (of(type="ARRAY", items={"type": "OBJECT"}), f"{FUNCTIONS}.parameters.properties[a].items.properties: should"),
        ({"tools": function()["tools"] * 2}, "Duplicate function declaration found: exec"),
        ({"toolConfig": {"functionCallingConfig": {"mode": "ANY"}}}, "Function calling config is set without"),
        ({"generationConfig": {"temperature": 3}}, "* GenerateContentRequest.generation_config.temperature: tem"),
        ({"generationConfig": {"maxOutputTokens": 0}}, "Unable to submit request because it has a maxOutputTokens"),
        ({"systemInstruction": {"parts": [{"text": ""}]}}, "* GenerateContentRequest.system_instruction.parts[0]"),
        (
            function() | {"generationConfig": {"responseMimeType": "application/json"}},
            "Function calling with a response mime type: 'application/json' is unsupported",
        ),
    ],
)
def test_functions_and_settings_have_to_be_sane(body: dict[str, Any], message: str) -> None:
    status, error = refusal(body)
    assert (status, error["message"].startswith(message)) == (400, True), error["message"]


@pytest.mark.parametrize(
    ("blob", "message"),
    [
        ({"mimeType": "image/gif", "data": PICTURE_BASE64}, "Unsupported MIME type: image/gif"),
        ({"mimeType": "image/png", "data": "AAAA"}, "Unable to process input image."),
    ],
)
def test_pictures_are_looked_at(blob: dict[str, str], message: str) -> None:
    contents = [{"role": "user", "parts": [{"inlineData": blob}]}]
    assert refusal({"contents": contents})[1]["message"].startswith(message)


def test_keys() -> None:
    status, error = refusal({}, headers={})
    assert (status, error["status"]) == (403, "PERMISSION_DENIED")
    status, error = refusal({}, headers={"x-goog-api-key": "AIzaWrong"})
    assert (status, error["details"][0]["reason"]) == (400, "API_KEY_INVALID")


def test_a_model_that_is_not_there() -> None:
    status, error = refusal({}, model="gemini-99")
    assert (status, error["status"]) == (404, "NOT_FOUND")
    assert error["message"].startswith("models/gemini-99 is not found for API version v1beta")


def test_what_is_no_json() -> None:
    path = f"/v1beta/models/{defaults.GEMINI_MODEL}:generateContent"
    responses, _ = send(defaults.GEMINI_HOST, path, [b"{"], headers=GEMINI)
    assert responses[0].json()["error"]["message"].startswith("Invalid JSON payload received.")
