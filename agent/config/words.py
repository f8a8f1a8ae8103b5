"""What is wrong with a config.json, in the words of the file's owner."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

import msgspec

from agent.config.shapes import LLM, Assistant, Config, Discord, Model, Price, Sandbox, Slack, Telegram


def in_words(message: str, document: Mapping[str, Any]) -> str:
    """Put msgspec's «Expected `str`, got `int` - at `$.llm.model`» into the words of the file's owner."""
    problem, _, where = message.partition(" - at ")
    key = where.strip("`").removeprefix("$").lstrip(".")
    inside = f"{key}." if key else ""
    if unknown := re.search(r"unknown field `(.+)`", problem):
        hint = _did_you_mean(unknown[1], key, document)
        return f"config.json: {inside}{unknown[1]} is not a known key; {hint}"
    if missing := re.search(r"missing required field `(.+)`", problem):
        return f"config.json: {inside}{missing[1]} is missing; add it (README, Configuration, shows every shape)"
    if key.endswith("type") and problem.startswith("Invalid value"):
        return f"config.json: {key} must be one of telegram, discord, slack"
    return f"config.json: {key or 'the file'}: {problem[:1].lower()}{problem[1:]}; correct the value"


def _did_you_mean(name: str, section: str, document: Mapping[str, Any]) -> str:
    known = _known_keys(section, document)
    close = get_close_matches(name, known, n=1)
    return f"did you mean {close[0]}?" if close else f"known here: {', '.join(known)}"


def _known_keys(section: str, document: Mapping[str, Any]) -> list[str]:
    shape = _section(section)
    if shape is not None:
        return list(shape.__struct_fields__)
    if section == "channel" or section.startswith("channels["):
        named = document.get("channel") if section == "channel" else None
        types: dict[str, type[msgspec.Struct]] = {"discord": Discord, "slack": Slack}
        kind = named.get("type") if isinstance(named, dict) else None
        return ["type", *types.get(str(kind), Telegram if kind == "telegram" else Slack).__struct_fields__]
    return list(Config.__struct_fields__)


def _section(key: str) -> type[msgspec.Struct] | None:
    """The shape of the section of that key."""
    sections: dict[str, type[msgspec.Struct]] = {"llm": LLM, "assistant": Assistant, "sandbox": Sandbox}
    if re.fullmatch(r"llm\.fallbacks\[\d+\]", key):
        return Model
    return Price if key.endswith(".price") else sections.get(key)
