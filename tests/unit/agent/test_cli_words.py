"""What the commands of the gateway's container say, in both languages."""

from __future__ import annotations

from string import Formatter
from typing import Any

import pytest
from click.testing import CliRunner

from agent import cli_words, health_report, script_commands, task_cli
from agent.cli import health
from agent.cli_words import CATALOGUE
from agent.gateway import healthcheck


@pytest.mark.parametrize("key", CATALOGUE)
def test_both_languages_name_the_same_things(key: str) -> None:
    english, polish = (sorted(name for _, name, _, _ in Formatter().parse(text) if name)
                       for text in CATALOGUE[key].values())  # fmt: skip
    assert english == polish
    assert CATALOGUE[key]["en"] != CATALOGUE[key]["pl"]


CHANNEL = {"problem": None, "problem_pl": None, "curable": True, "last_contact_s": 3.5, "paired": True, "strangers": 0}
REPORT: dict[str, Any] = {
    "healthy": False,
    "sandbox": False,
    "channels": {
        "telegram": CHANNEL | {"strangers": 2},
        "slack": CHANNEL | {"problem": "no", "problem_pl": "nie", "curable": False, "last_contact_s": None},
        "discord": CHANNEL | {"paired": False},
    },
    "egress": {"llm": None, "sandbox": "deaf"},
    "waiting": 1,
    "unsent": 2,
}


def test_health_is_said_in_both_languages() -> None:
    assert health_report.text(REPORT, "en").splitlines() == [
        "not healthy",
        "telegram: ok, last contact 3.5 s ago; strangers turned away: 2",
        "slack: no, no contact yet; a restart does not help, you have to change something",
        "discord: ok, last contact 3.5 s ago; nobody is allowed yet (picoclaw pair)",
        "egress of llm: ok",
        "egress of sandbox: deaf",
        "sandbox: not connected",
        "waiting: 1 to be answered, 2 to be delivered",
    ]
    assert health_report.text(REPORT, "pl").splitlines() == [
        "nie wszystko działa",
        "telegram: ok, ostatni kontakt 3.5 s temu; odprawieni obcy: 2",
        "slack: nie, jeszcze bez kontaktu; restart nie pomoże, musisz coś zmienić",
        "discord: ok, ostatni kontakt 3.5 s temu; nikt nie ma jeszcze dostępu (picoclaw pair)",
        "wyjście llm: ok",
        "wyjście sandbox: deaf",
        "piaskownica: niepołączona",
        "czeka: 1 na odpowiedź, 2 na dostarczenie",
    ]


def test_a_gateway_that_stands_by_tells_its_problem() -> None:
    report = {"healthy": False, "ready": False, "problem": "no key", "problem_pl": "nie ma klucza"}
    assert health_report.text(report, "pl") == "nie wszystko działa\nnie ma klucza"
    assert health_report.text({"healthy": False, "problem": "no key"}, "pl") == "nie wszystko działa\nno key"


def test_without_a_gateway_each_command_says_so_in_the_language_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(task_cli.codes, "__defaults__", ("\0picoclaw-test-nobody", "en"))
    monkeypatch.setattr(healthcheck, "PORT", 1)
    run = CliRunner().invoke
    for language in ("en", "pl"):
        sentence = cli_words.say("no_gateway", language, command="pair")
        assert sentence in run(script_commands.pair, ["--lang", language]).output
    assert "pod adresem 127.0.0.1:1 nie odpowiada żadna bramka" in run(health, ["--lang", "pl"]).output
    assert "no gateway answers on 127.0.0.1:1" in run(health, []).output


@pytest.mark.parametrize(
    ("words", "key"),
    [
        (["--wait", "a", "go"], "wait_alone"),
        ([], "what"),
        (["go", "--session", "a", "--reply-to", "telegram"], "session_or_chat"),
        (["go", "--new"], "new_needs_session"),
    ],
)
@pytest.mark.parametrize("language", ["en", "pl"])
def test_wrong_usage_of_task_is_said_in_both_languages(words: list[str], key: str, language: str) -> None:
    done = CliRunner().invoke(script_commands.task, [*words, "--lang", language])
    assert done.exit_code == 2
    assert cli_words.say(key, language) in " ".join(done.output.split())


def test_codes_and_who_is_allowed_are_told_in_polish() -> None:
    found: list[dict[str, Any]] = [
        {"channel": "slack", "code": "ABC", "seconds": 30},
        {"channel": "telegram", "allowed": ["7", "8"]},
    ]
    assert task_cli.pairing(found, "pl").splitlines() == [
        "slack: nikt nie ma jeszcze dostępu; w ciągu 1 min wyślij botowi, prywatnie: !pair ABC",
        "telegram: dostęp ma: 7, 8",
    ]
