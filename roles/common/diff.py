"""Comparing what is wanted with what is found, in words. Nothing here knows what is compared."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from roles.common.words import sentence

_LONG = 200
_HASH = re.compile(r"(sha256:)?([0-9a-f]{12})[0-9a-f]{52}")


def differences(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> list[str]:
    """One line for each name whose value is not the wanted one: `memory: 134217728 wanted, 0 found`."""
    return [difference(name, value, found.get(name)) for name, value in wanted.items() if value != found.get(name)]


def difference(name: str, wanted: object, found: object) -> str:
    """The line for one of them."""
    if _is_none(wanted):
        return sentence("difference_unwanted", name=name, found=in_words(found))
    if _is_none(found):
        return sentence("difference_missing", name=name, wanted=in_words(wanted))
    return sentence("difference", name=name, wanted=in_words(wanted), found=in_words(found))


def _is_none(value: object) -> bool:
    return value is None or value in ("", [], {})


def in_words(value: object) -> str:
    """A value as a person reads it in a line; what is long goes by the first digits of its hash."""
    if isinstance(value, bool):
        return sentence("yes" if value else "no")
    if _is_none(value):
        return sentence("none")
    if isinstance(value, Mapping) and len(json.dumps(value, default=str)) <= _LONG:
        return ", ".join(f"{name}={item if isinstance(item, int) else in_words(item)}" for name, item in value.items())
    if isinstance(value, str) and (hashed := _HASH.fullmatch(value)):
        return hashed[2]
    text = ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
    if isinstance(value, Mapping):
        text = json.dumps(value, sort_keys=True)
        return f"#{hashlib.sha256(text.encode()).hexdigest()[:12]}"
    return text if len(text) <= _LONG else f"{text[:_LONG]}..."
