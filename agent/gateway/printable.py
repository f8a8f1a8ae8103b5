"""Text that a screen shows and does not obey, whoever wrote it."""

from __future__ import annotations

import re

_CELLS = 8
_MEGABYTE = 2**20
_LINE_ENDS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
# C0 and C1 controls: escape sequences, bells, backspaces, 8-bit introducers. And the marks that make what follows read
# backwards; the weaker ones that Hebrew and Arabic need (U+200E, U+200F) stay.
_OBEYED = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def printable(text: str) -> str:
    """`text` without control characters but line ends, which become one kind, and tabs."""
    return _OBEYED.sub("", _LINE_ENDS.sub("\n", text))


def one_line(text: str) -> str:
    """The same on one line: what comes after a line end cannot pass for a line of somebody else's."""
    return printable(text).strip().replace("\n", " ")


def shortened(text: str, most: int) -> str:
    """At most so many characters of it, and a sign that there is more."""
    return text if len(text) <= most else f"{text[:most]}…"


def duration(seconds: float) -> str:
    """The two largest units: `4 s`, `12 min`, `3 h 5 min`, `2 d 4 h`."""
    minutes, hours, days = int(seconds // 60), int(seconds // 3600), int(seconds // 86400)
    if days:
        return f"{days} d {hours % 24} h"
    if hours:
        return f"{hours} h {minutes % 60} min"
    return f"{minutes} min" if minutes else f"{int(seconds)} s"


def bar(name: str, used: int, limit: int, width: int = 9) -> str:
    """`gateway   ███░░░░░ 41/128 MB`; whoever tells the figures, it stays one short line.

    Args:
        name: of what.
        used: bytes.
        limit: bytes; 0 for none.
        width: how many columns the name takes.
    """
    used, limit = (min(max(size, 0), 10**15) for size in (used, limit))
    filled = min(round(_CELLS * used / limit), _CELLS) if limit else 0
    of = f"/{limit // _MEGABYTE}" if limit else ""
    return f"{name:{width}} {'█' * filled}{'░' * (_CELLS - filled)} {used // _MEGABYTE}{of} MB"
