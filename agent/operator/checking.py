"""Everything that is wrong with a config.json, at once.

The gateway stops at the first problem (agent.config.parse). Here each value is converted by itself; what does not
convert is replaced by a value that says nothing, so that the rest is checked too, and further problems of what was
replaced are left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import UnionType
from typing import Any, get_args, get_origin

import msgspec

from agent.config.checks import kind_of, problems
from agent.config.problem import Problem
from agent.config.references import read_document
from agent.config.shapes import Channel, Config
from agent.config.words import CHANNELS, problem_of, unknown_key
from agent.errors import ConfigError
from agent.gateway.printable import one_line
from agent.operator import secrets
from agent.operator.words import say

# Sections that only PicoClaw's own config.json has.
_ANOTHERS = frozenset({"agents", "providers", "model_list", "channel_list"})


@dataclass
class Findings:
    """What was found.

    Attributes:
        problems: in the order of the file's sections.
        config: what the file says, as far as it could be read; it holds secrets.
    """

    problems: list[Problem]
    config: Config | None = field(default=None, repr=False)


def findings(text: str, environ: Mapping[str, str] | None) -> Findings:
    """Check the text of a config.json.

    Args:
        text: as it is in the file.
        environ: what references are resolved by; None leaves them unresolved, and takes them for good.
    """
    try:
        document = read_document(text)
    except ConfigError as error:
        return Findings([_said("", error)])
    if _ANOTHERS & document.keys():
        return Findings([Problem("", "anothers")])
    resolved, refused, taken = secrets.resolve_each(document, environ)
    reading = _Reading(resolved)
    for key, refusal in refused.items():
        reading.add(_said(key, refusal))
    reading.settled |= taken
    config = reading.config()
    further = [problem for problem in problems(config, reading.channels) if not reading.settles(problem.key)]
    return Findings([*reading.problems, *further], config)


def _said(key: str, error: ConfigError) -> Problem:
    return Problem(key, "said", {"sentence": str(error), "polish": error.polish})


class _Reading:
    """Reads a document value by value."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self.problems: list[Problem] = []
        self.channels: list[tuple[str, Channel]] = []
        self._lacking = False
        # Keys of which nothing more is said, nor of anything in them.
        self.settled: set[str] = set()

    def config(self) -> Config:
        """The whole file, with nothing where something is wrong."""
        config = Config(**self._values("", Config, self._document))
        if self._lacking and not self.channels:
            self.settled.add("channel")  # there is one in the file, and its fault is told
        return config

    def add(self, problem: Problem) -> None:
        """One more, unless its key is settled; settles it."""
        if not self.settles(problem.key):
            self.problems.append(problem)
        self.settled.add(problem.key)

    def settles(self, key: str) -> bool:
        """Whether that key, or one that it lies in, is settled."""
        return any(key == one or key.startswith((f"{one}.", f"{one}[")) for one in self.settled)

    def _values(self, key: str, shape: type[msgspec.Struct], document: object) -> dict[str, Any]:
        """The arguments of the shape. What is required and missing or wrong is something that says nothing."""
        if not isinstance(document, dict):
            self.add(_wrong_type(key, "object", document))
            document = {}
        fields = {known.name: known for known in msgspec.structs.fields(shape)}
        for name in document:
            if name not in fields:
                self.add(unknown_key(key, name, self._document))
        values: dict[str, object] = {}
        for name, known in fields.items():
            if name in document:
                values[name] = self._value(f"{key}.{name}".lstrip("."), known.type, document[name])
            elif known.required:
                self.add(Problem(f"{key}.{name}".lstrip("."), "missing"))
                values[name] = _WRONG
        return {
            name: _nothing(fields[name]) if value is _WRONG else value
            for name, value in values.items()
            if value is not _WRONG or fields[name].required
        }

    def _value(self, key: str, kind: object, value: object) -> object:
        """The value converted, or _WRONG."""
        shapes = [one for one in _members(kind) if isinstance(one, type) and issubclass(one, msgspec.Struct)]
        if len(shapes) > 1:
            return self._channel(key, value) if value is not None or key != "channel" else None
        if shapes and value is not None:
            return shapes[0](**self._values(key, shapes[0], value))
        if get_origin(kind) is list and _holds_sections(kind):
            return list(self._items(key, get_args(kind)[0], value))
        try:
            return msgspec.convert(value, kind)
        except msgspec.ValidationError as error:
            self.add(problem_of(str(error), self._document, key))
            return _WRONG

    def _items(self, key: str, kind: object, values: object) -> Iterator[object]:
        if not isinstance(values, list):
            self.add(_wrong_type(key, "array", values))
            return
        for place, value in enumerate(values):
            read = self._value(f"{key}[{place}]", kind, value)
            if read is not _WRONG:
                yield read

    def _channel(self, key: str, document: object) -> Channel | _Wrong:
        kind = document.get("type") if isinstance(document, dict) else None
        if isinstance(document, dict) and isinstance(kind, str) and kind in CHANNELS:
            named = {name: value for name, value in document.items() if name != "type"}
            channel = CHANNELS[kind](**self._values(key, CHANNELS[kind], named))
            self.channels.append((key, channel))
            return channel
        if not isinstance(document, dict):
            self.add(_wrong_type(key, "object", document))
        elif "type" not in document:
            self.add(Problem(f"{key}.type", "missing"))
        else:
            self.add(Problem(f"{key}.type", "choice", {"choices": ", ".join(CHANNELS)}))
        self._lacking = True
        return _WRONG


class _Wrong:
    """In place of a value that cannot be used."""


_WRONG = _Wrong()


def _members(kind: object) -> tuple[Any, ...]:
    return get_args(kind) if isinstance(kind, UnionType) else (kind,)


def _holds_sections(kind: object) -> bool:
    return any(isinstance(one, type) and issubclass(one, msgspec.Struct) for one in _members(get_args(kind)[0]))


def _nothing(known: msgspec.structs.FieldInfo) -> object:
    """A value of a required field's type that says nothing."""
    if isinstance(known.type, type) and issubclass(known.type, msgspec.Struct):
        return known.type(**{inner.name: "" for inner in msgspec.structs.fields(known.type) if inner.required})
    return "" if known.type is str else 0.0


def _wrong_type(key: str, expected: str, value: object) -> Problem:
    names = {str: "str", bool: "bool", int: "int", float: "float", list: "array", type(None): "null"}
    return Problem(key, "type", {"expected": expected, "seen": names.get(type(value), "object")})


def as_json(found: Findings, file: str, language: str) -> str:
    """The findings for a program."""
    listed = [
        {"key": problem.key, "problem": problem.code, "message": problem.said(language)} for problem in found.problems
    ]
    return json.dumps({"file": file, "ok": not listed, "problems": listed}, indent=2, ensure_ascii=False)


def summary(config: Config, language: str) -> Iterator[str]:
    """What a good file amounts to: models, and who will be heard."""
    for model in config.llm.models:
        yield one_line(say("model", language, provider=model.provider, model=model.model))
    for _where, channel in config.placed_channels:
        users = ", ".join(map(str, channel.allowed_user_ids))
        yield one_line(say("heard" if users else "unheard", language, channel=kind_of(channel), users=users))
