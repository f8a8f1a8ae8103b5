r"""A model's Markdown as telegramify-markdown has to be given it so that nothing is lost or hidden.

The converter drops HTML (`List<String>`, whole blocks), takes every pair of `||` for a spoiler, even paragraphs apart,
and sees in `\(x^2\)` but two brackets.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pyromark
from telegramify_markdown.converter import STANDARD_OPTIONS

# Taken away, a tag of a block uncovers those inside it; a text with more layers keeps them, as far as they show.
_LAYERS = 8
_BREAK = re.compile(r"<br *>|<br */>", re.IGNORECASE)
_TAG = re.compile(r"<(/?)([a-z]+) *>")
# What models use for want of Markdown, and what it is there: its beginning and its end.
_MARKS = {
    "b": ("**", "**"),
    "strong": ("**", "**"),
    "i": ("*", "*"),
    "em": ("*", "*"),
    "s": ("~~", "~~"),
    "del": ("~~", "~~"),
    "u": ("", ""),
    "ins": ("", ""),
    "sub": ("", ""),
    "sup": ("^", ""),
    "details": ("", ""),
    "summary": ("**", "**\n"),
}
_SPOILER = re.compile(r"\|\|(?=[^\s|])[^\n|]*(?<=[^\s|])\|\|")
_MATH = re.compile(r"(?<!\\)\\(?:\[(.+?)\\\]|\((.+?)\\\))", re.DOTALL)
_FORMULA = re.compile(r"\\[a-zA-Z]{2,}|[\^_=]")


def prepared(markdown: str) -> str:
    """The same for the reader, and nothing in it that the converter would not show."""
    text = markdown.encode("utf-8", "replace").decode()
    if "||" in text or "\\" in text:
        text = "".join(piece if code else _mathematics(_bars(piece)) for piece, code in _pieces(text))
    for _ in range(_LAYERS):
        if "<" not in text or not (places := list(_places(text, _is_html))):
            break
        text = _without_html(text, places)
    return text


def _bars(text: str) -> str:
    """Two bars are a spoiler where they stand right at what they hide; else they are two bars."""
    found, place = "", 0
    for spoiler in _SPOILER.finditer(text):
        found += text[place : spoiler.start()].replace("||", "\\|\\|") + spoiler[0]
        place = spoiler.end()
    return found + text[place:].replace("||", "\\|\\|")


def _mathematics(text: str) -> str:
    r"""LaTeX between `\(` and `\)`, or `\[` and `\]`, as it is between dollars."""

    def dollars(match: re.Match[str]) -> str:
        block, inline = match[1], match[2]
        formula = block if block is not None else inline
        if not _FORMULA.search(formula) or "\n\n" in formula or "$" in formula:
            return match[0]
        return f"$${formula}$$" if block is not None else f"${formula.strip()}$"

    return _MATH.sub(dollars, text)


def _without_html(text: str, places: list[tuple[int, int]]) -> str:
    data = text.encode()
    tags = [tag for start, end in places for tag in _TAG.findall(data[start:end].decode())]
    paired = {name for _, name in tags if tags.count(("", name)) == tags.count(("/", name))}
    found, place = "", 0
    for start, end in places:
        found += data[place:start].decode() + _as_markdown(data[start:end].decode(), paired)
        place = end
    return found + data[place:].decode()


def _as_markdown(html: str, paired: set[str]) -> str:
    def mark(match: re.Match[str]) -> str:
        marks = _MARKS.get(match[2]) if match[2] in paired else None
        return match[0] if marks is None else marks[bool(match[1])]

    return _TAG.sub(mark, _BREAK.sub("  \n", html)).replace("<", "\\<")


def _pieces(text: str) -> Iterator[tuple[str, bool]]:
    """The text in pieces, and of each whether it is code."""
    data, place = text.encode(), 0
    for start, end in _places(text, _is_code):
        yield data[place:start].decode(), False
        yield data[start:end].decode(), True
        place = end
    yield data[place:].decode(), False


def _places(text: str, wanted: Callable[[object], bool]) -> Iterator[tuple[int, int]]:
    """Where the parser sees such things, in bytes; in order, none within another."""
    for event, place in pyromark.events_with_range(text, options=STANDARD_OPTIONS):
        if wanted(event):
            yield place["start"], place["end"]


def _is_html(event: object) -> bool:
    return isinstance(event, dict) and ("Html" in event or "InlineHtml" in event)


def _is_code(event: object) -> bool:
    if not isinstance(event, dict):
        return False
    start = event.get("Start")
    return "Code" in event or (isinstance(start, dict) and "CodeBlock" in start)
