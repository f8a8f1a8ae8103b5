"""Markdown as Telegram takes it: nothing of it is refused, nothing is lost, and it is cut where a reader pauses."""

from __future__ import annotations

import random
import re

import msgspec
import pytest

from agent.channels.telegram.format import LIMIT, bodies, parse
from tests.fakes.telegram.formatting.formatted_text import checked_text, message_text
from tests.fakes.telegram.formatting.text import Formatted
from tests.fakes.telegram.params import Params


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def taken(body: str) -> Formatted:
    """What the stand-in makes of a body; raises ApiError where it would refuse it."""
    document = msgspec.json.decode(body)
    entities = msgspec.json.encode(document["entities"]).decode()
    return checked_text(message_text(Params({"text": document["text"], "entities": entities})))


def shown(markdown: str) -> tuple[str, list[tuple[str, str]]]:
    """The text, and of each entity its kind and what it covers."""
    text, found = parse(bodies(markdown)[0])
    data = text.encode("utf-16-le")
    covered = [data[2 * one.offset : 2 * (one.offset + one.length)].decode("utf-16-le") for one in found]
    return text, [(str(one.type), words) for one, words in zip(found, covered, strict=True)]


@pytest.mark.parametrize(
    ("markdown", "text", "entities"),
    [
        ("**b** _i_ ~~s~~ `c` ||h||", "b i s c h", ["bold", "italic", "strikethrough", "code", "spoiler"]),
        ("```sh\nuname -a\n```", "uname -a", ["pre"]),
        ("# Title\n\ntext", "Title\n\ntext", ["underline", "bold"]),
        ("#### Deep", "Deep", ["bold"]),
        ("- a\n  - b\n\n1. c", "• a\n  • b\n\n1. c", []),
        ("- [ ] open\n- [x] done", "⬜ open\n✅ done", []),
        ("> quoted\n> twice", "quoted\ntwice", ["blockquote"]),
        ("[l](https://a.example/x)", "l", ["text_link"]),
        ("[l](/x) [m](mailto:a@b.pl) [n](http://localhost:80/)", "l (/x) m (a@b.pl) n (http://localhost:80/)", []),
        ("**[l](javascript:x) b**", "l (javascript:x) b", ["bold"]),
        ("| a | b |\n|---|---|\n| 1 | 2 |", "a  b\n-  -\n1  2", ["pre"]),
        ("energy $E=mc^2$ and \\(\\alpha + x^2\\)", "energy E=mc² and α + x²", ["code", "code"]),
        ("\\[ \\frac{a}{b} \\]", "a/b", ["pre"]),
        ("costs $5, then $10; f\\(x\\)", "costs $5, then $10; f(x)", []),
        ("a || b, c || d", "a || b, c || d", []),
        ("List<String> and <b>x</b>, a<br>b", "List<String> and x, a\nb", ["bold"]),
        ("<div>\nin a block\n</div>", "<div>\nin a block\n</div>", []),
        ("Vec<i>, Map<b>", "Vec<i>, Map<b>", []),
        ("H<sub>2</sub>O, 10<sup>3</sup>", "H2O, 10^3", []),
        ("**open and `open", "**open and `open", []),
        ("snake_case_name 5 * 3", "snake_case_name 5 * 3", []),
        ("`List<T> || \\(x^2\\)`", "List<T> || \\(x^2\\)", ["code"]),
        ("[]()", "[]()", []),
    ],
)  # fmt: skip
def test_markdown_is_shown(markdown: str, text: str, entities: list[str]) -> None:
    assert shown(markdown)[0].strip() == text
    assert [kind for kind, _ in shown(markdown)[1]] == entities
    assert len([taken(body) for body in bodies(markdown)]) == 1


def test_entities_cover_what_they_are_about_behind_emoji() -> None:
    text, entities = shown("👩‍👩‍👧 **bold** 😀 [odd](x:y) 😀 `code` <i>it</i>")
    assert text == "👩‍👩‍👧 bold 😀 odd (x:y) 😀 code it"
    assert entities == [("bold", "bold"), ("code", "code"), ("italic", "it")]


@pytest.mark.parametrize("markdown", ["", "  \n\n ", "\u2800", "\u200b\u2060", "\ufffc"])
def test_what_cannot_be_seen_is_not_sent(markdown: str) -> None:
    assert bodies(markdown) == []


