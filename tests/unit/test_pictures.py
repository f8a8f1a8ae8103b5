"""A conversation as a page shows the text as Telegram does, and runs nothing of it."""

from __future__ import annotations

import pytest

from tests.pictures.chat import body


@pytest.mark.parametrize(
    ("text", "entities", "html"),
    [
        ("a <b> & c", [], "a &lt;b&gt; &amp; c"),
        ("see bold", [{"type": "bold", "offset": 4, "length": 4}], "see <b>bold</b>"),
        ("🦞 x", [{"type": "code", "offset": 3, "length": 1}], "🦞 <code>x</code>"),
        (
            "<a>b",
            [{"type": "bold", "offset": 0, "length": 4}, {"type": "italic", "offset": 3, "length": 1}],
            "<b>&lt;a&gt;<i>b</i></b>",
        ),
        (
            "ab",
            [{"type": "bold", "offset": 0, "length": 1}, {"type": "italic", "offset": 1, "length": 1}],
            "<b>a</b><i>b</i>",
        ),
        ("#tag", [{"type": "hashtag", "offset": 0, "length": 4}], "#tag"),
    ],
)
def test_entities_become_tags_and_the_rest_text(text: str, entities: list[dict[str, object]], html: str) -> None:
    assert str(body(text, entities)) == html
