"""Reads JSON as the service reads it: into messages of known fields, with every violation said at once.

Like the real parser it takes camelCase and snake_case, a single value for a list, numbers in quotes, and enum names in
any case; and it takes no field that it does not know.
"""

import base64
import binascii
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.fakes.llm.gemini.protos import MESSAGES, Enum, Kind, Many, Named, Ref

_PACKAGE = "type.googleapis.com/google.ai.generativelanguage.v1beta"
_PYTHON = {"STRING": str, "BOOL": bool, "STRUCT": dict}
_INTEGER = re.compile(r"-?\d+")


@dataclass(frozen=True)
class Violation:
    """What is wrong, and the path of the field."""

    field: str
    description: str


class UnreadableError(Exception):
    """The request does not fit; `violations` says where."""

    def __init__(self, violations: list[Violation]) -> None:
        """At least one."""
        super().__init__("\n".join(violation.description for violation in violations))
        self.violations = violations


def read_message(value: Any, name: str) -> dict[str, Any]:
    """The value with all known fields in snake_case, lists as lists; raises UnreadableError."""
    reader = _Reader()
    message = reader.message(value, name, "")
    if reader.violations:
        raise UnreadableError(reader.violations)
    return message


class _Reader:
    def __init__(self) -> None:
        self.violations: list[Violation] = []

    def message(self, value: Any, name: str, path: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            self._invalid(path, f"{_PACKAGE}.{name}", value)
            return {}
        message, read = MESSAGES[name], {}
        for key, part in value.items():
            field = _snake(key)
            kind = message.fields.get(field)
            if kind is None or key not in (field, _camel(field)):
                self._say(path, f'Invalid JSON payload received. Unknown name "{key}"{_at(path)}: Cannot find field.')
            elif part is not None:
                if field in message.oneof and any(other in read for other in message.oneof):
                    self._say(path, _oneof(path, key))
                read[field] = self._field(part, kind, f"{path}.{field}" if path else field, key, path)
        return read

    def _field(self, value: Any, kind: Kind, path: str, key: str, parent: str) -> Any:
        if isinstance(kind, Many):
            items = value if isinstance(value, list) else [value]
            return [self._value(item, kind.of, f"{path}[{place}]") for place, item in enumerate(items)]
        if isinstance(value, list) and kind != "VALUE":
            reason = "Proto field is not repeating, cannot start list."
            self._say(parent, f'Invalid JSON payload received. Unknown name "{key}"{_at(parent)}: {reason}')
            return None
        return self._value(value, kind, path)

    def _value(self, value: Any, kind: Kind, path: str) -> Any:
        if isinstance(kind, Ref):
            return self.message(value, kind.name, path)
        if isinstance(kind, Named):
            return self._map(value, kind, path)
        if isinstance(kind, Enum):
            return self._enum(value, kind, path)
        if kind == "VALUE":
            return value
        return self._scalar(value, str(kind), path)

    def _map(self, value: Any, kind: Named, path: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            self._invalid(path, "Map", value)
            return {}
        items = enumerate(value.items())
        return {key: self._value(part, kind.of, f"{path}[{place}].value") for place, (key, part) in items}

    def _enum(self, value: Any, kind: Enum, path: str) -> str:
        name = str(value).upper()
        if not isinstance(value, str) or name not in kind.values:
            self._invalid(path, f"{_PACKAGE}.{kind.name}", value)
        return name

    def _scalar(self, value: Any, kind: str, path: str) -> Any:
        if kind == "BYTES":
            return self._bytes(value, path)
        if kind == "INT32":
            if not _is_integer(value):
                self._invalid(path, "TYPE_INT32", value)
                return 0
            return int(value)
        if kind == "FLOAT":
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                self._invalid(path, "TYPE_FLOAT", value)
            return value
        if not isinstance(value, _PYTHON[kind]):
            self._invalid(
                path, "type.googleapis.com/google.protobuf.Struct" if kind == "STRUCT" else f"TYPE_{kind}", value
            )
        return value

    def _bytes(self, value: Any, path: str) -> bytes:
        text = value if isinstance(value, str) else ""
        try:
            padded = text.replace("-", "+").replace("_", "/")
            return base64.b64decode(padded + "=" * (-len(padded) % 4), validate=True)
        except (binascii.Error, ValueError):
            shown = json.dumps(text[:40])
            self._say(path, f"Invalid value at '{path}' (TYPE_BYTES), Base64 decoding failed for {shown}")
            return b""

    def _invalid(self, path: str, kind: str, value: Any) -> None:
        self._say(path, f"Invalid value at '{path}' ({kind}), {json.dumps(value, ensure_ascii=False)[:200]}")

    def _say(self, path: str, description: str) -> None:
        self.violations.append(Violation(path, description))


def walk_schemas(schema: dict[str, Any], path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """A schema and all within it, with their paths."""
    yield path, schema
    for key, part in schema.get("properties", {}).items():
        yield from walk_schemas(part, f"{path}.properties[{key}]")
    if "items" in schema:
        yield from walk_schemas(schema["items"], f"{path}.items")
    for place, part in enumerate(schema.get("any_of", [])):
        yield from walk_schemas(part, f"{path}.any_of[{place}]")


def _is_integer(value: Any) -> bool:
    if isinstance(value, str):
        return _INTEGER.fullmatch(value) is not None
    return not isinstance(value, bool) and isinstance(value, (int, float)) and value == int(value)


def _at(path: str) -> str:
    return f" at '{path}'" if path else ""


def _oneof(path: str, key: str) -> str:
    return f"Invalid value at '{path}' (oneof), oneof field 'data' is already set. Cannot set '{_camel(_snake(key))}'"


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)
