"""The script of everyday commands and the verdict on what it printed."""

from __future__ import annotations

import subprocess

import pytest

from tests.everyday.commands import EVERYDAY
from tests.everyday.script import judge, script

COMMANDS = {"echo one": "one", "echo two >&2": "two", "echo 'a\nREADME'; false": "a\nREADME", 'echo "it\'s"': "it's"}


def run(commands: dict[str, str], place: str) -> str:
    text = script(commands).replace("/workspace", place)
    return subprocess.run(["bash", "-c", text], capture_output=True, text=True, check=True).stdout


def test_commands_that_print_what_they_should_are_not_refused(tmp_path: object) -> None:
    assert judge(COMMANDS, run(COMMANDS, str(tmp_path))) == {}


def test_a_command_that_prints_something_else_is_told_with_what_it_printed(tmp_path: object) -> None:
    commands = {"echo fine": "fine", "echo not\necho permitted; exit 1": "granted", "echo also fine": "fine"}

    assert judge(commands, run(commands, str(tmp_path))) == {"echo not\necho permitted; exit 1": "not\npermitted"}


def test_a_command_that_only_says_what_it_was_refused_is_told_too(tmp_path: object) -> None:
    commands = {
        "echo 'flock: Operation not permitted'; echo fine": "fine",
        "echo 'ENOSYS: Function not implemented'; echo fine": "fine",
        "echo 'it is Operation not permitted'": "Operation not permitted",
    }

    assert list(judge(commands, run(commands, str(tmp_path)))) == list(commands)[:2]


def test_a_script_that_was_cut_short_is_no_success() -> None:
    with pytest.raises(ValueError, match="did not come to its end"):
        judge(COMMANDS, "REFUSED 0: no\n[killed by SIGKILL]")
    with pytest.raises(ValueError, match="did not come to its end"):
        judge(COMMANDS, "WORKED 1\n")


def test_every_command_has_something_to_print() -> None:
    silent = [command for commands in EVERYDAY.values() for command, text in commands.items() if not text]

    assert silent == []
