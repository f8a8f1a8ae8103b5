"""`picoclaw doctor` in the gateway's container: each trouble by what it looks like, and what is looked at there."""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from agent import config, look_commands, status_report
from agent.doctor import checks, inside, services
from agent.doctor.inside import CHECKS, Seen
from agent.doctor.seen import Answer, Disk
from agent.doctor.services import Service
from agent.doctor.telling import Teller
from agent.doctor.words import INSIDE
from agent.errors import ConfigError
from agent.status_report import Channel, Control, Memory, Model, Report, Troubled, Workspace
from agent.store.database import connect
from agent.store.usage import Spent, Usage
from tests.stack import REPOSITORY
from tests.unit.operator.look.healthy import CONTROL, gateway, report

HEALTHY = Seen(
    report=report(),
    clock_off_s=0.4,
    disks=(Disk("/var/lib/picoclaw", 10**10, 4 * 10**9, 0.1),),
    names_gateway="",
    answers=(Answer("llm", "openai", "gpt-4o", ok=True),),
    memory_limit=128 * 2**20,
    services=(Service("api.telegram.org", clock_off_s=0.4),),
)
WEAK = Control(id="memory", expected="≤ 128 MB", seen="512 MB", ok=False)
SAID = Troubled(problem="the sentence", problem_pl="zdanie")


def seen(**changes: Any) -> Seen:
    return replace(HEALTHY, **changes)


def telling(**changes: Any) -> Seen:
    """What the gateway says of itself is another."""
    return seen(report=report(**changes))


def channel(**changes: Any) -> Seen:
    return telling(channels={"telegram": Channel(**changes)})


def answered(error: str) -> Seen:
    return seen(answers=(Answer("llm", "openai", "gpt-4o", ok=False, problem="the sentence", error=error),))


# kind of trouble: how it looks then, words of the sentence, words of the remedy.
TROUBLES: dict[str, tuple[Seen, str, str]] = {
    "disk": (seen(disks=(Disk("/var/lib/picoclaw", 10**10, 2**20),)), "1 MB free on /var/lib/picoclaw", "du -xh"),
    "inodes": (seen(disks=(Disk("/var/lib/picoclaw", 10**10, 10**9, 0.99),)), "no more files", "--inodes"),
    "clock_ahead": (seen(clock_off_s=3600.0), "3600 s ahead of the chat service's", "timedatectl"),
    "clock_behind": (seen(clock_off_s=-3600.0), "3600 s behind the chat service's", "timedatectl"),
    "certificate": (
        seen(clock_off_s=None, services=(Service("slack.com", untimely="certificate has expired"),)),
        "slack.com is not valid by the server's clock", "if that is not the time",
    ),
    "oom": (seen(memory_kills=2), "2 processes of picoclaw were ended for lack of memory (its limit is 128 MB)",
            "docker restart picoclaw;"),
    "tight": (telling(memory={"litellm": Memory(used=250, limit=256)}), "picoclaw-llm is nearly out of memory",
              "docker restart picoclaw-llm;"),
    "weak": (seen(report=Report(gateway=gateway(), confinement=[CONTROL, WEAK])),
             "picoclaw is confined more weakly than it should be: memory", "pyinfra inventory deploy.py"),
    "silent": (seen(report=Report(gateway=None, problem="Connection refused")), "does not answer: Connection refused",
               "docker restart picoclaw"),
    "config": (telling(problem="llm.modle is not a known key"), "llm.modle is not a known key",
               "correct /opt/stacks/picoclaw/config/config.json"),
    "config_next": (seen(config=SAID), "would not start again with config.json as it is now: the sentence",
                    "docker restart picoclaw"),
    "names_gateway": (seen(names_gateway="slack.com: Name or service not known"), "names: slack.com: Name or",
                      "cat /etc/resolv.conf"),
    "token": (channel(problem="no", refused_token=True, curable=False), "telegram refuses the token: no",
              "put the right token into /opt/stacks/picoclaw/config/config.json"),
    "channel_owner": (channel(problem="another program polls", curable=False), "another program polls",
                      "do what it says"),
    "channel_away": (channel(problem="no contact yet"), "telegram has no contact: no contact yet",
                     "wait a few minutes"),
    "sandbox": (telling(sandbox=False), "sandbox is not connected", "docker restart picoclaw-sandbox"),
    "egress": (telling(egress={"llm": "no socket"}), "way out of llm is shut: no socket", "restart the gateway"),
    "litellm": (telling(model=Model(name="a", first="a", engine="down")), "picoclaw-llm does not answer",
                "docker restart picoclaw-llm"),
    "limit": (seen(limit=SAID, answers=None), "no model is asked: the sentence", "wait, or change it"),
    "key": (answered("LLMKeyError"), "openai refuses the key", "correct llm.api_key in"),
    "quota": (answered("LLMQuotaError"), "openai: the sentence", "account at openai"),
    "model": (answered("LLMModelError"), "gpt-4o does not answer: the sentence", "asks the model again"),
    "nobody": (channel(paired=False), "nobody may talk to it", "docker exec picoclaw picoclaw pair"),
    "strangers": (channel(strangers=3, heard=False), "strangers were turned away: 3", "not in allowed_user_ids' shows"),
    "workspace": (telling(workspace=Workspace(full=True)), "workspace is full", "sandbox.workspace_mb"),
}  # fmt: skip


