"""Reading the deploy's data (inventory, group data, `--data key=value`), with errors that name the key.

The keys and their defaults are documented where they are used: in the `DEFAULTS` of each role.
"""

from __future__ import annotations

from collections.abc import Mapping

from pyinfra.api.exceptions import DeployError
from pyinfra.context import host

from roles.common.words import sentence


def number(key: str) -> int:
    """A whole number, not negative."""
    value = host.data.get(key)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise DeployError(sentence("data_number", key=key, value=value))
    return value


def switch(key: str) -> bool:
    """Yes or no."""
    value = host.data.get(key)
    if isinstance(value, bool):
        return value
    raise DeployError(sentence("data_switch", key=key, value=value))


def choice(key: str, *words: str) -> str:
    """One of these words."""
    value = host.data.get(key)
    if value in words:
        return str(value)
    raise DeployError(sentence("data_choice", key=key, words=sentence("or").join(words), value=value))


def optional_text(key: str) -> str | None:
    """A text, or None when the owner gave none."""
    value = host.data.get(key)
    if value is None or (isinstance(value, str) and value):
        return value
    raise DeployError(sentence("data_text", key=key, value=value))


def text(key: str) -> str:
    """A text."""
    value = optional_text(key)
    if value is None:
        raise DeployError(sentence("data_empty", key=key))
    return value


def texts(key: str) -> list[str]:
    """A list of texts."""
    value = host.data.get(key)
    if isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value):
        return list(value)
    raise DeployError(sentence("data_texts", key=key, value=value))


def mapping(key: str) -> dict[str, str]:
    """Texts by name."""
    value = host.data.get(key)
    if isinstance(value, Mapping) and all(isinstance(item, str) for pair in value.items() for item in pair):
        return dict(value)
    raise DeployError(sentence("data_mapping", key=key, value=value))
