"""Whether the declared functions, their schemas and the generation settings would be accepted."""

import re
from typing import Any

from tests.fakes.llm.gemini.protojson import walk_schemas
from tests.fakes.llm.gemini.rules import InvalidArgumentError, violation

_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_.:-]{0,63}")
_BAD_NAME = (
    "Invalid function name. Must start with a letter or an underscore. Must be alphameric (a-z, A-Z, 0-9), underscores "
    "(_), dots (.), colons (:) or dashes (-), with a maximum length of 64."
)
_MOST_FUNCTIONS = 512
_FORMATS = {"STRING": ("enum", "date-time"), "NUMBER": ("float", "double"), "INTEGER": ("int32", "int64")}
_OUTPUT_LIMIT = 65536


def check_tools(request: dict[str, Any]) -> None:
    """Raises InvalidArgumentError, with every flaw of the schemas at once."""
    names: list[str] = []
    flaws: list[str] = []
    for place, tool in enumerate(request.get("tools", [])):
        for number, function in enumerate(tool.get("function_declarations", [])):
            path = f"tools[{place}].function_declarations[{number}]"
            _check_function(function, path)
            names.append(function["name"])
            if "parameters" in function:
                flaws += schema_flaws(function["parameters"], f"{path}.parameters")
    if flaws:
        raise InvalidArgumentError("".join(flaws))
    for name in names:
        if names.count(name) > 1:
            raise InvalidArgumentError(f"Duplicate function declaration found: {name}")
    if len(names) > _MOST_FUNCTIONS:
        raise InvalidArgumentError(f"At most {_MOST_FUNCTIONS} function declarations can be specified.")
    _check_choice(request, names)


def check_generation(request: dict[str, Any], *, json_with_tools: bool) -> None:
    """Raises InvalidArgumentError; `json_with_tools`: the model can answer in JSON and call functions."""
    config = request.get("generation_config", {})
    if not 0 <= config.get("temperature", 0) <= 2:
        raise violation("generation_config.temperature", "temperature must be in the range [0.0, 2.0].")
    if not 0 <= config.get("top_p", 0) <= 1:
        raise violation("generation_config.top_p", "top_p must be in the range [0.0, 1.0].")
    limit = config.get("max_output_tokens", 1)
    if not 1 <= limit <= _OUTPUT_LIMIT:
        text = f"it has a maxOutputTokens value of {limit} but the supported range is from 1 (inclusive) to "
        raise InvalidArgumentError(f"Unable to submit request because {text}{_OUTPUT_LIMIT + 1} (exclusive).")
    if len(config.get("stop_sequences", [])) > 5:
        raise violation("generation_config.stop_sequences", "the number of stop sequences must be at most 5.")
    kind = config.get("response_mime_type", "text/plain")
    if kind == "application/json" and request.get("tools") and not json_with_tools:
        raise InvalidArgumentError(f"Function calling with a response mime type: '{kind}' is unsupported")
    if "response_schema" in config:
        flaws = schema_flaws(config["response_schema"], "generation_config.response_schema")
        if flaws:
            raise InvalidArgumentError("".join(flaws))


def schema_flaws(root: dict[str, Any], path: str) -> list[str]:
    """A line for each thing that this subset of OpenAPI does not allow."""
    found = [(where, reason) for where, schema in walk_schemas(root, path) for reason in _flaws(schema)]
    return [f"* GenerateContentRequest.{where}{reason}\n" for where, reason in found]


def _flaws(schema: dict[str, Any]) -> list[str]:
    kind = schema.get("type")
    properties = schema.get("properties", {})
    flaws = []
    if kind is None and "any_of" not in schema:
        flaws.append(".type: must be specified when not using one_of, any_of or all_of fields")
    if kind == "OBJECT" and not properties:
        flaws.append(".properties: should be non-empty for OBJECT type")
    if kind != "OBJECT" and "properties" in schema:
        flaws.append(".properties: only allowed for OBJECT type")
    if kind == "ARRAY" and "items" not in schema:
        flaws.append(".items: missing field.")
    if kind != "ARRAY" and "items" in schema:
        flaws.append(".items: field predicate failed: $type == Type.ARRAY")
    if "enum" in schema and kind != "STRING":
        flaws.append(".enum: only allowed for STRING type")
    flaws += [f".enum[{place}]: cannot be empty" for place, name in enumerate(schema.get("enum", [])) if not name]
    names = enumerate(schema.get("required", []))
    flaws += [f".required[{place}]: property is not defined" for place, name in names if name not in properties]
    if kind in _FORMATS and schema.get("format") and schema["format"] not in _FORMATS[kind]:
        one, other = _FORMATS[kind]
        flaws.append(f".format: only '{one}' and '{other}' are supported for {kind} type")
    return flaws


def _check_function(function: dict[str, Any], path: str) -> None:
    if not _NAME.fullmatch(function.get("name", "")):
        raise violation(f"{path}.name", _BAD_NAME)
    if "parameters" in function and "parameters_json_schema" in function:
        raise violation(path, "only one of parameters and parameters_json_schema may be set")
    schema = function.get("parameters_json_schema")
    if schema is not None and (not isinstance(schema, dict) or schema.get("type") != "object"):
        raise violation(f"{path}.parameters_json_schema", "schema must be of type object")
    if function.get("parameters", {}).get("type", "OBJECT") != "OBJECT":
        raise violation(f"{path}.parameters", "schema type should be OBJECT")


def _check_choice(request: dict[str, Any], names: list[str]) -> None:
    config = request.get("tool_config", {}).get("function_calling_config")
    if config is None:
        return
    if not names:
        raise InvalidArgumentError("Function calling config is set without function_declarations.")
    allowed = config.get("allowed_function_names", [])
    if allowed and config.get("mode") not in ("ANY", "VALIDATED"):
        text = "can only be set when mode is ANY or VALIDATED."
        raise violation("tool_config.function_calling_config.allowed_function_names", text)
    for name in allowed:
        if name not in names:
            text = f"allowed_function_names contains a function that is not declared: {name}"
            raise violation("tool_config.function_calling_config", text)
