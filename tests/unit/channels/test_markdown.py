"""Markdown for chats: tables that a phone can show, and parts that are never too long and lose nothing."""

from __future__ import annotations

import random

import pytest

from agent.channels.markdown import split, with_tables

TABLE = "| Name | Size |\n|:-----|-----:|\n| `a|b` | **10** |\n| c | |"


def test_a_narrow_table_is_aligned() -> None:
    shown = with_tables(f"Look:\n\n{TABLE}\n\nend", 40)
    assert shown == "Look:\n\n```\nName  Size\n----  ----\na|b   10\nc\n```\n\nend"


def test_a_wide_table_is_a_list() -> None:
    assert with_tables(TABLE, 8) == "- Name: **`a|b`**\n  - Size: **10**\n- Name: **c**"


@pytest.mark.parametrize(
    ("table", "shown"),
    [
        ("a|b\n-|-\n1|2|3", "```\na  b\n-  -  -\n1  2  3\n```"),
        ("a|b\n-|-\n[l](https://x.example)|2", "- a: **[l](https://x.example)**\n  - b: 2"),
        ("file|n\n-|-\n`__init__.py`|1<br>2", "```\nfile         n\n-----------  ---\n__init__.py  1 2\n```"),
        ("名|b\n-|-\nx|2", "```\n名  b\n--  -\nx   2\n```"),
        ("a|```\n-|-\n1|2", "- a: **1**\n  - ```: 2"),
        ("[a](https://x.example)|b\n-|-", "- [a](https://x.example), b"),
    ],
)
def test_a_table_loses_nothing(table: str, shown: str) -> None:
    assert with_tables(table, 40) == shown


@pytest.mark.parametrize("text", [f"```\n{TABLE}\n```", "a | b\nc | d", "| a |\n", "1 | 2\n---", "x"])
def test_what_is_no_table_stays(text: str) -> None:
    assert with_tables(text, 40) == text


PIECES = [
    "word ", "longer-word ", "\n", "\n\n", "```py\n", "\n```\n", "x" * 50 + " ", "żółć 👩‍👩‍👧 ", " | ", "- item\n",
]  # fmt: skip


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("limit", [60, 200])
def test_parts_are_short_and_lose_nothing(seed: int, limit: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - chance, not a secret
    text = "".join(chance.choice(PIECES) for _ in range(chance.randrange(200)))
    parts = split(text, limit)
    assert all(0 < len(part) <= limit for part in parts)
    assert all(part.count("```") % 2 == 0 for part in parts if text.count("```py") == text.count("```") / 2 == 0)
    assert _words("".join(parts)) == _words(text)


def _words(text: str) -> str:
    return "".join(text.replace("```py", "").replace("```", "").split())


def test_parts_end_between_paragraphs_and_code_is_opened_again() -> None:
    text = f"{'one ' * 20}\n\n{'two ' * 20}\n\n```py\n" + "\n".join(f"line {number}" for number in range(30)) + "\n```"
    parts = split(text, 200)
    assert parts[0].startswith(f"{'one ' * 20}\n\n{'two ' * 20}")
    assert all(part.endswith("\n```") for part in parts)
    assert all(part.startswith("```py\nline ") for part in parts[1:])
