"""Commands are what was meant, whatever the values hold; and secrets are not in them."""

from __future__ import annotations

import subprocess

import pytest

from roles.common.commands import command, script

HOSTILE = ["", "a b", "it's", '"', "$(echo no)", "`echo no`", "a;b|c&d", "*", "\\", "new\nline", "-rf", "ż"]


def sh(text: str, stdin: str = "") -> str:
    return subprocess.run(["sh", "-c", text], input=stdin, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("value", HOSTILE)
def test_a_word_reaches_the_program_as_it_is(value: str) -> None:
    assert sh(command("printf", "%s|%s", value, "end").get_raw_value()) == f"{value}|end"


@pytest.mark.parametrize("value", HOSTILE)
def test_a_variable_holds_the_value_as_it_is(value: str) -> None:
    assert sh(script('printf %s "$value"', value=value).get_raw_value()) == value


def test_a_list_becomes_the_positional_parameters() -> None:
    made = script('for word; do printf "%s|" "$word"; done', words=HOSTILE)

    assert sh(made.get_raw_value()) == "".join(f"{word}|" for word in HOSTILE)


def test_an_empty_list_leaves_no_parameters() -> None:
    assert sh(script('echo "$#"', words=[]).get_raw_value()) == "0\n"


def test_standard_input_is_not_in_the_command() -> None:
    made = script("cat", stdin="sk-secret", path="/x")

    assert made.connector_arguments == {"_stdin": "sk-secret"}
    for shown in (made.get_raw_value(), made.get_masked_value(), str(made), repr(made)):
        assert "sk-secret" not in shown
