"""A model's Markdown on Discord: nothing raw, nothing taken for something else, nothing too long or lost."""

from __future__ import annotations

import random

import pytest

from agent.channels.discord.format import bodies


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("# One\n## Two\n### Three", "# One\n## Two\n### Three"),
        ("#### Deep ####\n\n---\n\n***", "**Deep**\n\n⸻\n\n⸻"),
        ("![a chart](https://x.y/z.png)", "[a chart](https://x.y/z.png)"),
        ("[a](https://x.y/c_(d)) [b](#here) [c](./file.txt)", "[a](https://x.y/c_(d)) b c (./file.txt)"),
        ("[https://good](https://evil) [](https://x.y)", "https://evil https://x.y"),
        ("a || b, __bold__, snake__case__name", "a \\|\\| b, **bold**, snake__case__name"),
        ("- [ ] to do\n1. [x] done", "- ☐ to do\n1. ☑ done"),
        ("> > nested\n-# small", "> nested\n\\-# small"),
        ("~~~python title=x\n```\n~~~", "```python\n`\u200b`\u200b`\n```"),
        ("````md\n```\n````", "```md\n`\u200b`\u200b`\n```"),
        ("<b>bold</b> <em>it</em><br>next &lt;T&gt; List<int> 1 < 2", "**bold** *it*\nnext <T> List<int> 1 < 2"),
        ('<details><summary>More</summary>\n<a href="https://x.y">z</a></details>', "More\n[z](https://x.y)"),
        ("<!-- hidden\n -->seen", "seen"),
        ("\\(a || b\\), $5 and $6, $\\alpha$", "`a || b`, $5 and $6, `\\alpha`"),
        ("It is $$x = \\frac{1}{2}$$", "It is \n```\nx = \\frac{1}{2}\n```"),
        ("| a | b |\n|---|---|\n| 1 | `2` |", "```\na  b\n-  -\n1  2\n```"),
        ("`#### || __code__` and\n```\n---\n<b>\n```", "`#### || __code__` and\n```\n---\n<b>\n```"),
    ],
)
def test_it_is_shown_as_discord_shows_it(markdown: str, shown: str) -> None:
    assert [body.strip() for body in bodies(markdown)] == [shown]


def test_it_is_counted_in_code_points() -> None:
    parts = bodies("👩" * 3000)
    assert "".join(parts) == "👩" * 3000
    assert len(parts) <= 3, "in UTF-16 units it would be four or more"


def test_code_that_is_cut_is_closed_and_opened_again() -> None:
    parts = bodies("Look:\n\n```python\n" + "print('line')\n" * 400 + "```\n\nThat was it.")
    assert len(parts) > 2
    assert all(part.startswith("```python\n") for part in parts[1:])
    assert all(part.count("```") == 2 for part in parts)
    assert sum(part.count("print('line')") for part in parts) == 400


PIECES = [
    *("word ", "\n", "\n\n", "```py\n", "\n```\n", "~~~\n", "`", "||", "**", "__", "[a](", ")", "> ", "<!--", "-->"),
    *("| a | b |\n", "|---|---|\n", "$$", "\\(", "\\)", "<b>", "# ", "- [ ] ", "x" * 300, "żółć 👩‍👩‍👧 "),
]


@pytest.mark.parametrize("seed", range(60))
def test_whatever_it_is_discord_takes_it(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - chance, not a secret
    markdown = "".join(chance.choice(PIECES) for _ in range(chance.randrange(400)))
    for part in bodies(markdown):
        assert 0 < len(part.strip()) <= len(part) <= 2000
