"""The text of a config.json as JSON, and the references in it, to the environment and to commands.

Commands are run on the operator's machine alone (agent.operator.secrets); here they are only told apart.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from agent.errors import ConfigError

REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


def variable(value: str, key: str, environ: Mapping[str, str]) -> str:
    """The variable's value when the text is a reference, else the text; ConfigError for a variable that is not set."""
    match = REFERENCE.fullmatch(value)
    if match is None:
        return value
    if not environ.get(match[1]):
        raise ConfigError(
            f"config.json: {key} refers to ${{{match[1]}}}, which is not set here: "
            f"export {match[1]} in the shell that runs the deploy",
            f"config.json: {key} odwołuje się do ${{{match[1]}}}, a ta zmienna nie jest tu ustawiona: "
            f"wyeksportuj {match[1]} w powłoce, która uruchamia wdrożenie",
        )
    return environ[match[1]]


def replace_commands(document: object, change: Callable[[Mapping[str, Any], str], str], key: str = "") -> object:
    """The document with what `change` makes of each command reference, `{"command": ...}`, and its key."""
    if isinstance(document, list):
        return [replace_commands(item, change, f"{key}[{index}]") for index, item in enumerate(document)]
    if not isinstance(document, dict):
        return document
    if "command" in document:
        return change(document, key)
    return {name: replace_commands(item, change, f"{key}.{name}".lstrip(".")) for name, item in document.items()}


def refuse_command(_reference: Mapping[str, Any], key: str) -> str:
    """What the gateway makes of a command reference: a ConfigError that names the key."""
    raise ConfigError(
        f"config.json: {key} is a command reference, which only the deploy resolves: set it by the deploy",
        f"config.json: {key} to odwołanie do polecenia, które rozwiązuje tylko wdrożenie: ustaw je przez wdrożenie",
    )


def map_strings(value: object, change: Callable[[str, str], str], key: str = "") -> object:
    """The document with what `change` makes of each text and its key."""
    if isinstance(value, str):
        return change(value, key)
    if isinstance(value, list):
        return [map_strings(item, change, f"{key}[{index}]") for index, item in enumerate(value)]
    if isinstance(value, dict):
        return {name: map_strings(item, change, f"{key}.{name}".lstrip(".")) for name, item in value.items()}
    return value


def read_document(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        why, line, column = error.msg, error.lineno, error.colno
        raise ConfigError(
            f"config.json is not valid JSON: {why} at line {line}, column {column}; correct it there",
            f"config.json nie jest poprawnym JSON-em: {why}, wiersz {line}, kolumna {column}; popraw w tym miejscu",
        ) from None
    if not isinstance(document, dict):
        raise ConfigError(
            'config.json must hold one JSON object, {"llm": {...}, "channel": {...}}',
            'config.json musi zawierać jeden obiekt JSON, {"llm": {...}, "channel": {...}}',
        )
    return document


def mapping(value: object) -> dict[str, Any]:
    """The value where it is a JSON object, else one that is empty."""
    return value if isinstance(value, dict) else {}
