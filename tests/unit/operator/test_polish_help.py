"""`--help` and usage errors in Polish."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from agent import cli, look_commands
from agent.cli import main
from agent.polish_help import CLICKS, COMMANDS, OPTIONS, first_line
from roles.common.names import REPOSITORY


def every(command: click.Command, path: str = "") -> Iterator[tuple[str, click.Command]]:
    yield path.strip(), command
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            yield from every(inner, f"{path} {name}")


ALL = dict(every(main))
# Those of a container, whose names the operator's machine has for its own.
CONTAINERS = (cli.status, *look_commands.COMMANDS)
# Begins as in the image, which does not hold the operator's part.
IN_THE_CONTAINER = """
import sys
sys.modules["agent.operator"] = None
from agent.cli import main
main(prog_name="picoclaw")
"""


def printed(*words: str, **environ: str) -> str:
    return CliRunner().invoke(main, words, env={"LC_ALL": "C.UTF-8", **environ}, prog_name="picoclaw").output


@pytest.mark.parametrize("path", ALL)
def test_nothing_of_it_stays_english(path: str) -> None:
    command = ALL[path]
    assert first_line(command.help or "") in COMMANDS
    assert {one.help for one in command.params if isinstance(one, click.Option)} <= OPTIONS.keys()
    text = printed(*path.split(), "--help", LC_ALL="pl_PL.UTF-8")
    for english in ("Usage:", "Options:", "Commands:", "Show ", "default:", "Language", "On the host", "Print "):
        assert english not in text, text
    assert printed(*path.split(), "--help").startswith("Usage: picoclaw"), "and the next one is English again"


@pytest.mark.parametrize("path", ["", "doctor", "logs", "status", "task", "llm check"])
def test_nor_in_the_container(path: str) -> None:
    words = [sys.executable, "-c", IN_THE_CONTAINER, *path.split(), "--help", "--lang"]
    environ = {**os.environ, "LC_ALL": "C.UTF-8"}
    polish, english = (
        subprocess.run([*words, language], cwd=REPOSITORY, env=environ, capture_output=True, text=True, check=True)
        for language in ("pl", "en")
    )
    for word in ("Usage:", "Options:", "Commands:", "Show ", "default:", "Language", "On the host", "Print ", "Look "):
        assert word not in polish.stdout
    assert english.stdout.startswith(f"Usage: picoclaw {path}".rstrip())
    assert "picoclaw init" not in english.stdout


def test_no_text_is_translated_that_nobody_says() -> None:
    commands = [*ALL.values(), *CONTAINERS]
    said = {first_line(command.help or "") for command in commands}
    helps = {one.help for command in commands for one in command.params if isinstance(one, click.Option)}
    assert COMMANDS.keys() == said
    assert OPTIONS.keys() - helps == {"Show this message and exit."}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["frob", "--lang", "pl"], "Błąd: Nie ma polecenia 'frob'."),
        (["statu", "--lang=pl"], "Nie ma polecenia 'statu'. Czy chodziło o 'status'?"),
        (["logs", "--tail", "x", "--lang", "pl"], "Błąd: Zła wartość '--tail': 'x' nie jest liczbą."),
        (["logs", "--tail", "-1", "--lang", "pl"], "nie mieści się w zakresie"),
        (["restore", "--lang", "pl"], "Błąd: Brakuje argumentu 'FILE'."),
        (["init", "--channel", "irc", "--lang", "pl"], "'irc' nie jest jednym z: 'telegram', 'discord', 'slack'."),
        (["status", "--jsn", "--lang", "pl"], "Nie ma opcji '--jsn'. Czy chodziło o '--json'?"),
        (["config", "check", "a", "b", "--lang", "pl"], "Niespodziewany argument (b)"),
    ],
)
def test_usage_errors(words: list[str], sentence: str) -> None:
    text = printed(*words)
    assert sentence in text
    assert "Pomoc: 'picoclaw" in text
    assert all(english not in text for english in ("Try ", "Error", "Usage"))


@pytest.mark.parametrize(
    ("words", "begins"),
    [
        (["--lang", "pl", "--help"], "Użycie: picoclaw [OPTIONS]"),
        (["--lang=pl", "logs", "--help"], "Użycie: picoclaw logs"),
        (["--lang", "pl", "slack-manifest", "--help"], "Użycie: picoclaw slack-manifest"),
        (["config", "--lang", "pl", "check", "--help"], "Użycie: picoclaw config check"),
        (["config", "check", "nowhere", "--lang", "pl"], "Błąd: nowhere nie istnieje"),
        (["--lang", "pl", "config", "check", "nowhere"], "Błąd: nowhere nie istnieje"),
        (["slack-manifest", "--lang", "pl"], "{"),
        (["config", "check", "--", "--lang"], "Error: --lang does not exist"),
        (["logs", "--lang", "de"], "Usage: "),
    ],
)
def test_the_language_may_be_asked_for_anywhere(words: list[str], begins: str) -> None:
    assert printed(*words).startswith(begins)


def test_an_unknown_language_is_said_in_that_of_the_locale() -> None:
    assert "Zła wartość '--lang': 'de' nie jest jednym z: 'en', 'pl'." in printed(
        "logs", "--lang", "de", LC_ALL="pl_PL.UTF-8"
    )


def test_clicks_words_keep_what_is_filled_in() -> None:
    for english, polish in CLICKS.items():
        places = {part.partition("}")[0].partition("!")[0] for part in english.split("{")[1:]}
        assert {part.partition("}")[0].partition("!")[0] for part in polish.split("{")[1:]} <= places
