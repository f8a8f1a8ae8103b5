"""The deploy: a second run changes nothing, and drift of every kind is named and repaired."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fakes import defaults
from tests.stack import CONFIG, Stack

STACK_DIR = "/opt/stacks/picoclaw"


def repaired(stack: Stack) -> str:
    """Deploy over a drift; return what it printed once the product answers again."""
    done = stack.deploy("-y")
    assert done.returncode == 0, done.stdout
    stack.wait_ready()
    assert "repaired" in stack.ask("run echo repaired")
    assert stack.planned_changes() == []
    return done.stdout


def test_the_first_deploy_shows_no_secret(first_deploy: str) -> None:
    for secret in (defaults.TELEGRAM_TOKEN, defaults.OPENROUTER_KEY):
        assert secret not in first_deploy
    assert "Traceback" not in first_deploy


def test_without_a_terminal_nobody_is_asked(stack: Stack) -> None:
    stack.lab.ssh(f"chmod 644 {CONFIG}", check=True)
    done = stack.deploy()
    assert done.returncode == 0, done.stdout
    assert "config.json: mode 0600 wanted, 0644 found" in done.stdout
    assert "exception" not in done.stdout


def test_a_drift_is_told_in_the_operators_language(stack: Stack) -> None:
    stack.lab.ssh(f"chmod 644 {CONFIG} && docker stop -t 1 picoclaw-sandbox", check=True)
    try:
        done = stack.deploy("--dry", LC_ALL="pl_PL.UTF-8")
        (container, *_) = [each for each in stack.planned_changes(PICOCLAW_LANG="pl") if "sandbox" in each["name"]]
    finally:
        # The gateway as well: a configuration that was touched after its start would have it restarted.
        stack.lab.ssh(f"chmod 600 {CONFIG} && docker start picoclaw-sandbox && docker restart picoclaw", check=True)
        stack.wait_ready()
    assert stack.planned_changes(PICOCLAW_LANG="pl") == [], "nothing on the host depends on the language"
    assert done.returncode == 0, done.stdout
    assert f"{CONFIG}: tryb powinien być 0600, jest 0644" in done.stdout
    assert "picoclaw-sandbox: powinien działać (running), jest exited" in done.stdout
    assert "storage | Konfiguracja" in done.stdout
    assert container["name"] == "containers | Kontener picoclaw-sandbox"


def test_a_second_run_changes_nothing(stack: Stack) -> None:
    before = stack.inspect()["State"]["StartedAt"]
    assert stack.planned_changes() == []
    done = stack.deploy("-y", "-vv")
    assert done.returncode == 0, done.stdout
    assert stack.inspect()["State"]["StartedAt"] == before
    for secret in (defaults.TELEGRAM_TOKEN, defaults.OPENROUTER_KEY):
        assert secret not in done.stdout


@pytest.mark.parametrize(
    ("drift", "named"),
    [
        (
            # Not `--memory 0`: Docker takes it for «unchanged».
            (
                "docker update --memory 512m --memory-swap 1g picoclaw-sandbox &&"
                " docker update --pids-limit -1 picoclaw && docker network connect bridge picoclaw"
            ),
            ["picoclaw-sandbox: memory: ", "picoclaw: pids-limit: ", "picoclaw: networks: "],
        ),
        (
            f"echo '{{}}' > {STACK_DIR}/seccomp/sandbox.json && chmod 644 {CONFIG} && chown root:root {CONFIG}",
            ["seccomp/sandbox.json: content differs", "config.json: mode ", "config.json: owner "],
        ),
        (
            "docker rm -f picoclaw-sandbox && docker stop -t 1 picoclaw && nft delete table inet picoclaw",
            ["picoclaw-sandbox: container wanted", "picoclaw: running wanted, exited found", "firewall: "],
        ),
    ],
    ids=["controls", "files", "missing"],
)
def test_drift_is_named_and_repaired(stack: Stack, drift: str, named: list[str]) -> None:
    stack.lab.ssh(drift, check=True)
    assert stack.planned_changes(), "the drift is seen"
    output = repaired(stack)
    assert [words for words in named if words not in output] == [], output


def test_a_container_made_by_hand_without_a_control_is_replaced(stack: Stack) -> None:
    image = stack.inspect("picoclaw-sandbox")["Config"]["Image"]
    label = json.dumps(stack.inspect("picoclaw-sandbox")["Config"]["Labels"].get("picoclaw.spec"))
    weak = (
        "docker rm -f picoclaw-sandbox && docker run -d --name picoclaw-sandbox --restart unless-stopped"
        f" --label picoclaw.spec={label} --network none --read-only --security-opt no-new-privileges"
        " --memory 128m --memory-swap 128m --cpus 1 --pids-limit 64 --user 1000:1000"
        " --tmpfs /tmp:rw,noexec,nosuid,nodev,size=32m -v picoclaw_picoclaw-workspace:/workspace"
        f" -v picoclaw-sandbox-socket:/run/sandbox:ro {image}"
    )
    stack.lab.ssh(weak, check=True)
    output = repaired(stack)
    assert "cap" in output.lower()
    assert stack.inspect("picoclaw-sandbox")["HostConfig"]["CapDrop"] == ["ALL"]


def test_a_changed_config_restarts_the_gateway_only(stack: Stack) -> None:
    started: Callable[[str], str] = lambda name: str(stack.inspect(name)["State"]["StartedAt"])  # noqa: E731
    gateway, sandbox = started("picoclaw"), started("picoclaw-sandbox")
    stack.lab.ssh(f"sed -i 's/claude-3.5-sonnet/claude-3.5-haiku/' {CONFIG}", check=True)
    assert "config.json" in repaired(stack)
    assert started("picoclaw") != gateway
    assert started("picoclaw-sandbox") == sandbox
    assert "claude-3.5-sonnet" in stack.lab.ssh(f"cat {CONFIG}", check=True).stdout


def test_a_changed_agent_makes_a_new_image_and_keeps_the_old(stack: Stack, clone: Path) -> None:
    before = stack.inspect()["Config"]["Image"]
    with (clone / "agent/messages.py").open("a") as source:
        source.write("# a change\n")
    done = stack.deploy("-y", source=clone)
    assert done.returncode == 0, done.stdout
    after = stack.inspect()["Config"]["Image"]
    assert after != before
    kept = stack.lab.ssh("docker images --format '{{.Repository}}:{{.Tag}}'", check=True).stdout.split()
    assert {before, after} <= set(kept)
    repaired(stack)
    assert stack.inspect()["Config"]["Image"] == before


def test_another_stack_on_the_host_is_not_disturbed(stack: Stack) -> None:
    image = "debian:trixie-slim"
    stack.lab.ssh(
        "docker network create other && docker run -d --name other --network other -p 8080:8080 --label mine=1"
        f" {image} sleep infinity && docker rm -f picoclaw picoclaw-sandbox && docker network rm picoclaw-net",
        check=True,
    )
    try:
        before = stack.inspect("other")
        repaired(stack)
        after = stack.inspect("other")
        assert after["State"]["StartedAt"] == before["State"]["StartedAt"]
        assert after["NetworkSettings"] == before["NetworkSettings"]
        assert stack.lab.ssh(f"docker image inspect {image}").returncode == 0
    finally:
        stack.lab.ssh("docker rm -f other; docker network rm other", check=True)


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        ("{", "is not valid JSON"),
        ('{"llm": {"provider": "openrouter", "api_key": "sk-secret-thing", "model": "m", "modle": 1}}', "llm.modle"),
        ('{"llm": {"provider": "openrouter", "api_key": "${NOT_SET_HERE}", "model": "m"}}', "NOT_SET_HERE"),
        (None, "cannot be read"),
    ],
)
def test_a_mistake_of_the_operator_is_one_sentence(
    stack: Stack, config: str | None, sentence: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("config") / "config.json"
    if config is not None:
        path.write_text(config)
    done = stack.deploy("-y", "--data", f"picoclaw_config={path}")
    assert done.returncode != 0
    assert sentence in done.stdout
    assert "Traceback" not in done.stdout
    assert "sk-secret-thing" not in done.stdout
    assert stack.ask("hello"), "what runs goes on"
