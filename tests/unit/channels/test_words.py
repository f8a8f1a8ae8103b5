"""What can be wrong with a channel is said in two languages."""

from __future__ import annotations

import re
from string import Formatter

import pytest

from agent.channels.base import Contact
from agent.channels.words import CATALOGUE, Sentence, said


def _places(text: str) -> list[str]:
    return sorted(name for _, name, _, _ in Formatter().parse(text) if name)


@pytest.mark.parametrize("kind", CATALOGUE)
def test_both_languages_name_the_same_things(kind: str) -> None:
    sentence = CATALOGUE[kind]
    assert sentence["en"] != sentence["pl"]
    assert _places(sentence["en"]) == _places(sentence["pl"])
    keys = re.findall(r"channel\.\w+", sentence["en"])
    assert re.findall(r"channel\.\w+", sentence["pl"]) == keys


def test_words_are_english_text_that_knows_its_polish() -> None:
    words = Sentence("discord_missed", why=Sentence("slow_down", service="Discord"))
    assert words == "what was said on Discord meanwhile cannot be read: Discord asks to slow down"
    assert str(said(words, "pl-PL")).endswith("napisano na Discordzie: Discord prosi, żeby zwolnić")
    assert said(words, "de") == words
    assert said("HTTP 500", "pl") == "HTTP 500"
    assert (words.of_token, Sentence("discord_token").of_token) == (False, True)


def test_silence_is_said_in_both_languages() -> None:
    now = 0.0
    contact = Contact(max_age_s=10, clock=lambda: now)
    assert said(contact.problem, "pl") == "jeszcze bez kontaktu"
    contact.succeeded()
    now = 99.0
    assert (contact.problem, said(contact.problem, "pl")) == ("no contact for 99 s", "bez kontaktu od 99 s")
