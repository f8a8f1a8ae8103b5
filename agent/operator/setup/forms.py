"""What cannot be a secret, an id or a name, by its form alone."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from agent.config.checks import secret_problems, user_problems
from agent.config.problem import Problem
from agent.operator import files
from agent.operator.words import say

_NAME = re.compile(r"[A-Za-z0-9_.:][A-Za-z0-9_.:-]*")
# A longer one is nobody's id, and perhaps a token that stood in the clipboard.
_LONGEST_ID = 24


def secret(name: str, kind: str, value: str, language: str) -> str | None:
    """What is wrong with a secret, which is not shown; `kind` is the channel's, empty for the key of a model."""
    return _first(secret_problems(name, kind, value), language)


def ids(text: str, kind: str) -> list[int | str]:
    """The ids in a line, as config.json has them on a channel of that kind."""
    listed = [one.strip() for one in text.split(",") if one.strip()]
    return [int(one) if kind == "telegram" and one.isdecimal() else one for one in listed]


def wrong_ids(text: str, kind: str, language: str) -> str | None:
    """Why a line is none of ids."""
    found = (
        replace(problem, values={"user": user if len(str(user)) <= _LONGEST_ID else files.masked(str(user))})
        for user in ids(text, kind)
        for problem in user_problems("allowed_user_ids", kind, user)
    )
    return _first(found, language)


def wrong_name(flag: str, value: str, language: str) -> str | None:
    """Why ssh would take the name of a host, an address or a user for something else."""
    return None if not value or _NAME.fullmatch(value) else say("init_bad_name", language, flag=flag, value=value)


def items(value: object) -> list[Any]:
    """The value where it is a list, else one that is empty."""
    return value if isinstance(value, list) else []


def _first(problems: Iterable[Problem], language: str) -> str | None:
    found = next(iter(problems), None)
    return None if found is None else found.said(language).removeprefix("config.json: ")