def first(found: Seen) -> checks.Trouble:
    return next(one.trouble for one in checks.findings(found, CHECKS) if one.trouble is not None)


def test_a_healthy_one_has_no_trouble_and_nothing_is_left_unlooked_at() -> None:
    found = checks.findings(HEALTHY, CHECKS)
    assert [finding.check for finding in found if finding.verdict != "ok"] == []
    assert list(Teller(INSIDE, "en").lines(found, HEALTHY))[-1] == "Nothing to do."


@pytest.mark.parametrize("kind", TROUBLES)
def test_the_trouble_and_its_remedy(kind: str) -> None:
    found, words, remedy = TROUBLES[kind]
    trouble = first(found)
    assert trouble.kind == kind
    assert words in Teller(INSIDE, "en").wrong(trouble)
    lines = list(Teller(INSIDE, "en").lines(checks.findings(found, CHECKS), found))
    assert lines[-1].startswith("Do this: ")
    assert remedy in lines[-1]


@pytest.mark.parametrize("kind", TROUBLES)
def test_it_is_said_in_polish_too(kind: str) -> None:
    trouble, teller = first(TROUBLES[kind][0]), Teller(INSIDE, "pl")
    for said, key in ((teller.wrong(trouble), f"bad_{kind}"), (teller.remedy(trouble), f"do_{kind}")):
        assert said
        fields = [set(re.findall(r"{\w+}", INSIDE[key][language])) for language in ("en", "pl")]
        assert fields[0] == fields[1], key
    assert "{ssh}" not in INSIDE[f"do_{kind}"]["en"], "whoever reads it is on the server"


def test_every_trouble_that_has_words_is_tested_and_every_check_has_a_name() -> None:
    for part in ("bad_", "do_"):
        assert {key.removeprefix(part) for key in INSIDE if key.startswith(part) and key != "doctor_do"} == set(
            TROUBLES
        )
    assert {key.removeprefix("check_") for key in INSIDE if key.startswith("check_")} == {one.id for one in CHECKS}


def test_a_silent_gateway_leaves_the_rest_unknown() -> None:
    verdicts = {one.check: one.verdict for one in checks.findings(TROUBLES["silent"][0], CHECKS)}
    assert verdicts["channels"] == verdicts["memory"] == verdicts["access"] == "unknown"
    assert verdicts["confined"] == "unknown", "this one had nothing to say of it"


