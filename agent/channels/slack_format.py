"""A model's Markdown as Slack's mrkdwn, in messages of a length that can be edited as well."""

from __future__ import annotations

import re

from agent.channels.markdown import split, with_tables

LIMIT = 3800  # characters of one message; chat.update refuses more than 4000
TABLE_WIDTH = 56  # characters of fixed width that a window shows in one line
_CODE = re.compile(r"(```.*?(?:```|\Z)|`[^`\n]+`)", re.DOTALL)
_FENCE_LANGUAGE = re.compile(r"\A```[^\n`]*(?=\n)")
_LINK = re.compile(r"!?\[([^\]\n]*)\]\((https?://[^)\s]+|mailto:[^)\s]+)[^)\n]*\)")
_HEADING = re.compile(r"^ {0,3}#{1,6} +(.+?) *#*$", re.MULTILINE)
_BULLET = re.compile(r"^( *)[-*+] +(?:\[([ xX])\] +)?", re.MULTILINE)
_RULE = re.compile(r"^ {0,3}([-*_])( *\1){2,} *$", re.MULTILINE)
_BOLD = re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1", re.DOTALL)
_ITALIC = re.compile(r"(?<![\w*])\*(?=[^\s*])([^*\n]+?)(?<=\S)\*(?![\w*])")
_STRUCK = re.compile(r"~~(?=\S)(.+?)(?<=\S)~~")
_BOLD_MARK = "\x00"


def bodies(markdown: str) -> list[str]:
    """The messages that together show `markdown`."""
    pieces = _CODE.split(with_tables(markdown, TABLE_WIDTH))
    shown = [_code(piece) if place % 2 else _prose(piece) for place, piece in enumerate(pieces)]
    return split("".join(shown), LIMIT)


def escaped(text: str) -> str:
    """Text in which Slack sees no mention, link or channel of its own."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _code(piece: str) -> str:
    return escaped(_FENCE_LANGUAGE.sub("```", piece))


def _prose(text: str) -> str:
    """Links are set aside while the rest is escaped, so that no address is changed by a mark in it."""
    links: list[str] = []

    def aside(link: re.Match[str]) -> str:
        links.append(f"<{escaped(link[2]).replace('|', '%7C')}|{escaped(link[1] or link[2])}>")
        return f"\x01{len(links) - 1}\x02"

    quoted = re.sub(r"^ {0,3}> ?", "\x03", _LINK.sub(aside, text), flags=re.MULTILINE)
    text = escaped(quoted).replace("\x03", "> ")
    text = _RULE.sub("⸻", text)
    text = _HEADING.sub(lambda heading: f"{_BOLD_MARK}{heading[1].replace('**', '')}{_BOLD_MARK}", text)
    text = _BULLET.sub(lambda bullet: f"{bullet[1]}{_box(bullet[2])} ", text)
    text = _BOLD.sub(rf"{_BOLD_MARK}\2{_BOLD_MARK}", text)
    text = _STRUCK.sub(r"~\1~", _ITALIC.sub(r"_\1_", text))
    text = text.replace(_BOLD_MARK, "*")
    return re.sub("\x01(\\d+)\x02", lambda place: links[int(place[1])], text)


def _box(mark: str | None) -> str:
    return "•" if mark is None else "☐" if mark == " " else "☑"
