"""Markdown as Telegram takes it: entities in UTF-16 units, no message over the limit."""

from __future__ import annotations

import pytest

from agent.channels.telegram_format import LIMIT, bodies, parse


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def test_formatting_becomes_entities() -> None:
    (body,) = bodies("**bold** and `code`\n\n```sh\nuname -a\n```")
    text, entities = parse(body)
    assert [entity.type for entity in entities] == ["bold", "code", "pre"]
    assert "*" not in text
    assert "`" not in text


@pytest.mark.parametrize("unit", ["word ", "line\n", "😀", "ż", "x"])
def test_a_long_answer_is_split_and_nothing_is_lost(unit: str) -> None:
    markdown = unit * 5000
    texts = [parse(body)[0] for body in bodies(markdown)]
    assert len(texts) > 1
    assert all(0 < units(text) <= LIMIT for text in texts)
    assert "".join(texts).replace("\n", "").replace(" ", "") == markdown.replace("\n", "").replace(" ", "")


def test_entities_stay_inside_their_part() -> None:
    for body in bodies("```\n" + "x = 1\n" * 2000 + "```"):
        text, entities = parse(body)
        assert [entity.type for entity in entities] == ["pre"]
        assert all(entity.offset + entity.length <= units(text) for entity in entities)


def test_markdown_that_renders_to_nothing_is_sent_as_it_is() -> None:
    assert [parse(body)[0] for body in bodies("[]()")] == ["[]()"]
