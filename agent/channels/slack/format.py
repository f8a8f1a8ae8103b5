"""A model's Markdown as Slack messages.

Shown is Block Kit's `markdown` block, which renders headings, lists, tables and code itself; all such blocks of a
message may hold 12,000 characters. `text` beside it is what notifications show, and the whole message where the block
is refused; it is in Slack's own mrkdwn, which has no headings and no tables.

https://docs.slack.dev/reference/block-kit/blocks/markdown-block
"""

from __future__ import annotations

import json
import re
from typing import Any

from agent.channels.markdown import split, with_tables

LIMIT = 3500  # of a message's Markdown: `chat.update` takes a text of 4000, and Slack folds longer ones away
NOTICE = 3000  # of the text beside a block
TABLE_WIDTH = 72  # characters of fixed width in one line
_JOINER = "\u2060"

_CODE = re.compile(r"(^ {0,3}(?P<fence>`{3,}|~{3,})[\s\S]*?(?:^ {0,3}(?P=fence)[ \t]*$|\Z)|`[^`\n]+`)", re.MULTILINE)
_RULE = re.compile(r"^ {0,3}\|?[ \t]*:?-+:?[ \t]*\|", re.MULTILINE)
# Slack reads these in a markdown block too: <!here>, <!subteam^S1>, <@U1>, <#C1>.
_ADDRESS = re.compile(r"<(?=!(?:here|channel|everyone|subteam|date)|[@#][A-Z0-9])")
_NAME = re.compile(r"@(?=(?:here|channel|everyone)\b)", re.IGNORECASE)
_LINK = re.compile(
    r"!?\[([^\[\]\n]{0,500})\]\(((?:https?|mailto|tel):[^)\s]+)(?:[ \t]+&quot;[^)\n]*|[ \t]+\"[^)\n]*\")?\)"
)
_AUTOLINK = re.compile(r"&lt;((?:https?|mailto):[^\s&]+(?:&amp;[^\s&]+)*)&gt;")
_BOLD = re.compile(r"\*\*(?=\S)(.+?)(?<=\S)\*\*|__(?=\S)(.+?)(?<=\S)__")
_ITALIC = re.compile(r"(?<![\w*])\*(?=\S)([^*\n]+?)(?<=\S)\*(?![\w*])")
_STRUCK = re.compile(r"~~(?=\S)(.+?)(?<=\S)~~")
_HEADING = re.compile(r"^ {0,3}#{1,6}[ \t]+(.+)$", re.MULTILINE)
_BULLET = re.compile(r"^([ \t]*)[-*+][ \t]+", re.MULTILINE)
_QUOTE = re.compile(r"^ {0,3}&gt; ?", re.MULTILINE)
_LINE = re.compile(r"^ {0,3}(?:(?:-[ \t]*){3,}|(?:\*[ \t]*){3,}|(?:_[ \t]*){3,})$", re.MULTILINE)


def bodies(markdown: str) -> list[str]:
    """The bodies of the messages that together show `markdown`: JSON of `{"markdown": ...}`."""
    # A table that could be cut is shown as code, which survives it; and Slack shows one table in a message.
    if len(markdown) > LIMIT // 2 or len(_RULE.findall(markdown)) > 1:
        markdown = with_tables(markdown, TABLE_WIDTH)
    return [json.dumps({"markdown": part}, ensure_ascii=False) for part in split(_quiet(markdown), LIMIT)]


def shown(body: str) -> dict[str, str]:
    """A body as the parameters of `chat.postMessage` and `chat.update`."""
    markdown = _markdown(body)
    blocks = [{"type": "markdown", "text": markdown}]
    return {"text": _short(mrkdwn(markdown)), "blocks": json.dumps(blocks)}


def plain(body: str) -> dict[str, str]:
    """The same without the block."""
    return {"text": mrkdwn(_markdown(body)), "blocks": "[]"}


def mrkdwn(markdown: str) -> str:
    """Markdown in Slack's own words; whom it would call is not called."""
    parts, place = [], 0
    markdown = with_tables(markdown, TABLE_WIDTH)
    for code in _CODE.finditer(markdown):
        parts += [_prose(markdown[place : code.start()]), _code(code[0])]
        place = code.end()
    return "".join([*parts, _prose(markdown[place:])])


def escape(text: str) -> str:
    """Text that says what it says."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _markdown(body: str) -> str:
    document: dict[str, Any] = json.loads(body)
    return str(document["markdown"])


def _short(text: str) -> str:
    """What fits into a notification; not cut within `&amp;` or a link."""
    if len(text) <= NOTICE:
        return text
    cut = text[:NOTICE]
    for opened, closed in (("<", ">"), ("&", ";")):
        if cut.rfind(opened) > cut.rfind(closed):
            cut = cut[: cut.rfind(opened)]
    return f"{cut}…"


def _quiet(markdown: str) -> str:
    """Calls nobody: not a user, not a group, not @here. Links hide behind no other address."""
    markdown = _ADDRESS.sub(f"<{_JOINER}", markdown)
    parts, place = [], 0
    for code in _CODE.finditer(markdown):
        parts += [_candid(markdown[place : code.start()]), code[0]]
        place = code.end()
    return "".join([*parts, _candid(markdown[place:])])


def _candid(prose: str) -> str:
    named = _NAME.sub(f"@{_JOINER}", prose)
    return _LINK.sub(lambda found: f"<{found[2]}>" if "://" in found[1] else found[0], named)


def _code(code: str) -> str:
    """A block without its language, which Slack would show as the first line of it."""
    text = code.lstrip(" ")
    fence = re.match(r"(`{3,}|~{3,})[^\n]*\n?", text)
    if fence is None:
        return escape(text)
    inside = text[fence.end() :].rstrip()
    return f"```\n{escape(inside.removesuffix(fence[1]).rstrip())}\n```"


def _prose(text: str) -> str:
    text = escape(text)
    text = _LINE.sub("———", text)
    text = _HEADING.sub(_heading, text)
    text = _BULLET.sub(r"\1• ", text)
    text = _QUOTE.sub("> ", text)
    text = _ITALIC.sub(r"_\1_", text)
    text = _BOLD.sub(lambda found: f"*{found[1] or found[2]}*", text)
    text = _STRUCK.sub(r"~\1~", text)
    text = _AUTOLINK.sub(r"<\1>", text)
    return _LINK.sub(lambda found: f"<{found[2]}|{found[1]}>" if found[1] else f"<{found[2]}>", text)


def _heading(found: re.Match[str]) -> str:
    words = found[1].replace("**", "").rstrip(" \t").rstrip("#").strip(" \t")
    return f"**{words}**" if words else found[0]