PIECES = [
    "{} ", "**{}** ", "_{} ", "*{}", "`{}` ", "``{}", "~~{}~~ ", "||{}|| ", "|| {} ", "\n", "\n\n", "\n\n\n",
    "# {}\n", "###### {}\n", "> {}\n", ">> {}\n", "- {}\n", "  - {}\n", "      - {}\n", "1. {}\n", "- [ ] {}\n",
    "    {}\n", "\t{}\n", "```py\n{}\n```\n", "```\n{}\n", "~~~\n{}\n", "````\n```\n{}\n````\n",
    "[{}](https://a.example/{})", "[{}](x:{})", "[{}](http://localhost/{})", "[{}][{}] ",
    "![{}](https://a.example/{}.png)", "[{}", "]({})", "<{}> ", "<b>{}</b> ", "<i>{} ", "</i>{}", "<div>\n{}\n",
    "</div>\n", "<!-- {} -->\n", "<https://a.example/{}> ", "<br>{}", "$ {}$ ", "${}^2$ ", "$$\n{}\n$$\n",
    "\\({}^2\\) ", "\\[{}_1\\]\n", "| {} | {} |\n|---|---|\n| {} | {} |\n", "| {} ", "---\n", "{}\n===\n",
    "😀{} ", "👩‍👩‍👧 ", "🇵🇱🇵🇱 ", "e\u0301{} ", "&amp;{} ", "&lt;{}&gt; ", "\\*{} ", "\\", "\x00", "\u200b",
    "\ud800{} ", "<", "||", "$", "`", "{} " * 60, "x" * 300 + "{} ",
]  # fmt: skip


@pytest.mark.parametrize("seed", range(300))
def test_nothing_is_refused_and_nothing_lost(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - chance, not a secret
    words: list[str] = []

    def word(_: re.Match[str]) -> str:
        words.append(f"w{len(words)}w")
        return words[-1]

    pieces = [chance.choice(PIECES) for _ in range(chance.choice([1, 2, 3, 5, 10, 40, 300]))]
    markdown = re.sub(r"\{\}", word, "".join(pieces))
    found = [taken(body) for body in bodies(markdown)]
    assert all(0 < units(one.text) <= LIMIT for one in found)
    seen = "".join(one.text for one in found)
    seen += " ".join(str(entity.extra) for one in found for entity in one.entities)
    assert [one for one in words if one not in seen] == []


@pytest.mark.parametrize("unit", ["word ", "line\n", "😀", "ż", "x", "para\n\n"])
def test_a_long_answer_is_split_and_nothing_is_lost(unit: str) -> None:
    markdown = unit * 5000
    texts = [parse(body)[0] for body in bodies(markdown)]
    assert len(texts) > 1
    assert all(0 < units(text) <= LIMIT for text in texts)
    assert "".join(texts).replace("\n", "").replace(" ", "") == markdown.replace("\n", "").replace(" ", "")


@pytest.mark.parametrize("cluster", ["👩‍👩‍👧", "🇵🇱", "e\u0301", "👍🏽", "1\ufe0f\u20e3"])
@pytest.mark.parametrize("shift", range(1, 8))
def test_no_cut_tears_what_is_one_letter_to_a_reader(cluster: str, shift: int) -> None:
    parts = [parse(body)[0] for body in bodies("x" * shift + cluster * 3000)]
    assert len(parts) > 1
    assert all(part.lstrip("x").replace(cluster, "") == "" for part in parts)


@pytest.mark.parametrize("shift", range(35))
def test_a_cut_comes_between_paragraphs(shift: int) -> None:
    parts = [parse(body)[0] for body in bodies("x" * shift + "one two three four\nfive six seven\n\n" * 200)]
    assert all(part.endswith("seven\n\n") for part in parts[:-1])


def test_a_block_of_code_that_is_cut_is_one_in_each_part() -> None:
    for body in bodies("```py\n" + "x = 1\n" * 2000 + "```"):
        text, entities = parse(body)
        assert [(entity.type, entity.language) for entity in entities] == [("pre", "py")]
        assert text.startswith("x = 1\n")
        assert entities[0].length == units(text)


def test_a_block_of_code_that_fits_into_a_message_is_not_cut() -> None:
    first, second = (parse(body) for body in bodies("word " * 300 + "\n```\n" + "y = 2\n" * 660 + "```\n\nlast"))
    assert set(first[0].split()) == {"word"}
    assert [(entity.type, entity.offset, entity.length) for entity in second[1]] == [("pre", 0, 660 * 6 - 1)]


@pytest.mark.parametrize("shift", range(1, 200, 9))
def test_a_cut_spares_links_and_code_in_a_long_line(shift: int) -> None:
    link, code = "some words " * 12 + "words", "some code " * 12 + "code"
    for body in bodies("x" * shift + f" [{link}](https://a.example/x) `{code}` and " * 60)[:-1]:
        text, entities = parse(body)
        data = text.encode("utf-16-le")
        covered = {data[2 * one.offset : 2 * (one.offset + one.length)].decode("utf-16-le") for one in entities}
        assert covered == {link, code}


def test_formatting_is_not_forgotten_where_there_is_much_of_it() -> None:
    markdown = "".join(f"- `w{number}w` **b{number}b**\n" for number in range(150))
    found = [taken(body) for body in bodies(markdown)]
    assert sum(len(one.entities) for one in found) == 300


def test_long_and_nested_answers_take_no_time() -> None:
    for markdown in ("[" * 5000, "**a " * 5000, "<" * 5000, "> " * 2000, "||" * 5000, "<div>\n" * 1000, "\\(" * 5000):
        assert bodies(markdown)
