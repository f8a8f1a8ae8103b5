"""References in config.json: what they give, and what is said when they give nothing."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent import config
from agent.errors import ConfigError
from agent.operator import secrets

SECRET = "sk-or-v1-only-the-command-knows"


def text(api_key: Any) -> str:
    return json.dumps({"llm": {"api_key": api_key}, "channels": [{"bot_token": "${TOKEN}"}]})


def resolved(reference: Any) -> str:
    document = json.loads(secrets.resolve(text(reference), {"TOKEN": "t"}))
    assert document["channels"] == [{"bot_token": "t"}]
    return str(document["llm"]["api_key"])


def refusal(reference: Any) -> str:
    with pytest.raises(ConfigError) as refused:
        secrets.resolve(text(reference), {"TOKEN": "t"})
    assert refused.value.__cause__ is None
    assert "\n" not in str(refused.value)
    return str(refused.value)


@pytest.fixture
def safe(tmp_path: Path) -> Path:
    """A file that holds a secret as password managers print them: the secret first, then notes."""
    file = tmp_path / "openrouter"
    file.write_text(f"  {SECRET}  \nlogin: anna\n")
    return file


def test_a_command_gives_the_first_line_that_it_prints(safe: Path) -> None:
    assert resolved({"command": f"cat '{safe}'"}) == SECRET


def test_no_shell_sees_a_command_unless_asked_for(safe: Path) -> None:
    command = f"echo $HOME; cat {safe}"
    assert resolved({"command": command}) == f"$HOME; cat {safe}"
    assert resolved({"command": f"tail -1 {safe} | cut -d' ' -f2", "shell": True}) == "anna"


def test_a_command_runs_once_for_all_hosts(tmp_path: Path) -> None:
    reference = {"command": f"echo ran >> {tmp_path}/runs; echo {SECRET}", "shell": True}
    assert [resolved(reference) for _host in range(3)] == [SECRET] * 3
    assert (tmp_path / "runs").read_text() == "ran\n"


@pytest.mark.parametrize(
    ("reference", "sentence"),
    [
        ({"command": "no-such-password-manager show x"}, "(no-such-password-manager) was not found: install"),
        ({"command": "false"}, "(false) ended with 1: it does not say why"),
        ({"command": "true"}, "(true) printed nothing"),
        ({"command": "echo"}, "printed nothing, or an empty first line"),
        ({"command": " "}, "its command is empty"),
        ({"command": "echo 'open"}, "cannot be taken apart (No closing quotation)"),
        ({"command": "/etc/passwd"}, "cannot be run (Permission denied)"),
        ({"command": ["pass", "show"]}, "is no command reference (Expected `str`, got `array`"),
        ({"command": "pass", "sehll": True}, "unknown field `sehll`"),
        ("${NOT_SET_ANYWHERE}", "refers to ${NOT_SET_ANYWHERE}, which is not set here: export NOT_SET_ANYWHERE"),
    ],
)
def test_what_gives_no_secret_is_one_sentence_that_names_the_key(reference: Any, sentence: str) -> None:
    refused = refusal(reference)
    assert refused.startswith("config.json: llm.api_key")
    assert sentence in refused


def test_a_failure_shows_what_the_command_complains_of_and_never_what_it_printed(safe: Path) -> None:
    failing = f"cat {safe}; printf 'locked: \\033[31mno\\033[0m key for {SECRET}\\n' >&2; exit 3"
    refused = refusal({"command": failing, "shell": True})
    assert "ended with 3: locked:" in refused
    assert "no" in refused
    assert SECRET not in refused
    assert "anna" not in refused
    assert "\033" not in refused


def test_a_long_complaint_is_cut() -> None:
    refused = refusal({"command": "seq 1 100000 >&2; exit 1", "shell": True})
    assert len(refused) < 600


def test_a_command_that_hangs_ends_with_all_that_it_began(tmp_path: Path) -> None:
    hanging = f"(sleep 0.5; touch {tmp_path}/survived; sleep 60) | cat"
    refused = refusal({"command": hanging, "shell": True, "timeout_s": 0.2})
    assert "was not done after 0.2 s: does it ask something?" in refused
    time.sleep(0.6)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def typed() -> Iterator[None]:
    """This process's standard input has a line waiting, as the deploy's has when pyinfra asks whether to go on."""
    reading, writing = os.pipe()
    own = os.dup(0)
    os.dup2(reading, 0)
    os.write(writing, b"y\n")
    os.close(writing)
    yield
    os.dup2(own, 0)
    os.close(reading)
    os.close(own)


@pytest.mark.usefixtures("typed")
def test_a_command_takes_no_answer_from_the_deploys_terminal() -> None:
    assert "ended with 1" in refusal({"command": "read -r answer", "shell": True})


def test_a_text_without_references_comes_back_to_the_byte() -> None:
    plain = json.dumps({"llm": {"api_key": SECRET}}, indent=7)
    assert secrets.resolve(plain, {}) is plain


def test_the_gateway_runs_no_command(tmp_path: Path) -> None:
    document = {"llm": {"provider": "openai", "model": "gpt-4o", "api_key": {"command": f"touch {tmp_path}/ran"}}}
    with pytest.raises(ConfigError, match=r"llm\.api_key is a command reference, which only the deploy resolves"):
        config.parse(json.dumps(document))
    assert list(tmp_path.iterdir()) == []
