"""What msgspec finds wrong with a config.json, as a problem that has a key."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec

from agent.config.problem import Hint, Problem
from agent.config.shapes import LLM, Assistant, Channel, Config, Discord, Model, Price, Sandbox, Slack, Telegram

CHANNELS: dict[str, type[Channel]] = {"telegram": Telegram, "discord": Discord, "slack": Slack}


def problem_of(message: str, document: Mapping[str, Any], root: str = "") -> Problem:
    """Put msgspec's «Expected `str`, got `int` - at `$.llm.model`» into the terms of the file's owner.

    Args:
        message: what it said of the value at the key `root` or of something in it.
        document: the whole file.
        root: empty for the file itself.
    """
    problem, _, where = message.partition(" - at ")
    key = _joined(root, where.strip("`").removeprefix("$").lstrip("."))
    if unknown := re.search(r"unknown field `(.+)`", problem):
        return unknown_key(key, unknown[1], document)
    if missing := re.search(r"missing required field `(.+)`", problem):
        return Problem(_joined(key, missing[1]), "missing")
    if key.endswith("type") and problem.startswith("Invalid value"):
        return Problem(key, "choice", {"choices": ", ".join(CHANNELS)})
    if problem.startswith("Invalid enum value") and (choices := _choices(key)):
        return Problem(key, "choice", {"choices": ", ".join(choices)})
    if kinds := re.fullmatch(r"Expected `(.+)`, got `(.+)`", problem):
        return Problem(key or "the file", "type", {"expected": kinds[1], "seen": kinds[2]})
    return Problem(key or "the file", "value", {"problem": problem[:1].lower() + problem[1:]})


def unknown_key(section: str, name: str, document: Mapping[str, Any]) -> Problem:
    """A key that the section does not know, and what may have been meant."""
    known = _known_keys(section, document)
    close = get_close_matches(name, known, n=1)
    hint = Hint("close", {"close": close[0]}) if close else Hint("known", {"known": ", ".join(known)})
    return Problem(_joined(section, name), "unknown", {"hint": hint})


def _joined(section: str, name: str) -> str:
    return f"{section}{name}" if name.startswith("[") or not section else f"{section}.{name}".rstrip(".")


def _known_keys(section: str, document: Mapping[str, Any]) -> list[str]:
    shape = _section(section)
    if shape is not None:
        return list(shape.__struct_fields__)
    if section == "channel" or section.startswith("channels["):
        return ["type", *_channel_shape(section, document).__struct_fields__]
    return list(Config.__struct_fields__)


def _channel_shape(section: str, document: Mapping[str, Any]) -> type[msgspec.Struct]:
    """The channel's shape; Slack's, which has all keys, when its type does not tell."""
    named = document.get("channel")
    if place := re.fullmatch(r"channels\[(\d+)\]", section):
        listed = document.get("channels")
        named = listed[int(place[1])] if isinstance(listed, list) and int(place[1]) < len(listed) else None
    return CHANNELS.get(str(named.get("type")) if isinstance(named, dict) else "", Slack)


def _choices(key: str) -> tuple[str, ...]:
    """What the value of that key may be, when it is one of a few."""
    section, _, name = key.rpartition(".")
    shape = _section(section)
    kind = get_type_hints(shape).get(name) if shape is not None else None
    return get_args(kind) if get_origin(kind) is Literal else ()


def _section(key: str) -> type[msgspec.Struct] | None:
    """The shape of the section of that key."""
    sections: dict[str, type[msgspec.Struct]] = {"llm": LLM, "assistant": Assistant, "sandbox": Sandbox}
    if re.fullmatch(r"llm\.fallbacks\[\d+\]", key):
        return Model
    return Price if key.endswith(".price") else sections.get(key)
