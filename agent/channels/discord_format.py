"""A model's Markdown as Discord shows it: most of it is Discord's own, the rest is put into what is."""

from __future__ import annotations

import re

from agent.channels.markdown import split, with_tables

LIMIT = 2000  # of a message; counted here in UTF-16 units, which is never less than what Discord counts
TABLE_WIDTH = 56  # characters of fixed width that a window shows in one line
_DEEP_HEADING = re.compile(r"^#{4,6} +(.+?) *#*$", re.MULTILINE)
_RULE = re.compile(r"^ {0,3}([-*_])( *\1){2,} *$", re.MULTILINE)
_IMAGE = re.compile(r"!\[([^\]]*)\]\(([^)\s]+)[^)]*\)")
_CODE = re.compile(r"(```.*?(?:```|\Z)|`[^`\n]*`)", re.DOTALL)


def bodies(markdown: str) -> list[str]:
    """The messages that together show `markdown`."""
    shown = with_tables(markdown, TABLE_WIDTH)
    pieces = [piece if place % 2 else _own(piece) for place, piece in enumerate(_CODE.split(shown))]
    return split("".join(pieces), LIMIT, units)


def units(text: str) -> int:
    """UTF-16 units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _own(text: str) -> str:
    text = _DEEP_HEADING.sub(r"**\1**", text)
    text = _RULE.sub("⸻", text)
    return _IMAGE.sub(lambda image: f"[{image[1] or image[2]}]({image[2]})", text)
