"""What `picoclaw init` refuses, in a sentence, and without a change to what is there."""

from __future__ import annotations

import shlex
import subprocess
import sys

import pytest

from roles.common.names import REPOSITORY
from tests.unit.operator.initialising import Init


@pytest.mark.parametrize(
    "options",
    [
        ("--host", "bad host!"),
        ("--ssh-hostname", "-oProxyCommand=x"),
        ("--ssh-hostname", "srv42.mikr.us", "--ssh-user", "a b"),
        ("--host", "x\x1b[2J"),
    ],
)
def test_a_name_that_ssh_would_take_for_something_else_is_refused(init: Init, options: tuple[str, ...]) -> None:
    code, printed = init.telegram("--offline", *options)
    assert code == 1
    assert "cannot be one: letters, digits" in printed
    assert "\x1b" not in printed
    assert not init.config.exists()
    assert not init.hosts.exists()


@pytest.mark.parametrize(
    "held", ['{"api_key": 5}', '{"api_key": null}', '{"api_kye": "x"}', '{"api_key": " "}', "[]", "{"]
)
def test_secrets_that_are_none_replace_none(init: Init, held: str) -> None:
    assert init.telegram("--offline")[0] == 0
    before = init.config.read_text()
    code, printed = init.run("--yes", "--offline", "--secrets", "-", typed=held)
    assert (code, init.config.read_text()) == (1, before)
    assert "its values texts" in printed


def test_a_file_that_cannot_be_written_is_a_sentence(init: Init) -> None:
    init.files[1] = str(init.config.parent / "missing" / "config.json")
    code, printed = init.telegram("--offline")
    assert code == 1
    assert "missing/config.json cannot be written (No such file or directory)" in printed


def test_where_nobody_can_be_asked_it_says_so(init: Init) -> None:
    command = shlex.join([sys.executable, "-m", "agent.cli", "init", *init.files, "--offline"])
    done = subprocess.run(["sh", "-c", f"{command} <&-"], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert "nobody can be asked here: give --yes" in done.stderr