def test_who_has_never_been_written_to_is_well_and_says_so() -> None:
    found = channel(last_contact_s=1.0, heard=False)
    judged = checks.findings(found, CHECKS)
    lines = list(Teller(INSIDE, "pl").lines(judged, found))
    assert lines[-2:] == [
        "  – telegram: nikt jeszcze nie napisał; jeśli Ty tak, to do innego bota",
        "Nic nie trzeba robić.",
    ]
    document = Teller(INSIDE, "en").document(judged, found)
    assert document["well"] is True
    assert len(document["hints"]) == 1
    assert Teller(INSIDE, "en").document(judged, HEALTHY)["hints"] == []


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state file, a gateway that says that all is well, a chat service, and no question to any model."""
    path = tmp_path / "state.db"
    connect(path).close()
    monkeypatch.setattr(status_report, "gather", lambda _: report())
    monkeypatch.setattr(services, "ask", lambda _: [Service("api.telegram.org", clock_off_s=1.0)])
    monkeypatch.setattr(config, "load", settings)
    monkeypatch.setattr(inside, "_answers", lambda *_: HEALTHY.answers)
    monkeypatch.setattr("agent.store.database.STATE", path)
    return path


def settings(**llm: object) -> config.Config:
    first = {"provider": "openai", "api_key": "sk-0123456789abcdef", "model": "gpt-4o", **llm}
    token = "123456789:" + "A" * 35
    return config.parse(json.dumps({"llm": first, "channel": {"type": "telegram", "bot_token": token}}))


def run(*words: str) -> Result:
    return CliRunner().invoke(look_commands.doctor, list(words), catch_exceptions=False)


@pytest.mark.usefixtures("state")
def test_the_command() -> None:
    done = run()
    assert done.exit_code == 0
    assert done.stdout.startswith("  ✔ ")
    assert done.stdout.endswith("\nNothing to do.\n")
    document = json.loads(run("--json").stdout)
    assert document["well"] is True
    assert [check["id"] for check in document["checks"]] == [check.id for check in CHECKS]


def test_what_the_parts_warn_of_is_not_repeated(state: Path) -> None:
    """Prices that nobody knows, here, in a process of its own: pytest has handlers."""
    program = (
        "import json, pathlib, sys\n"
        "from agent import config, look_commands\n"
        "from agent.store import database\n"
        f"database.STATE = pathlib.Path({str(state)!r})\n"
        "settings = config.parse(sys.stdin.read())\n"
        "config.load = lambda: settings\n"
        "look_commands.doctor(['--no-model'])\n"
    )
    llm = {"provider": "openai", "api_key": "sk-0123456789abcdef", "model": "gpt-4o", "daily_budget_usd": 1}
    document = json.dumps({"llm": llm, "channel": {"type": "telegram", "bot_token": "123456789:" + "A" * 35}})
    words = [sys.executable, "-c", program]
    done = subprocess.run(words, cwd=REPOSITORY, input=document, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == ""


@pytest.mark.usefixtures("state")
def test_the_command_when_something_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    sick = report(sandbox=False, ready=False)
    monkeypatch.setattr(status_report, "gather", lambda _: sick)
    done = run("--lang", "pl")
    assert done.exit_code == 1
    assert done.stdout.splitlines()[-1].startswith("Zrób to: zrestartuj ją: docker restart picoclaw-sandbox ")
    assert run("--json").exit_code == 1


def test_what_is_looked_at(state: Path) -> None:
    found = inside.look(state, "en", model=True)
    assert found.clock_off_s == 1.0
    assert found.names_gateway == ""
    assert found.answers == HEALTHY.answers
    assert (found.config, found.limit) == (None, None)
    (disk,) = found.disks
    assert disk.mount == str(state.parent)
    assert 0 < disk.free <= disk.size
    assert inside.look(state, "en", model=False).answers is None


@pytest.mark.parametrize(
    ("llm", "spent", "words"),
    [
        ({"daily_tokens": 1000}, Spent(requests=1, prompt_tokens=9999), ("of 1\u00a0000", "z 1\u00a0000")),
        (
            {"daily_budget_usd": 1, "price": {"input": 1, "output": 1}},
            Spent(requests=1, cost=2_000_000),
            ("2.00 of 1 USD", "2.00 z 1 USD"),
        ),
        ({"daily_budget_usd": 1}, Spent(), ("do not know what the model costs", "nie wiem, ile kosztuje model")),
    ],
)
def test_a_limit_is_named_and_no_model_asked(
    state: Path, monkeypatch: pytest.MonkeyPatch, llm: dict[str, object], spent: Spent, words: tuple[str, str]
) -> None:
    Usage(connect(state)).add("openai/gpt-4o", spent)
    monkeypatch.setattr(config, "load", lambda: settings(**llm))
    found = inside.look(state, "en", model=True)
    assert found.answers is None
    assert first(found).kind == "limit"
    for language, word in zip(("en", "pl"), words, strict=True):
        assert word in Teller(INSIDE, language).wrong(first(found))


def test_a_config_that_was_spoilt_since_the_start(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> config.Config:
        raise ConfigError("config.json: llm.modle is not a known key", "config.json: llm.modle to nieznany klucz")

    monkeypatch.setattr(config, "load", broken)
    found = inside.look(state, "pl", model=True)
    assert first(found).kind == "config_next"
    assert "llm.modle to nieznany klucz" in Teller(INSIDE, "pl").wrong(first(found))
    assert found.answers is None


def test_a_state_that_cannot_be_read_is_no_limit(state: Path) -> None:
    state.unlink()
    with pytest.raises(sqlite3.Error):
        sqlite3.connect(f"{state.as_uri()}?mode=ro", uri=True)
    assert inside.look(state, "en", model=False).limit is None
