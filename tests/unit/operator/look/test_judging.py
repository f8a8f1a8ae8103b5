"""Each trouble is known by what it looks like, and the one thing to do is about its cause."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from agent.operator.look import judging
from agent.operator.look.checks import CHECKS
from agent.operator.look.names import GATEWAY, SANDBOX
from agent.operator.look.seen import Answer, Disk, Docker, Drift, Seen
from agent.operator.look.words import LOOK
from agent.status_report import Channel, Control, Memory, Model, Report, Workspace
from tests.unit.operator.look import healthy

RUNC = "OCI runtime create failed: open sysctl net.ipv4.ip_unprivileged_port_start file: reopen fd 8: permission denied"
WEAK = (Control(id="memory", expected="≤ 128 MB", seen="512 MB", ok=False),)
REFUSED_TOKEN = "Telegram refuses the bot token: put BotFather's into channel.bot_token"
FULL = Memory(used=126 * 2**20, limit=128 * 2**20)
GONE = Channel(problem=REFUSED_TOKEN, problem_pl="zły token", curable=False, refused_token=True)


def channel(**changes: Any) -> Seen:
    return healthy.seen(report=healthy.report(channels={"telegram": Channel(**changes)}))


def answered(error: str) -> Seen:
    answer = Answer("llm", "openai", "gpt-4o", ok=False, problem="the sentence of the gateway", error=error)
    return healthy.seen(answers=(answer,))


# kind of trouble: how the host looks then, words of the sentence, words of the remedy.
TROUBLES: dict[str, tuple[Seen, str, str]] = {
    "unreachable": (
        Seen("mikrus", ssh="ssh mikrus", unreachable="ssh: connect to host srv42 port 10142: Connection refused"),
        "Connection refused", "provider's panel that the server runs and which SSH port",
    ),
    "login": (Seen("mikrus", ssh="ssh mikrus", unreachable="root@srv42: Permission denied (publickey)."),
              "Permission denied", "ssh mikrus true"),
    "root": (Seen("mikrus", refused="sudo: a password is required"), "a password is required", "sudo without"),
    "disk": (healthy.seen(disks=(Disk("/", 10**10, 20 * 2**20),)), "20 MB free on /", "du -xh --max-depth=2 /"),
    "inodes": (healthy.seen(disks=(Disk("/", 10**10, 10**9, 0.99),)), "no more files", "--inodes"),
    "docker_down": (healthy.seen(docker=Docker(problem="Is the docker daemon running?"), containers={}, report=None),
                    "Is the docker daemon running?", "systemctl start docker"),
    "docker_missing": (healthy.seen(docker=Docker(problem="not found", installed=False), containers={}, report=None),
                       "not installed", "the deploy installs it"),
    "clock_ahead": (healthy.seen(clock_off_s=3600.0), "3600 s ahead", "timedatectl set-ntp"),
    "clock_behind": (healthy.seen(clock_off_s=-3600.0), "3600 s behind", "timedatectl set-ntp"),
    "missing": (healthy.seen(containers={GATEWAY: healthy.container(GATEWAY)}),
                "no container picoclaw-sandbox", "pyinfra inventory deploy.py"),
    "lxc": (healthy.with_containers(status="created", up_s=None, error=RUNC), "runc issue 4968", "update LXC"),
    "start": (healthy.with_containers(status="created", up_s=None, error="no such network"),
              "no such network", "pyinfra inventory deploy.py"),
    "oom_ended": (healthy.with_containers(status="exited", up_s=None, oom_killed=True, exit_code=137),
                  "lack of memory (its limit is 128 MB)", "docker start picoclaw'"),
    "oom": (healthy.with_containers(oom_kills=3), "3 processes of picoclaw", "docker restart picoclaw'"),
    "tight": (healthy.seen(report=healthy.report(memory={"sandbox": FULL, "gateway": FULL})),
              "picoclaw is nearly out of memory: 126 of 128 MB", "docker restart picoclaw'"),
    "loop": (healthy.with_sandbox(restarts=9, up_s=4.0), "again and again (9 times), its log ends: the last line",
             "picoclaw logs mikrus --container sandbox"),
    "paused": (healthy.with_containers(status="paused"), "is paused", "docker unpause picoclaw'"),
    "stopped": (healthy.with_containers(status="exited", up_s=None, exit_code=143),
                "(exited, exit code 143), its log ends: the last line",
                "ssh -p 10142 root@srv42.mikr.us 'docker start picoclaw'"),
    "weak": (healthy.with_sandbox(confinement=WEAK), "picoclaw-sandbox is confined more weakly",
             "makes it anew"),
    "old": (healthy.seen(report=None, report_problem="Error: No such command 'status'."), "older version",
            "deploy this"),
    "silent": (healthy.seen(report=Report(gateway=None, problem="Connection refused")),
               "does not answer: Connection refused", "docker restart picoclaw'"),
    "config": (healthy.seen(report=healthy.report(problem="llm.modle is not a known key; did you mean model?")),
               "llm.modle is not a known key", "picoclaw config check"),
    "names_host": (healthy.seen(names_host="api.telegram.org"), "cannot resolve api.telegram.org", "/etc/resolv.conf"),
    "names_gateway": (healthy.seen(names_gateway="socket.gaierror: [Errno -3]"), "gaierror", "present resolvers"),
    "token": (healthy.seen(report=healthy.report(channels={"telegram": GONE})), "telegram refuses the token",
              "right token into config.json"),
    "channel_owner": (channel(problem="another program polls", curable=False), "another program polls", "what it says"),
    "channel_away": (channel(problem="no contact for 99 s"), "no contact for 99 s", "wait a few minutes"),
    "sandbox": (healthy.seen(report=healthy.report(sandbox=False, ready=False)),
                "sandbox is not connected", "docker restart picoclaw-sandbox'"),
    "egress": (healthy.seen(report=healthy.report(egress={"sandbox": None, "llm": "no socket"})),
               "way out of llm is shut: no socket", "docker restart picoclaw'"),
    "litellm": (
        replace(
            healthy.seen(report=healthy.report(model=Model(name="a", first="a", engine="down"))),
            containers={name: healthy.container(name) for name in (GATEWAY, SANDBOX, "picoclaw-llm")},
        ),
        "picoclaw-llm does not answer", "docker restart picoclaw-llm'",
    ),
    "unhealthy": (healthy.with_sandbox(health="unhealthy", health_said="busy"), "health check says: busy",
                  "docker restart picoclaw-sandbox'"),
    "key": (answered("LLMKeyError"), "openai refuses the key: the sentence", "correct llm.api_key in config.json"),
    "quota": (answered("LLMQuotaError"), "openai: the sentence", "account at openai"),
    "model": (answered("LLMUnavailableError"), "gpt-4o does not answer: the sentence", "asks the model again"),
    "nobody": (channel(last_contact_s=1.0, paired=False), "nobody may talk to it",
               "docker exec picoclaw picoclaw pair"),
    "strangers": (channel(last_contact_s=1.0, strangers=3, heard=False), "strangers were turned away: 3",
                  "picoclaw logs mikrus shows it"),
    "workspace": (healthy.seen(report=healthy.report(workspace=Workspace(full=True))), "workspace is full",
                  "workspace_mb"),
    "drift": (healthy.seen(drift=Drift(changes=("containers | Container picoclaw",))),
              "would change: containers | Container picoclaw", "put it right: pyinfra inventory deploy.py"),
    "drift_unknown": (healthy.seen(drift=Drift(problem="no config.json")), "no config.json", "--dry --limit mikrus"),
}  # fmt: skip


def test_a_healthy_host_has_no_trouble_and_nothing_is_left_unlooked_at() -> None:
    found = judging.findings(healthy.seen())
    assert [finding.check for finding in found if finding.verdict != "ok"] == []
    assert len(found) == len(CHECKS)


@pytest.mark.parametrize("kind", TROUBLES)
def test_the_trouble_and_its_remedy(kind: str) -> None:
    seen, words, remedy = TROUBLES[kind]
    first = judging.troubles(seen)[0]
    assert first.kind == kind
    assert words in judging.teller(seen, "en").wrong(first)
    assert remedy in judging.teller(seen, "en").remedy(first)


@pytest.mark.parametrize("kind", TROUBLES)
def test_both_sentences_exist_in_polish_and_say_the_same_things(kind: str) -> None:
    seen, _, _ = TROUBLES[kind]
    first = judging.troubles(seen)[0]
    teller = judging.teller(seen, "pl")
    for say, key in ((teller.wrong, f"bad_{kind}"), (teller.remedy, f"do_{kind}")):
        assert say(first)
        fields = [set(re.findall(r"{\w+}", LOOK[key][language])) for language in ("en", "pl")]
        assert fields[0] == fields[1], key


def test_every_trouble_that_has_words_is_tested_and_every_check_has_a_name() -> None:
    assert {key.removeprefix("bad_") for key in LOOK if key.startswith("bad_")} == set(TROUBLES)
    assert {key.removeprefix("do_") for key in LOOK if key.startswith("do_")} == set(TROUBLES)
    assert {key.removeprefix("check_") for key in LOOK if key.startswith("check_")} == {check.id for check in CHECKS}


def test_the_cause_comes_before_what_it_causes() -> None:
    """A weakened gateway does not serve, is unhealthy, and drifts: the deploy is what helps."""
    seen = replace(
        healthy.with_containers(confinement=WEAK, health="unhealthy"),
        report=healthy.report(problem="this container is confined more weakly than it should be"),
        drift=Drift(changes=("containers | Container picoclaw",)),
    )
    assert [trouble.kind for trouble in judging.troubles(seen)] == ["weak", "config", "unhealthy", "drift"]


def test_what_cannot_be_seen_is_neither_well_nor_wrong() -> None:
    found = {finding.check: finding.verdict for finding in judging.findings(TROUBLES["unreachable"][0])}
    assert found.pop("reached") == "bad"
    assert set(found.values()) == {"unknown"}
    stopped = {finding.check: finding.verdict for finding in judging.findings(TROUBLES["stopped"][0])}
    assert stopped["channels"] == stopped["model"] == stopped["answers"] == "unknown"


def test_what_is_no_trouble() -> None:
    assert judging.troubles(healthy.with_sandbox(oom_kills=5)) == [], "a command of the model's has met its limit"
    assert judging.troubles(healthy.with_containers(restarts=9)) == [], "it has run for hours since"
    sandbox = healthy.seen(report=healthy.report(memory={"sandbox": FULL}))
    assert judging.troubles(sandbox) == [], "so has this one"
    assert judging.troubles(healthy.seen(clock_off_s=-20.0)) == []
    both = {"telegram": Channel(last_contact_s=1.0), "discord": Channel(last_contact_s=1.0, paired=False)}
    assert judging.troubles(healthy.seen(report=healthy.report(channels=both))) == []


def test_a_channel_that_only_the_owner_can_mend_comes_first() -> None:
    channels = {"discord": Channel(problem="no contact for 99 s"), "telegram": GONE}
    seen = healthy.seen(report=healthy.report(channels=channels))
    first = judging.troubles(seen)[0]
    assert first.kind == "token"
    assert REFUSED_TOKEN in judging.teller(seen, "en").wrong(first)
    assert "zły token" in judging.teller(seen, "pl").wrong(first)


def test_what_a_container_says_stays_on_its_line_and_obeys_nobody() -> None:
    seen = healthy.with_containers(status="exited", up_s=None, last_lines=("\x1b[2J\u202eall\n✔ fine" + "x" * 999,))
    said = judging.teller(seen, "en").wrong(judging.troubles(seen)[0])
    assert "\x1b" not in said
    assert "\n" not in said
    assert "\u202e" not in said
    assert len(said) < 500
