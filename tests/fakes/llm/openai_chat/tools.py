"""Whether the offered tools would be accepted: names, and schemas that are schemas."""

import re
from typing import Any

from tests.fakes.llm.openai_chat.problems import InvalidRequestError

_NAME = "^[a-zA-Z0-9_-]+$"
_LONGEST_NAME = 64
_LONGEST_DESCRIPTION = 1024
_MOST_TOOLS = 128
_TYPES = ("object", "array", "string", "number", "integer", "boolean", "null")


def check_tools(body: dict[str, Any]) -> None:
    """Raises InvalidRequestError."""
    if "tools" not in body:
        if "tool_choice" in body or "parallel_tool_calls" in body:
            name = "tool_choice" if "tool_choice" in body else "parallel_tool_calls"
            text = f"Invalid value for '{name}': '{name}' is only allowed when 'tools' are specified."
            raise InvalidRequestError(text, name, None, "upstream")
        return
    tools = body["tools"]
    if not 1 <= len(tools) <= _MOST_TOOLS:
        wanted = f"Expected an array with length 1 to {_MOST_TOOLS}, but got an array with length {len(tools)} instead."
        raise InvalidRequestError(f"Invalid 'tools': wrong length. {wanted}", "tools", "empty_array")
    functions = [(place, tool["function"]) for place, tool in enumerate(tools) if tool["type"] == "function"]
    for place, function in functions:
        _check_function(function, f"tools[{place}].function")
    names = [function["name"] for _, function in functions]
    for name in names:
        if names.count(name) > 1:
            raise InvalidRequestError(f"Tools must have unique names: '{name}'.", "tools", "invalid_value", "upstream")


def _check_function(function: dict[str, Any], path: str) -> None:
    name = function["name"]
    if not re.match(_NAME, name):
        wanted = f"Expected a string that matches the pattern '{_NAME}'."
        text = f"Invalid '{path}.name': string does not match pattern. {wanted}"
        raise InvalidRequestError(text, f"{path}.name", "invalid_value")
    for field, longest in (("name", _LONGEST_NAME), ("description", _LONGEST_DESCRIPTION)):
        length = len(function.get(field, ""))
        if length > longest:
            wanted = f"Expected a string with maximum length {longest}, but got a string with length {length} instead."
            text = f"Invalid '{path}.{field}': string too long. {wanted}"
            raise InvalidRequestError(text, f"{path}.{field}", "string_above_max_length")
    if "parameters" in function:
        _check_parameters(name, function["parameters"], f"{path}.parameters", strict=function.get("strict") is True)


def _check_parameters(name: str, schema: Any, path: str, *, strict: bool) -> None:
    if schema.get("type") != "object":
        raise _bad_schema(
            name, f"schema must be a JSON Schema of 'type: \"object\"', got 'type: {schema.get('type')!r}'.", path
        )
    _check_schema(name, schema, path, (), strict=strict)


def _check_schema(name: str, schema: Any, path: str, context: tuple[str, ...], *, strict: bool) -> None:
    if not isinstance(schema, dict):
        raise _bad_schema(name, f"In context={context}, {schema!r} is not of type 'object', 'boolean'.", path)
    kinds = schema.get("type", [])
    for kind in kinds if isinstance(kinds, list) else [kinds]:
        if kind not in _TYPES:
            raise _bad_schema(name, f"{kind!r} is not valid under any of the given schemas.", path)
    properties = schema.get("properties", {})
    if not isinstance(properties, dict):
        raise _bad_schema(name, f"In context={context}, 'properties' must be an object.", path)
    _check_required(name, schema, path, context, strict=strict)
    for key, part in properties.items():
        _check_schema(name, part, path, (*context, "properties", key), strict=strict)
    if "items" in schema:
        _check_schema(name, schema["items"], path, (*context, "items"), strict=strict)
    elif "array" in kinds:
        raise _bad_schema(name, f"In context={context}, array schema missing items.", path)


def _check_required(name: str, schema: dict[str, Any], path: str, context: tuple[str, ...], *, strict: bool) -> None:
    required, properties = schema.get("required", []), schema.get("properties", {})
    if not isinstance(required, list) or any(not isinstance(key, str) for key in required):
        raise _bad_schema(name, f"{required!r} is not of type 'array'.", path)
    if not strict or schema.get("type") != "object":
        return
    if schema.get("additionalProperties") is not False:
        reason = f"In context={context}, 'additionalProperties' is required to be supplied and to be false."
        raise _bad_schema(name, reason, path)
    left_out = [key for key in properties if key not in required]
    if left_out:
        reason = (
            f"In context={context}, 'required' is required to be supplied and to be an array including every key in "
            f"properties. Missing '{left_out[0]}'."
        )
        raise _bad_schema(name, reason, path)


def _bad_schema(name: str, reason: str, path: str) -> InvalidRequestError:
    message = f"Invalid schema for function '{name}': {reason}"
    return InvalidRequestError(message, path, "invalid_function_parameters", "upstream")
