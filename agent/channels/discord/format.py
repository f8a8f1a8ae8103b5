"""A model's Markdown as Discord shows it: most of it is Discord's own, the rest is put into what is.

What Discord would show raw: HTML, formulas, tables, pictures, rules, deep headings, fences of tildes, links that lead
nowhere. What it takes for something else: `__bold__` (underlined), `a || b` (a spoiler), `-# ` (small print).
"""

from __future__ import annotations

import re
from collections.abc import Callable

from agent.channels.markdown import split, with_tables

LIMIT = 2000  # code points of a message, as Discord's API counts
TABLE_WIDTH = 56  # characters of fixed width that a window shows in one line
_FENCE = re.compile(r"^( {0,3})(`{3,}|~{3,})[ \t]*([^\n]*)$")
_LANGUAGE = re.compile(r"[\w+#.-]*")
_CODE = re.compile(r"(```.*?(?:```|\Z)|``.+?``|`[^`\n]*`)", re.DOTALL)
_LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(\s*<?((?:[^\s()<>]|\([^\s()]*\))*)>?(?:\s+[\"'(][^)]*)?\)")
_TAGS = "details|summary|sub|sup|p|div|span|u|kbd|center|h[1-6]|ul|ol|li|font|small|mark|table|thead|tbody|tr|td|th"
# Bounded, or the time that an answer takes would grow with the cube of its length.
_REST, _ADDRESS = r"[^<>]{0,300}", r"([^\"'<>]{0,2000})"

Replacement = str | Callable[[re.Match[str]], str]
Rules = tuple[tuple[re.Pattern[str], Replacement], ...]


def bodies(markdown: str) -> list[str]:
    """The messages that together show `markdown`; none is empty or too long."""
    text = _outside_code(_TO_MARKDOWN, _with_plain_fences(markdown))
    text = _outside_code(_TO_DISCORD, with_tables(text, TABLE_WIDTH))
    return [part for part in split(text, LIMIT) if part.strip()]


def _with_plain_fences(markdown: str) -> str:
    """Blocks of code between three backticks, with nothing but a language after the first."""
    lines, fence = markdown.split("\n"), ""
    for place, line in enumerate(lines):
        found = _FENCE.match(line)
        if found is not None and not fence and "`" not in found[3]:
            fence = found[2]
            language = _LANGUAGE.match(found[3])
            lines[place] = f"{found[1]}```{language[0] if language is not None else ''}"
        elif found is not None and fence and found[2].startswith(fence) and not found[3].strip():
            fence = ""
            lines[place] = f"{found[1]}```"
        elif fence:
            lines[place] = line.replace("```", "`\u200b`\u200b`")
    return "\n".join(lines)


def _outside_code(rules: Rules, text: str) -> str:
    pieces = _CODE.split(text)
    for place in range(0, len(pieces), 2):
        for pattern, replacement in rules:
            pieces[place] = pattern.sub(replacement, pieces[place])
    return "".join(pieces)


def _link(found: re.Match[str]) -> str:
    """A link that Discord shows as one; otherwise what can be read of it."""
    picture, words, address = found[1], found[2].strip(), found[3]
    if not re.match(r"https?://\S", address):
        return words if not address or address[0] == "#" or picture else f"{words} ({address})"
    if not words or "://" in words:  # Discord trusts no text that looks like another address
        return address
    return f"[{words}]({address})"


def _formula(found: re.Match[str]) -> str:
    inside = found[1].strip()
    return f"\n```\n{inside}\n```\n" if "\n" in found[0] or found[0][1] in "[$" else f"`{inside}`"


def _rule(pattern: str, replacement: Replacement, flags: int = 0) -> tuple[re.Pattern[str], Replacement]:
    return re.compile(pattern, flags), replacement


_TO_MARKDOWN: Rules = (
    _rule(r"<!--.*?-->", "", re.DOTALL),
    _rule(r"<br\s*/?>\n?", "\n", re.IGNORECASE),
    _rule(r"<hr\s*/?>", "\n---\n", re.IGNORECASE),
    _rule(r"</?(?:b|strong)>", "**", re.IGNORECASE),
    _rule(r"</?(?:i|em)>", "*", re.IGNORECASE),
    _rule(r"</?(?:s|del|strike)>", "~~", re.IGNORECASE),
    _rule(r"<code>([^<\n]*)</code>", r"`\1`", re.IGNORECASE),
    _rule(rf"<a\s{_REST}?href=[\"']{_ADDRESS}[\"']{_REST}>([^<]{{0,500}})</a>", r"[\2](\1)", re.IGNORECASE),
    _rule(rf"<img\s{_REST}?src=[\"']{_ADDRESS}[\"']{_REST}>", r"![picture](\1)", re.IGNORECASE),
    _rule(rf"</?(?:{_TAGS})(?:\s[^>\n]*)?>", "", re.IGNORECASE),
    _rule(r"&nbsp;", " "),
    _rule(r"&lt;", "<"),
    _rule(r"&gt;", ">"),
    _rule(r"&quot;", '"'),
    _rule(r"&amp;", "&"),
    _rule(r"\\\[(.+?)\\\]", _formula, re.DOTALL),
    _rule(r"\$\$(.+?)\$\$", _formula, re.DOTALL),
    _rule(r"\\\((.+?)\\\)", _formula),
    _rule(r"\$([^$\n]*\\[a-zA-Z][^$\n]*)\$", _formula),
)
_TO_DISCORD: Rules = (
    _rule(r"^ {0,3}([-*_])( *\1){2,} *$", "⸻", re.MULTILINE),
    _rule(r"^ {0,3}#{4,6} +(.+?) *#*$", r"**\1**", re.MULTILINE),
    _rule(r"^( *(?:[-*+]|\d+[.)]) )\[ \] ", r"\1☐ ", re.MULTILINE),
    _rule(r"^( *(?:[-*+]|\d+[.)]) )\[[xX]\] ", r"\1☑ ", re.MULTILINE),
    _rule(r"^(?:> ?){2,}", "> ", re.MULTILINE),
    _rule(r"^-# ", r"\\-# ", re.MULTILINE),
    _rule(r"(?<!\\)\|\|", r"\\|\\|"),
    _rule(r"(?<![\w\\])__(?=\S)(.+?)(?<=\S)__(?!\w)", r"**\1**"),
    (_LINK, _link),
)
