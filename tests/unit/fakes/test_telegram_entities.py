"""Entities that the Telegram stand-in is given beside a text, and which of them it refuses, in the service's words."""

import json
from typing import Any

import pytest

from tests.fakes.telegram.errors import ApiError
from tests.fakes.telegram.formatting.formatted_text import checked_text, message_text
from tests.fakes.telegram.formatting.text import Formatted
from tests.fakes.telegram.params import Params


def shown(text: str, *entities: dict[str, Any]) -> Formatted:
    """What a user would see; raises ApiError."""
    return checked_text(message_text(Params({"text": text, "entities": json.dumps(entities)})))


def bold(offset: int, length: int) -> dict[str, Any]:
    return {"type": "bold", "offset": offset, "length": length}


def link(url: str) -> dict[str, Any]:
    return {"type": "text_link", "offset": 0, "length": 1, "url": url}


@pytest.mark.parametrize(
    ("entity", "refusal"),
    [
        (bold(-1, 2), "receive an entity with incorrect offset -1"),
        (bold(0, -1), "receive an entity with incorrect length -1"),
        (bold(1, 1), "entity begins in a middle of a UTF-16 symbol"),
        (bold(0, 1), "entity beginning at UTF-16 offset 0 ends in a middle of a UTF-16 symbol"),
        (bold(9, 1), "entity begins after the end of the text at UTF-16 offset 9"),
        (bold(2, 9), "entity beginning at UTF-16 offset 2 ends after the end of the text at UTF-16 offset 11"),
        (link("http://localhost:8080/x"), "entity URL 'http://localhost:8080/x' is invalid: Wrong HTTP URL"),
        (link("/relative"), "entity URL '/relative' is invalid: Wrong HTTP URL"),
        (link("ftp://a.example/x"), "entity URL 'ftp://a.example/x' is invalid: Unsupported URL protocol"),
        (link("tg://user?id=5"), "User not found"),
    ],
)
def test_what_does_not_fit_is_refused(entity: dict[str, Any], refusal: str) -> None:
    with pytest.raises(ApiError) as caught:
        shown("😀abc", entity)
    assert caught.value.description.lower() == f"bad request: {refusal}".lower()


@pytest.mark.parametrize(
    "url", ["https://a.example", "http://10.0.0.1:8080/x?y#z", "a.example/x", "tg://resolve?domain=x"]
)
def test_links_that_lead_somewhere_are_taken(url: str) -> None:
    assert shown("abc", link(url)).entities[0].extra == {"url": url}


def test_of_more_than_a_hundred_entities_the_rest_is_forgotten() -> None:
    assert len(shown("x" * 200, *(bold(place, 1) for place in range(150))).entities) == 100


@pytest.mark.parametrize("text", ["\ufffc", "\u2800", "\u200b", "\U000e0020"])
def test_what_nobody_sees_is_no_text(text: str) -> None:
    with pytest.raises(ApiError, match="must be non-empty"):
        shown(text)
