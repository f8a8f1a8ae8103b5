"""A model's Markdown in Slack: what the block and what the text beside it say."""

from __future__ import annotations

import json

import pytest

from agent.channels.slack import format as slack_format
from tests.fakes.slack import blocks

TABLE = "| a | b |\n|---|---|\n| 1 | 2 |"


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("# Head **line**\ntext", "*Head line*\ntext"),
        ("**bold** and __bold__, *it* and _it_, ~~no~~", "*bold* and *bold*, _it_ and _it_, ~no~"),
        ("2 * 3 * 4 and a_b_c", "2 * 3 * 4 and a_b_c"),
        ("- one\n  * two\n1. three", "• one\n  • two\n1. three"),
        ("[site](https://a.example/?x=1&y=2) <https://b.example>", "<https://a.example/?x=1&amp;y=2|site> <https://b.example>"),
        ("![chart](https://a.example/c.png)", "<https://a.example/c.png|chart>"),
        ("[click](javascript:alert)", "[click](javascript:alert)"),
        ("a < b && c > d", "a &lt; b &amp;&amp; c &gt; d"),
        ("> quoted\n---", "> quoted\n———"),
        ("`**x** <y>` **z**", "`**x** &lt;y&gt;` *z*"),
        ("```python\nif a < b:\n    **x**\n```\nafter", "```\nif a &lt; b:\n    **x**\n```\nafter"),
        ("<!here> <@U123> <#C1|x> @channel", "&lt;!here&gt; &lt;@U123&gt; &lt;#C1|x&gt; @channel"),
    ],
)  # fmt: skip
def test_mrkdwn(markdown: str, text: str) -> None:
    assert slack_format.mrkdwn(markdown) == text


def test_a_table_goes_as_it_is_and_as_code_beside_it() -> None:
    (body,) = slack_format.bodies(f"See:\n\n{TABLE}")
    content = slack_format.shown(body)
    assert json.loads(content["blocks"])[0]["text"] == f"See:\n\n{TABLE}"
    assert content["text"] == "See:\n\n```\na  b\n-  -\n1  2\n```"


def test_two_tables_go_as_code_since_slack_shows_one() -> None:
    (body,) = slack_format.bodies(f"{TABLE}\n\nand\n\n{TABLE}")
    assert "|" not in json.loads(body)["markdown"]


def test_nobody_is_called() -> None:
    (body,) = slack_format.bodies("<!here> <!subteam^S1> <@U123> @channel `@channel` <!DOCTYPE html> <#C1>")
    text = json.loads(slack_format.shown(body)["blocks"])[0]["text"]
    for call in ("<!here", "<!subteam", "<@U", "<#C", " @channel"):
        assert call not in text
    assert "`@channel` <!DOCTYPE html>" in text


def test_long_answers_are_taken_and_their_code_stays_code() -> None:
    code = "```python\n" + "\n".join(f"line {number} && <x>" for number in range(900)) + "\n```"
    found = slack_format.bodies(f"# Title\n\n{'word ' * 3000}\n\n{code}\n\nend")
    assert len(found) > 5
    for body in found:
        content = slack_format.shown(body)
        assert len(json.loads(body)["markdown"]) <= slack_format.LIMIT
        assert len(content["text"]) <= 4000
        assert blocks.checked(content["blocks"])
        assert json.loads(body)["markdown"].count("```") % 2 == 0
        assert len(slack_format.plain(body)["text"]) <= 40_000
    shown = "\n".join(json.loads(body)["markdown"] for body in found)
    assert all(f"line {number} " in shown for number in range(900))


def test_the_text_beside_a_block_is_not_cut_within_a_sign() -> None:
    (body,) = slack_format.bodies("<" * 3400)
    assert slack_format.shown(body)["text"].removesuffix("…").replace("&lt;", "") == ""


def test_no_link_hides_behind_another_address() -> None:
    (body,) = slack_format.bodies("[https://bank.example](https://evil.example) and [words](https://a.example/b)")
    for text in slack_format.shown(body).values():
        assert "bank.example" not in text
        assert "<https://evil.example>" in text
    assert slack_format.plain(body)["text"] == "<https://evil.example> and <https://a.example/b|words>"


def test_a_heading_loses_its_closing_signs_alone() -> None:
    for markdown, shown in (("# a b ##  ", "*a b*"), ("## C#", "*C*"), ("# a # b", "*a # b*"), ("# ##", "# ##")):
        assert slack_format.mrkdwn(markdown) == shown
