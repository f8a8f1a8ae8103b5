"""Values of a foreign file that may be no values at all."""

from __future__ import annotations

import re

from agent.config.checks import is_placeholder
from agent.config.references import REFERENCE

# What PicoClaw's examples hold: sk-or-v1-xxx, xoxb-YOUR-BOT-TOKEN.
_EXAMPLE = re.compile(r"\byour[-_]|[-_]x{3,}$", re.IGNORECASE)
_SEALED = ("enc://", "file://")


def usable(value: object) -> str:
    """The text without spaces around it; empty for placeholders, sealed values, references and what is no text.

    A reference would have this machine's environment fill in a file that somebody else wrote.
    """
    text = value.strip() if isinstance(value, str) else ""
    return "" if is_placeholder(text) or _EXAMPLE.search(text) or sealed(text) or REFERENCE.fullmatch(text) else text


def sealed(value: object) -> bool:
    """Whether it points to a secret that is not in the file: encrypted, or in a file of its own."""
    return isinstance(value, str) and value.startswith(_SEALED)


def state(value: object) -> str:
    """Why a value cannot be used, as a reason of agent.operator.words (import_...)."""
    if sealed(value):
        return "sealed"
    return "placeholder" if isinstance(value, str) and value.strip() else "empty"
