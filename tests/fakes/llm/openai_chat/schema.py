"""Validates a request body against the openai package's own parameter types, without the leniency built into them.

pydantic alone would take almost anything here: typed dictionaries ignore unknown keys, and an `Iterable` (which
`messages` and `tools` are) is not looked into until somebody iterates. So the schema is tightened first: unknown keys
are refused, iterables are lists, and unions of dictionaries are told apart by their `role` or `type`, so that the
first error is about the right one.
"""

from functools import cache
from typing import Any, cast

from openai.types.chat.completion_create_params import CompletionCreateParams
from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails, SchemaValidator

from tests.fakes.llm.openai_chat.problems import InvalidRequestError

Schema = dict[str, Any]

_DISCRIMINATORS = ("role", "type")
_EXPECTED = {
    "string_type": "a string",
    "list_type": "an array of objects",
    "dict_type": "an object",
    "int_type": "an integer",
    "int_from_float": "an integer",
    "float_type": "a decimal",
    "bool_type": "a boolean",
    "model_attributes_type": "an object",
}
_SEEN = {str: "a string", bool: "a boolean", int: "an integer", float: "a decimal", list: "an array", dict: "an object"}


def check_schema(body: Any) -> None:
    """Raises InvalidRequestError for the first thing that the API's reference does not know."""
    if not isinstance(body, dict):
        raise InvalidRequestError("We could not parse the JSON body of your request.", None, None)
    try:
        _validator(streaming=body.get("stream") is True).validate_python(body, strict=True)
    except ValidationError as error:
        # of a value that fits no member of a union, the deepest complaint is about the member that was meant
        deepest = max(error.errors(include_url=False), key=lambda one: len(one["loc"]))
        raise _problem(deepest, body) from None


@cache
def _validator(*, streaming: bool) -> SchemaValidator:
    core = cast("Schema", TypeAdapter(CompletionCreateParams).core_schema)
    definitions = {definition["ref"]: definition for definition in core.get("definitions", [])}
    root = core["schema"]["choices"][1 if streaming else 0]
    tightened = [_tightened(definition, definitions) for definition in definitions.values()]
    schema = {"type": "definitions", "schema": _tightened(root, definitions), "definitions": tightened}
    return SchemaValidator(cast("Any", schema))


def _tightened(schema: Any, definitions: dict[str, Schema]) -> Any:
    if isinstance(schema, (list, tuple)):
        return type(schema)(_tightened(part, definitions) for part in schema)
    return _tightened_dict(schema, definitions) if isinstance(schema, dict) else schema


def _tightened_dict(schema: Schema, definitions: dict[str, Schema]) -> Schema:
    parts = {key: _tightened(value, definitions) for key, value in schema.items() if key != "serialization"}
    if parts.get("type") == "generator":
        return {"type": "list", "items_schema": parts["items_schema"]}
    if parts.get("type") == "typed-dict":
        return parts | {"extra_behavior": "forbid"}
    if parts.get("type") == "union":
        return _told_apart(parts, definitions)
    return parts


def _told_apart(union: Schema, definitions: dict[str, Schema]) -> Schema:
    """A union of dictionaries that share a literal key becomes a tagged union."""
    for name in _DISCRIMINATORS:
        tags: dict[str, Any] = {}
        for choice in union["choices"]:
            for tag in _tags(choice, name, definitions):
                tags.setdefault(tag, choice)
        if len(tags) >= len(union["choices"]):
            return {"type": "tagged-union", "discriminator": name, "choices": tags}
    return union


def _tags(choice: Any, name: str, definitions: dict[str, Schema]) -> list[str]:
    if isinstance(choice, dict) and choice.get("type") == "definition-ref":
        choice = definitions[choice["schema_ref"]]
    if not isinstance(choice, dict) or choice.get("type") != "typed-dict":
        return []
    field = choice["fields"].get(name, {}).get("schema", {})
    return list(field.get("expected", [])) if field.get("type") == "literal" else []


def _problem(error: ErrorDetails, body: Any) -> InvalidRequestError:
    path, kind = _path(error, body), error["type"]
    if kind == "extra_forbidden":
        return InvalidRequestError(f"Unknown parameter: '{path}'.", path, "unknown_parameter")
    if kind in ("missing", "union_tag_not_found"):
        missing = path if kind == "missing" else f"{path}.{_discriminator(error)}"
        return InvalidRequestError(f"Missing required parameter: '{missing}'.", missing, "missing_required_parameter")
    if kind in ("literal_error", "union_tag_invalid"):
        context = error.get("ctx", {})
        expected = str(context.get("expected", context.get("expected_tags", "")))
        seen = context.get("tag", error["input"])
        message = f"Invalid value: '{seen}'. Supported values are: {expected}."
        return InvalidRequestError(message, path, "invalid_value")
    seen = _SEEN.get(type(error["input"]), "null" if error["input"] is None else "an unknown type")
    expected = _EXPECTED.get(kind, "something else")
    message = f"Invalid type for '{path}': expected {expected}, but got {seen} instead."
    return InvalidRequestError(message, path, "invalid_type")


def _discriminator(error: ErrorDetails) -> str:
    return str(error.get("ctx", {}).get("discriminator", "type")).strip("'")


def _path(error: ErrorDetails, body: Any) -> str:
    """As OpenAI writes it: `messages[0].content`.

    pydantic's location also names the members of unions that it tried: those lead nowhere in the body, or are the
    `role` or `type` of the dictionary just entered.
    """
    path, value, entered = "", body, False
    for number, place in enumerate(error["loc"]):
        last = number == len(error["loc"]) - 1 and error["type"] in ("missing", "extra_forbidden")
        if isinstance(place, int) and isinstance(value, list):
            path, value, entered = f"{path}[{place}]", value[place], True
        elif not isinstance(value, dict) or not isinstance(place, str):
            continue
        elif entered and not last and place in (value.get("role"), value.get("type")):
            entered = False
        elif last or place in value:
            path, value, entered = f"{path}.{place}" if path else place, value.get(place), True
    return path
