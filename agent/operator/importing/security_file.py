"""PicoClaw's `.security.yml`: secrets by model and channel, in as much of YAML as PicoClaw itself writes there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from agent.errors import ConfigError

NAME = ".security.yml"

_PAIR = re.compile(r"""(?P<key>"[^"]*"|'[^']*'|[^\s:#'"\[{][^:#]*?)\s*:(?:\s+(?P<value>.*))?$""")


def read(path: Path) -> dict[str, Any]:
    """What the file holds; nothing where there is none. ConfigError, with the line, for YAML that is not so plain."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError):
        raise ConfigError(
            f"{NAME} beside the file cannot be read: make it readable, or take it away",
            f"nie można odczytać {NAME} obok pliku: daj prawo odczytu albo usuń go stamtąd",
        ) from None
    lines = list(_lines(text))
    if not lines:
        return {}
    value, rest = _block(lines, lines[0][1])
    if rest or not isinstance(value, dict):
        raise _unread(rest[0][0] if rest else 1)
    return value


def _lines(text: str) -> Iterator[tuple[int, int, str]]:
    """Number, indentation and content of each line that has any."""
    for number, line in enumerate(text.splitlines(), 1):
        content = line.strip()
        if content and not content.startswith("#") and content != "---":
            if "\t" in line[: len(line) - len(line.lstrip())]:
                raise _unread(number)
            yield number, len(line) - len(line.lstrip(" ")), content


def _block(lines: list[tuple[int, int, str]], depth: int) -> tuple[Any, list[tuple[int, int, str]]]:
    """The mapping or list that begins with the first line, and the lines behind it."""
    if lines[0][2].startswith("- "):
        items = []
        while lines and lines[0][1] == depth and lines[0][2].startswith("- "):
            items.append(_scalar(lines[0][0], lines[0][2][2:].strip()))
            lines = lines[1:]
        return items, lines
    mapping: dict[str, Any] = {}
    while lines and lines[0][1] == depth:
        number, _, content = lines[0]
        pair = _PAIR.fullmatch(content)
        if pair is None:
            raise _unread(number)
        key, lines = _scalar(number, pair["key"]), lines[1:]
        if pair["value"] and not pair["value"].startswith("#"):
            mapping[key] = _scalar(number, pair["value"])
        elif lines and (lines[0][1] > depth or (lines[0][1] == depth and lines[0][2].startswith("- "))):
            mapping[key], lines = _block(lines, lines[0][1])
        else:
            mapping[key] = ""
    if lines and lines[0][1] > depth:
        raise _unread(lines[0][0])
    return mapping, lines


def _scalar(number: int, text: str) -> Any:  # noqa: ANN401 - a text, or one of two empty collections
    if text in ("{}", "[]"):
        return {} if text == "{}" else []
    if quoted := re.fullmatch(r"""(["'])([^"'\\]*)\1\s*(?:#.*)?""", text):
        return quoted[2]
    plain = re.split(r"\s+#", text, maxsplit=1)[0]
    if plain[:1] in "\"'[{&*!|>%@`" or ": " in plain:
        raise _unread(number)
    return plain


def _unread(number: int) -> ConfigError:
    return ConfigError(
        f"line {number} of {NAME} beside the file is not of the plain form that PicoClaw writes: "
        "put its keys and tokens into a copy of config.json, and import that"
    )
