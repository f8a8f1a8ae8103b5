"""What a request may ask for: length, thinking, sampling, tools, and how often it may be cached."""

import re
from collections.abc import Iterator
from typing import Any

from tests.fakes.llm.anthropic_messages.params import CacheControl, CustomTool, EnabledThinking, Request, ToolChoice
from tests.fakes.llm.anthropic_messages.rules import blocks
from tests.fakes.llm.anthropic_messages.schema import InvalidRequestError

_MOST_BREAKPOINTS = 4
_OUTPUT_LIMITS = (("claude-3-5", 8192), ("claude-3", 4096), ("claude-opus-4-6", 128_000), ("claude-", 64_000))
_PROPERTY = re.compile("[a-zA-Z0-9_.-]{1,64}")
_TYPES = ("object", "array", "string", "number", "integer", "boolean", "null")
_BAD_SCHEMA = (
    "JSON schema is invalid. It must match JSON Schema draft 2020-12 (https://json-schema.org/draft/2020-12). Learn "
    "more about tool use at https://docs.anthropic.com/en/docs/tool-use."
)
_LATE_HOUR = (
    "a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block. Note that blocks are processed "
    "in the following order: `tools`, `system`, `messages`."
)


def output_limit(model: str) -> int:
    """The most tokens that a model says in one answer."""
    return next(limit for prefix, limit in _OUTPUT_LIMITS if model.startswith(prefix) or prefix == "claude-")


def check_limits(request: Request) -> None:
    """Raises InvalidRequestError."""
    limit = output_limit(request.model)
    if request.max_tokens > limit:
        text = f"{request.max_tokens} > {limit}, which is the maximum allowed number of output tokens for "
        raise InvalidRequestError(f"max_tokens: {text}{request.model}")
    _check_sampling(request)
    for sequence in request.stop_sequences or []:
        if not sequence.strip():
            raise InvalidRequestError("stop_sequences: each stop sequence must contain non-whitespace")
    _check_tools(request)
    _check_breakpoints(request)


def _check_sampling(request: Request) -> None:
    if request.temperature is not None and request.top_p is not None and not request.model.startswith("claude-3"):
        text = "`temperature` and `top_p` cannot both be specified for this model. Please use only one."
        raise InvalidRequestError(text)
    if not isinstance(request.thinking, EnabledThinking):
        return
    if request.thinking.budget_tokens >= request.max_tokens:
        raise InvalidRequestError("`max_tokens` must be greater than `thinking.budget_tokens`.")
    if request.temperature not in (None, 1):
        raise InvalidRequestError("`temperature` may only be set to 1 when thinking is enabled.")


def _check_tools(request: Request) -> None:
    names = [tool.name for tool in request.tools or []]
    if len(names) != len(set(names)):
        raise InvalidRequestError("tools: Tool names must be unique.")
    for place, tool in enumerate(request.tools or []):
        _check_schema(tool, f"tools.{place}.custom.input_schema")
    if request.tool_choice is not None and not names:
        raise InvalidRequestError("tool_choice: tool_choice may only be specified while providing tools.")
    if isinstance(request.tool_choice, ToolChoice) and request.tool_choice.name not in names:
        raise InvalidRequestError(f"tool_choice: Tool '{request.tool_choice.name}' not found in provided tools")
    uses = any(block.type in ("tool_use", "tool_result") for message in request.messages for block in blocks(message))
    if uses and not names:
        raise InvalidRequestError("Requests which include `tool_use` or `tool_result` blocks must define tools")


def _check_schema(tool: CustomTool, path: str) -> None:
    schema = tool.input_schema
    if "type" not in schema:
        raise InvalidRequestError(f"{path}.type: Field required")
    if schema["type"] != "object":
        raise InvalidRequestError(f"{path}.type: Input should be 'object'")
    if {"oneOf", "allOf", "anyOf"} & schema.keys():
        text = "input_schema does not support oneOf, allOf, or anyOf at the top level"
        raise InvalidRequestError(f"{path}: {text}")
    if not _is_schema(schema):
        raise InvalidRequestError(f"{path}: {_BAD_SCHEMA}")
    for key in schema.get("properties", {}):
        if not _PROPERTY.fullmatch(key):
            text = "Property keys should match pattern '^[a-zA-Z0-9_.-]{1,64}$'"
            raise InvalidRequestError(f"{path}.properties: {text}")


def _is_schema(schema: Any) -> bool:
    if isinstance(schema, bool):
        return True
    if not isinstance(schema, dict):
        return False
    kinds = schema.get("type", [])
    required = schema.get("required", [])
    properties = schema.get("properties", {})
    return (
        all(kind in _TYPES for kind in (kinds if isinstance(kinds, list) else [kinds]))
        and isinstance(required, list)
        and all(isinstance(name, str) for name in required)
        and isinstance(schema.get("enum", []), list)
        and isinstance(properties, dict)
        and all(_is_schema(part) for part in properties.values())
        and _is_schema(schema.get("items", True))
        and all(_is_schema(part) for name in ("anyOf", "oneOf", "allOf") for part in schema.get(name, []))
    )


def _check_breakpoints(request: Request) -> None:
    found = list(_breakpoints(request))
    if len(found) > _MOST_BREAKPOINTS:
        text = f"A maximum of {_MOST_BREAKPOINTS} blocks with cache_control may be provided. Found {len(found)}."
        raise InvalidRequestError(text)
    short = False
    for path, control in found:
        if control.ttl == "1h" and short:
            raise InvalidRequestError(f"{path}.cache_control.ttl: {_LATE_HOUR}")
        short = short or control.ttl == "5m"


def _breakpoints(request: Request) -> Iterator[tuple[str, CacheControl]]:
    for place, tool in enumerate(request.tools or []):
        if tool.cache_control:
            yield f"tools.{place}", tool.cache_control
    if isinstance(request.system, list):
        for place, text in enumerate(request.system):
            if text.cache_control:
                yield f"system.{place}", text.cache_control
    for place, message in enumerate(request.messages):
        for number, block in enumerate(blocks(message)):
            control: CacheControl | None = getattr(block, "cache_control", None)
            if control:
                yield f"messages.{place}.content.{number}", control
    if request.cache_control:
        yield "request", request.cache_control
