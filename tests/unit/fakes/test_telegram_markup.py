"""What the Telegram stand-in makes of HTML and Markdown, and which markup it refuses, by the service's own words."""

import pytest

from tests.fakes.telegram.errors import ApiError
from tests.fakes.telegram.formatting.formatted_text import checked_text, message_text
from tests.fakes.telegram.params import Params

Entities = list[tuple[str, int, int]]


def shown(text: str, mode: str) -> tuple[str, Entities]:
    """The text that a user would see, and its entities."""
    formatted = checked_text(message_text(Params({"text": text, "parse_mode": mode})))
    return formatted.text, [(entity.type, entity.offset, entity.length) for entity in formatted.entities]


def refused(text: str, mode: str) -> str:
    """The description of the refusal."""
    with pytest.raises(ApiError) as caught:
        shown(text, mode)
    return caught.value.description


@pytest.mark.parametrize(
    ("markup", "text", "entities"),
    [
        ("a <b>b <i>c</i></b>", "a b c", [("bold", 2, 3), ("italic", 4, 1)]),
        ("&lt;x&gt; &amp; &quot;y&quot; &#33; &#x41; &nbsp; &copy", '<x> & "y" ! A &nbsp; &copy', []),
        ('<a href="https://x.org/?a=1&amp;b=2">l</a>', "l", [("text_link", 0, 1)]),
        ("<pre>x</pre>", "x", [("pre", 0, 1)]),
        ('<pre><code class="language-py">x = 1</code></pre>', "x = 1", [("pre", 0, 5)]),
        ("<code>a &lt; b</code>", "a < b", [("code", 0, 5)]),
        ("\N{GRINNING FACE} <b>x</b>", "\N{GRINNING FACE} x", [("bold", 3, 1)]),
        ("<blockquote expandable>q</blockquote>", "q", [("expandable_blockquote", 0, 1)]),
        ('<span class="tg-spoiler">s</span><tg-spoiler>t</tg-spoiler>', "st", [("spoiler", 0, 1), ("spoiler", 1, 1)]),
        ("<B>x</B> <u></u>", "x", [("bold", 0, 1)]),
        ("  <b> x </b>  ", " x", [("bold", 0, 2)]),
        ('<a href="javascript:x">l</a>', "l", []),
        ("see https://x.org/a, and /help", "see https://x.org/a, and /help", [("url", 4, 15), ("bot_command", 25, 5)]),
        ("<code>/not a command</code>", "/not a command", [("code", 0, 14)]),
    ],
)
def test_html(markup: str, text: str, entities: Entities) -> None:
    assert shown(markup, "HTML") == (text, entities)


@pytest.mark.parametrize(
    ("markup", "reason"),
    [
        ("<div>x</div>", 'Unsupported start tag "div" at byte offset 0'),
        ("ż <br/>", 'Unsupported start tag "br/" at byte offset 3'),
        ("if a <b", "Unclosed start tag at byte offset 5"),
        ("a < b > c", 'Unsupported start tag "" at byte offset 2'),
        ("<b>x", 'Can\'t find end tag corresponding to start tag "b"'),
        ("x</b>", "Unexpected end tag at byte offset 1"),
        ("<b><i>x</b></i>", 'Unmatched end tag at byte offset 7, expected "</i>", found "</b>"'),
        ("<b>x</b", "Unclosed end tag at byte offset 4"),
        ('<a href="x">y', 'Can\'t find end tag corresponding to start tag "a"'),
        ('<a href="x', "Unclosed start tag at byte offset 0"),
        ("<a href=x_y>z</a>", "Unexpected end of name token at byte offset 8"),
        ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
        ('<a ="x">y</a>', 'Empty attribute name in the tag "a" at byte offset 0'),
    ],
)
def test_broken_html(markup: str, reason: str) -> None:
    assert refused(markup, "HTML") == f"Bad Request: can't parse entities: {reason}"


@pytest.mark.parametrize(
    ("markup", "text", "entities"),
    [
        ("*b* _i_ __u__ ~s~ ||x||", "b i u s x", "bold italic underline strikethrough spoiler"),
        (r"1\. a\-b \(c\)\!", "1. a-b (c)!", ""),
        ("`a.b!` ```py\nx = 1\n```", "a.b! x = 1", "code pre"),
        (r"[l](https://x.org/a\)b)", "l", "text_link"),
        (">one\n>two\nrest", "one\ntwo\nrest", "blockquote"),
        (">one\n>two||", "one\ntwo", "expandable_blockquote"),
        ("*b _i_*", "b i", "bold italic"),
        (r"```" + "\n" + r"a \` b" + "\n" + "```", "a ` b", "pre"),
    ],
)
def test_markdown_v2(markup: str, text: str, entities: str) -> None:
    seen, found = shown(markup, "MarkdownV2")
    assert (seen, " ".join(kind for kind, _, _ in found)) == (text, entities)


@pytest.mark.parametrize(
    ("markup", "reason"),
    [
        ("done.", "Character '.' is reserved and must be escaped with the preceding '\\'"),
        ("a-b", "Character '-' is reserved and must be escaped with the preceding '\\'"),
        ("a > b", "Character '>' is reserved and must be escaped with the preceding '\\'"),
        ("wow!", "Character '!' is reserved and must be escaped with the preceding '\\'"),
        ("a | b", "Character '|' is reserved and must be escaped with the preceding '\\'"),
        ("ż *bold", "Can't find end of Bold entity at byte offset 3"),
        ("snake_case", "Can't find end of Italic entity at byte offset 5"),
        ("`code", "Can't find end of Code entity at byte offset 0"),
        ("```py\ncode", "Can't find end of PreCode entity at byte offset 0"),
        ("[l](https://x", "Can't find end of a URL at byte offset 4"),
        ("[l", "Can't find end of TextUrl entity at byte offset 0"),
    ],
)
def test_broken_markdown_v2(markup: str, reason: str) -> None:
    assert refused(markup, "MarkdownV2") == f"Bad Request: can't parse entities: {reason}"


def test_old_markdown() -> None:
    assert shown("*b* `c` [l](https://x.org) 1.", "Markdown") == (
        "b c l 1.",
        [("bold", 0, 1), ("code", 2, 1), ("text_link", 4, 1)],
    )
    assert refused("snake_case", "Markdown") == (
        "Bad Request: can't parse entities: Can't find end of the entity starting at byte offset 5"
    )


def test_given_entities() -> None:
    def texts(entities: str) -> Entities:
        formatted = checked_text(message_text(Params({"text": "abc", "entities": entities})))
        return [(entity.type, entity.offset, entity.length) for entity in formatted.entities]

    assert texts('[{"type": "bold", "offset": 0, "length": 3}]') == [("bold", 0, 3)]
    with pytest.raises(ApiError, match='Can\'t find field "offset"'):
        texts('[{"type": "bold"}]')
