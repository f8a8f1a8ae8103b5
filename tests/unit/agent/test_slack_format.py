"""A model's Markdown as Slack's mrkdwn: nothing raw, nobody pinged, nothing too long, nothing lost."""

from __future__ import annotations

import pytest

from agent.channels.slack_format import LIMIT, bodies


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("**bold** and *italic* and ~~gone~~", "*bold* and _italic_ and ~gone~"),
        ("# Title\n\ntext", "*Title*\n\ntext"),
        ("## **Title**", "*Title*"),
        ("- one\n  - two\n* three", "• one\n  • two\n• three"),
        ("- [ ] open\n- [x] done", "☐ open\n☑ done"),
        ("[text](https://x.y/a_b_c?d=1&e=2)", "<https://x.y/a_b_c?d=1&amp;e=2|text>"),
        ("![chart](https://x.y/z.png)", "<https://x.y/z.png|chart>"),
        ("a < b & c > d", "a &lt; b &amp; c &gt; d"),
        ("> quoted", "> quoted"),
        ("`**code**` and `<!channel>`", "`**code**` and `&lt;!channel&gt;`"),
        ("```python\nprint('*x*')\n```", "```\nprint('*x*')\n```"),
        ("<!channel> <@U1> <!here>", "&lt;!channel&gt; &lt;@U1&gt; &lt;!here&gt;"),
        ("[x](javascript:alert)", "[x](javascript:alert)"),
        ("---", "⸻"),
        ("2 * 3 * 4", "2 * 3 * 4"),
        ("| a | b |\n|---|---|\n| 1 | 2 |", "```\na  b\n-  -\n1  2\n```"),
    ],
)
def test_markdown(markdown: str, shown: str) -> None:
    assert bodies(markdown) == [shown]


def test_long_answers_come_in_parts() -> None:
    parts = bodies("\n\n".join(f"paragraph {number} {'&' * 30}" for number in range(100)))
    assert len(parts) > 1
    assert all(len(part) <= LIMIT for part in parts)
    assert "paragraph 99" in parts[-1]
