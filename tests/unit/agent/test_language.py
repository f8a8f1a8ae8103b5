"""Sentences in two languages, and the option by which a command is told which."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from agent.cli import main
from agent.config.problem import Problem
from agent.language import closest
from agent.messages import say, spelled
from agent.operator.words import say as operator_says


@pytest.mark.parametrize(
    ("tag", "language"),
    [
        *(("pl", "pl"), ("pl-PL", "pl"), ("PL", "pl"), ("pl_PL.UTF-8", "pl")),
        *(("en", "en"), ("en-GB", "en"), ("de", "en"), ("C.UTF-8", "en"), ("", "en")),
    ],
)
def test_every_language_has_sentences(tag: str, language: str) -> None:
    assert closest(tag) == language
    assert say("stopped_here", tag) == {"en": "stopped", "pl": "przerwano"}[language]
    assert operator_says("ask_model", tag, provider="x") == {"en": "Model of x", "pl": "Model dostawcy x"}[language]
    missing = Problem("llm", "missing").said(tag)
    assert missing.startswith({"en": "config.json: llm is missing", "pl": "config.json: brakuje llm"}[language])


def options(command: click.Command) -> list[click.Parameter]:
    inside = command.commands.values() if isinstance(command, click.Group) else ()
    return [*command.params, *(found for one in inside for found in options(one))]


def test_all_commands_take_the_same_languages() -> None:
    found = [option for option in options(main) if option.name == "lang"]
    assert len(found) >= 8  # of those that print sentences
    assert {tuple(option.type.choices) for option in found if isinstance(option.type, click.Choice)} == {("en", "pl")}
    told = CliRunner().invoke(main, ["egress", "--lang", "de"])
    assert (told.exit_code, "'de' is not one of 'en', 'pl'" in told.output) == (2, True)


def test_commands_are_spelled_as_the_channel_takes_them() -> None:
    text = "/help lists them; /model 2, not path/model or /newest or https://a/new"
    assert spelled(text, "telegram") == text
    assert spelled(text, "slack") == "!help lists them; !model 2, not path/model or /newest or https://a/new"
