"""`picoclaw config check`: everything that is wrong, at once, in two languages."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from agent import config
from agent.cli import main
from agent.errors import ConfigError
from agent.operator.checking import findings
from tests.unit.agent.test_config import DISCORD, SLACK, TELEGRAM, changed

SECRET = "sk-or-v1-never-to-be-shown"
BROKEN: dict[str, Any] = {
    "llm": {
        "provider": "opnerouter",
        "api_key": "sk-or-v1-...",
        "modle": "gpt-4o",
        "engine": "fast",
        "daily_tokens": 5,
        "price": {"input": "3"},
        "fallbacks": [{"provider": "openai", "api_key": SECRET}, "gpt-4o"],
    },
    "channels": [
        {"type": "irc"},
        {"type": "telegram", "bot_token": "UZUPELNIJ_TOKEN", "allowed_users": [1], "allowed_user_ids": [0, "@anna"]},
        {"type": "slack", "bot_token": "xapp-1", "allowed_user_ids": "U1"},
    ],
    "assistant": {"language": "de", "max_steps": 0},
    "sandbox": {"allow_hosts": ["https://example.org"], "workspace_mb": "1G"},
    "sandox": {},
}
EXPECTED = {
    ("sandox", "unknown"),
    ("llm.provider", "provider"),
    ("llm.api_key", "placeholder"),
    ("llm.modle", "unknown"),
    ("llm.model", "missing"),
    ("llm.engine", "choice"),
    ("llm.daily_tokens", "range"),
    ("llm.price.input", "type"),
    ("llm.price.output", "missing"),
    ("llm.fallbacks[0].model", "missing"),
    ("llm.fallbacks[1]", "type"),
    ("channels[0].type", "choice"),
    ("channels[1].bot_token", "placeholder"),
    ("channels[1].allowed_users", "unknown"),
    ("channels[1].allowed_user_ids", "nobody"),
    ("channels[1].allowed_user_ids", "telegram_user"),
    ("channels[2].bot_token", "prefix"),
    ("channels[2].app_token", "missing"),
    ("channels[2].allowed_user_ids", "type"),
    ("assistant.language", "choice"),
    ("assistant.max_steps", "range"),
    ("sandbox.allow_hosts", "entry"),
    ("sandbox.workspace_mb", "type"),
}


def found(text: str) -> list[tuple[str, str]]:
    return [(problem.key, problem.code) for problem in findings(text, {}).problems]


def check(file: Path, *options: str, language: str = "C.UTF-8", **environ: str) -> tuple[int, str]:
    result = CliRunner(env={"LC_ALL": language, **environ}).invoke(main, ["config", "check", str(file), *options])
    return result.exit_code, result.output


def written(folder: Path, document: object) -> Path:
    file = folder / "config.json"
    file.write_text(json.dumps(document))
    return file


def test_every_problem_is_found_at_once() -> None:
    assert sorted(found(json.dumps(BROKEN))) == sorted(EXPECTED)


@pytest.mark.parametrize("document", [TELEGRAM, DISCORD, SLACK])
def test_a_good_file_has_none(document: dict[str, Any]) -> None:
    assert found(json.dumps(document)) == []


@pytest.mark.parametrize("key", ["llm", "llm.model", "channel", "channel.type", "channel.bot_token"])
def test_what_is_missing_is_one_problem(key: str) -> None:
    assert found(changed(key, None)) == [(key, "no_channel" if key == "channel" else "missing")]


@pytest.mark.parametrize(
    "key", ["llm", "channel", "assistant", "llm.price", "llm.fallbacks", "llm.api_key", "channels"]
)
@pytest.mark.parametrize("value", [3, "text", [1], True, {"nonsense": 1}])
def test_whatever_the_gateway_refuses_is_found_and_nothing_else(key: str, value: object) -> None:
    text = changed(key, value)
    try:
        config.parse(text)
    except ConfigError as error:
        named = re.match(r"config\.json: ([\w.\[\]]+)", str(error))
        assert named is not None
        assert named[1].rstrip(".") in [key for key, _code in found(text)]
    else:
        assert found(text) == []


def test_the_command_prints_them_in_the_language_asked_for(tmp_path: Path) -> None:
    file = written(tmp_path, BROKEN)
    code, english = check(file)
    assert code == 1
    assert english.splitlines()[0] == f"{file}: {len(EXPECTED)} to correct"
    assert "  llm.modle is not a known key; did you mean model?" in english.splitlines()
    assert "'opnerouter' is not one of openrouter, " in english
    assert "did you mean openrouter?" in english
    assert "  llm.engine must be one of auto, direct, litellm" in english.splitlines()
    assert "  llm.modle to nieznany klucz; czy chodziło o model?" in check(file, "--lang", "pl")[1].splitlines()
    assert "do poprawy" in check(file, language="pl_PL.UTF-8")[1]
    assert SECRET not in english


def test_json_is_for_programs(tmp_path: Path) -> None:
    code, printed = check(written(tmp_path, BROKEN), "--json")
    report = json.loads(printed)
    assert code == 1
    assert report["ok"] is False
    assert {(problem["key"], problem["problem"]) for problem in report["problems"]} == EXPECTED
    code, printed = check(written(tmp_path, TELEGRAM), "--json")
    assert (code, json.loads(printed)["ok"], json.loads(printed)["problems"]) == (0, True, [])


def test_a_good_file_is_told_with_who_will_be_heard(tmp_path: Path) -> None:
    code, printed = check(written(tmp_path, {**TELEGRAM, "channels": [SLACK["channel"]]}))
    assert code == 0
    assert "telegram: 123456789 may talk to it, nobody else" in printed
    assert "slack: nobody is heard until you pair" in printed
    assert "sk-or-v1-abc" not in printed


def test_references_are_resolved_and_each_failure_is_a_problem_of_its_key(tmp_path: Path) -> None:
    document = json.loads(changed("llm.api_key", {"command": "no-such-manager x"}))
    document["channel"]["bot_token"] = "${BOT_TOKEN_OF_TEST}"
    file = written(tmp_path, document)
    code, printed = check(file)
    assert code == 1
    assert "llm.api_key: its command (no-such-manager) was not found" in printed
    assert "channel.bot_token refers to ${BOT_TOKEN_OF_TEST}, which is not set here" in printed
    assert len(printed.splitlines()) == 3
    code, printed = check(file, "--lang", "pl")
    assert "llm.api_key: polecenie (no-such-manager) nie zostało znalezione" in printed
    assert "channel.bot_token odwołuje się do ${BOT_TOKEN_OF_TEST}, a ta zmienna nie jest tu ustawiona" in printed
    code, printed = check(file, BOT_TOKEN_OF_TEST="nonsense")
    assert "channel.bot_token (telegram) must look like" in printed
    assert check(file, "--no-references")[0] == 0


@pytest.mark.parametrize(
    ("text", "sentence", "polish"),
    [
        ('{"llm": {}', "is not valid JSON", "nie jest poprawnym JSON-em"),
        ("[]", "must hold one JSON object", "musi zawierać jeden obiekt JSON"),
        (
            '{"agents": {}, "channels": {"telegram": {}}}',
            "picoclaw config import FILE makes one",
            "picoclaw config import PLIK zrobi",
        ),
    ],
)
def test_what_is_no_config_at_all_is_one_sentence(tmp_path: Path, text: str, sentence: str, polish: str) -> None:
    file = tmp_path / "config.json"
    file.write_text(text)
    for language, said in (("en", sentence), ("pl", polish)):
        code, printed = check(file, "--lang", language)
        assert (code, len(printed.splitlines())) == (1, 2)
        assert said in printed


def test_a_missing_file_names_the_command_that_makes_it(tmp_path: Path) -> None:
    code, printed = check(tmp_path / "config.json")
    assert code == 1
    assert "picoclaw init makes it" in printed


def test_the_gateway_does_not_load_what_only_the_operator_needs() -> None:
    program = "import sys, agent.config; print([n for n in sys.modules if n.startswith('agent.operator')])"
    assert subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout == "[]\n"
