"""Host names in one spelling, so that what is compared with the rules is what is resolved."""

from __future__ import annotations

import re
import unicodedata

_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
# glibc would take such a "name" for an IPv4 address: 127.1, 2130706433, 0x7f.0.0.1, 017700000001.
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_LONGEST = 253


def canonical(text: str) -> str:
    """The name in lower case, ASCII (IDNA), without the root's dot; ValueError, with the reason, for no host name."""
    if len(text) > _LONGEST + 1:
        raise ValueError(f"it is longer than {_LONGEST} characters")
    name = (text if text.isascii() else _ascii(text)).lower().removesuffix(".")
    labels = name.split(".")
    if len(name) > _LONGEST or not all(_LABEL.fullmatch(label) for label in labels):
        raise ValueError("it is not a host name")
    if _NUMBER.fullmatch(labels[-1]):
        raise ValueError("it is an IP address in an unusual notation")
    return name


def _ascii(text: str) -> str:
    import idna

    try:
        return idna.encode(unicodedata.normalize("NFC", text.lower())).decode()
    except idna.IDNAError:
        raise ValueError("it is not a host name") from None
