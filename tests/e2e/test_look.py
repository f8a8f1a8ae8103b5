"""`picoclaw status`, `logs` and `doctor` over real SSH: well is told as well, what is broken is named by its cause."""

from __future__ import annotations

import json
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.fakes import defaults
from tests.stack import GATEWAY, REPOSITORY, SANDBOX, Stack

PICOCLAW = (sys.executable, "-m", "agent.cli")
SECRETS = (defaults.TELEGRAM_TOKEN, defaults.OPENROUTER_KEY)
CLOSED_PORT = 9


def run(stack: Stack, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A command of the operator's machine; it shows no secret, whatever it finds."""
    done = subprocess.run(
        [*PICOCLAW, *words], cwd=REPOSITORY, env={**stack.environment, "LC_ALL": "C.UTF-8", **environment},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert not any(secret in done.stdout + done.stderr for secret in SECRETS)
    assert "Traceback" not in done.stderr, done.stderr
    return done


def doctor(stack: Stack) -> dict[str, Any]:
    """What it finds on the lab host."""
    done = run(stack, "doctor", "--json")
    (found,) = json.loads(done.stdout)
    assert done.returncode == (0 if found["well"] else 1)
    return dict(found)


def first(found: dict[str, Any]) -> str:
    """The kind of the trouble that it says to do something about."""
    kinds = [check["kind"] for check in found["checks"] if check["kind"] is not None]
    return str(kinds[0]) if kinds else ""


def inside(stack: Stack, *words: str) -> subprocess.CompletedProcess[str]:
    """A command in the gateway's container; it shows no secret either."""
    done = stack.lab.ssh(f"docker exec picoclaw picoclaw {' '.join(words)}")
    assert not any(secret in done.stdout + done.stderr for secret in SECRETS)
    assert "Traceback" not in done.stderr, done.stderr
    return done


def first_inside(stack: Stack) -> str:
    """The kind of the trouble that the container's own doctor says to do something about."""
    done = inside(stack, "doctor", "--json")
    found = json.loads(done.stdout)
    assert done.returncode == (0 if found["well"] else 1)
    return first(found)


@contextmanager
def broken(stack: Stack, how: str, undo: str) -> Iterator[None]:
    """The lab host after a script, and put back by another."""
    stack.lab.ssh(how, check=True)
    try:
        yield
    finally:
        stack.lab.ssh(undo, check=True)
        stack.wait_ready()


def test_the_status_of_a_healthy_host(stack: Stack) -> None:
    stack.wait_healthy()
    stack.ask("run echo hello")
    done = run(stack, "status", "--drift")
    assert done.returncode == 0, done.stdout
    head, *lines = done.stdout.splitlines()
    assert head.startswith(f"{stack.lab.name}: well (PicoClaw ")
    text = "\n".join(lines)
    for words in (
        "/128 MB",
        "healthy, up",
        "telegram: ok",
        "today: requests ",
        "disk /",
        "all 20 controls",
        "drift: none",
    ):
        assert words in text
    (host,) = json.loads(run(stack, "status", "--json").stdout)
    assert host["well"] is True
    measured = int(stack.lab.ssh("docker inspect --format '{{.HostConfig.Memory}}' picoclaw", check=True).stdout)
    assert 0 < host["containers"][GATEWAY]["memory_used"] < host["containers"][GATEWAY]["memory_limit"] == measured
    assert host["report"]["usage"]["requests"] >= 1


def test_the_doctor_finds_nothing_on_a_healthy_host(stack: Stack) -> None:
    stack.wait_healthy()
    found = doctor(stack)
    assert [check for check in found["checks"] if check["verdict"] != "ok"] == []
    assert found["do"] is None


def test_the_container_tells_its_own_part(stack: Stack) -> None:
    done = stack.lab.ssh("docker exec picoclaw picoclaw status --lang pl")
    assert done.returncode == 0, done.stdout
    assert done.stdout.startswith("PicoClaw ")
    for words in ("telegram: ok", "/128 MB", "działają wszystkie (20)", "dzisiaj: zapytania"):
        assert words in done.stdout


def test_the_doctor_in_the_container_finds_nothing_on_a_healthy_host(stack: Stack) -> None:
    """Each check has something to look at there, the clock of the chat service included."""
    stack.wait_ready()
    stack.ask("hello")
    done = inside(stack, "doctor", "--json")
    found = json.loads(done.stdout)
    assert [check for check in found["checks"] if check["verdict"] != "ok"] == []
    assert (done.returncode, found["do"], found["hints"]) == (0, None, [])
    spoken = inside(stack, "doctor", "--lang", "pl")
    assert spoken.stdout.splitlines()[-1] == "Nic nie trzeba robić."


def test_the_help_in_the_container(stack: Stack) -> None:
    """The image's byte code has the texts that it is made of."""
    for command, text in (("doctor", "Poszukaj, co jest nie tak"), ("logs", "Wypisz koniec"), ("task", "Zleć")):
        assert text in inside(stack, command, "--help", "--lang", "pl").stdout
    assert "Have the assistant do something" in inside(stack, "task", "--help").stdout


def test_the_log_in_the_container(stack: Stack) -> None:
    stack.wait_ready()
    kept = inside(stack, "logs", "-n", "200").stdout.splitlines()
    assert any("gateway: PicoClaw " in line for line in kept)
    assert "\n".join(kept) in stack.logs(), "what it prints is what Docker has"


def test_the_sandbox_sees_nothing_of_the_log(stack: Stack) -> None:
    stack.wait_ready()
    asks = (
        "curl -sS -m 3 --noproxy '*' http://127.0.0.1:18790/log 2>&1; "
        "curl -sS -m 3 --abstract-unix-socket picoclaw-tasks http://x/log 2>&1; "
        "grep -cE '@picoclaw-(tasks|chat)' /proc/net/unix"
    )
    said = stack.lab.ssh(f"docker exec picoclaw-sandbox bash -c {shlex.quote(asks)}").stdout.splitlines()
    assert len(said) == 3, said
    assert all("curl: (7)" in line for line in said[:2]), said
    assert said[2] == "0"


def test_a_stopped_gateway(stack: Stack) -> None:
    with broken(stack, "docker stop picoclaw", "docker start picoclaw"):
        found = doctor(stack)
        assert first(found) == "stopped"
        assert "'docker start picoclaw'" in found["do"]
        spoken = run(stack, "doctor", "--no-model", "--lang", "pl")
        assert spoken.stdout.splitlines()[-1].startswith("Zrób to: uruchom go: ssh ")


@pytest.mark.parametrize(
    ("section", "changes", "kind"),
    [
        ("channel", {"bot_token": "123456789:" + "B" * 35}, "token"),
        ("llm", {"api_key": "sk-or-v1-" + "0" * 64}, "key"),
        ("llm", {"modle": "x"}, "config"),
        ("channel", {"allowed_user_ids": []}, "nobody"),
    ],
)
def test_a_wrong_config(stack: Stack, section: str, changes: dict[str, object], kind: str) -> None:
    with stack.edited_config(**{section: changes}):
        stack.wait_for(lambda: stack.lab.ssh("docker exec picoclaw picoclaw health").stdout != "", 20, stack.logs)
        stack.wait_for(lambda: first(doctor(stack)) == kind, 60, lambda: json.dumps(doctor(stack), indent=2))
        stack.wait_for(lambda: first_inside(stack) == kind, 30, lambda: inside(stack, "doctor").stdout)
        if kind == "config":
            assert "llm.modle" in inside(stack, "logs").stdout, "it stands by, and tells its log all the same"


def repair(stack: Stack) -> None:
    repaired = stack.deploy("-y")
    assert repaired.returncode == 0, repaired.stdout
    stack.wait_ready()


def test_a_weakened_sandbox(stack: Stack) -> None:
    stack.lab.ssh("docker update --memory 512m --memory-swap 512m picoclaw-sandbox", check=True)
    try:
        found = doctor(stack)
    finally:
        repair(stack)
    assert first(found) == "weak"
    assert "picoclaw-sandbox" in next(check["said"] for check in found["checks"] if check["kind"] == "weak")


def test_a_removed_sandbox(stack: Stack) -> None:
    stack.lab.ssh("docker rm --force picoclaw-sandbox", check=True)
    try:
        found = doctor(stack)
    finally:
        repair(stack)
    assert first(found) == "missing"
    assert found["do"].endswith("pyinfra inventory deploy.py")
    drift = next(check for check in found["checks"] if check["id"] == "drift")
    assert f"containers | Container {SANDBOX}" in drift["said"], "a deploy would make it, and the dry run says so"


def test_docker_that_does_not_run(stack: Stack) -> None:
    with broken(stack, "systemctl stop docker.socket docker", "systemctl start docker.socket docker"):
        found = doctor(stack)
        assert first(found) == "docker_down"
        assert "systemctl start docker" in found["do"]


def test_an_unreachable_host_beside_a_healthy_one(stack: Stack, tmp_path: Path) -> None:
    stack.wait_healthy()
    hosts = json.loads(stack.lab.places.hosts.read_text())
    hosts["closed"] = {**hosts[stack.lab.name], "ssh_port": CLOSED_PORT}
    both = tmp_path / "hosts.json"
    both.write_text(json.dumps(hosts))
    done = run(stack, "doctor", "--json", PICOCLAW_HOSTS_FILE=str(both))
    assert done.returncode == 1
    found = {host["host"]: host for host in json.loads(done.stdout)}
    assert found[stack.lab.name]["well"] is True, found
    assert first(found["closed"]) == "unreachable"
    assert f"-p {CLOSED_PORT} " in found["closed"]["do"]
    logs = run(stack, "logs", "--tail", "1", PICOCLAW_HOSTS_FILE=str(both))
    assert logs.returncode == 1
    assert logs.stdout.startswith(f"{stack.lab.name} | ")
    assert logs.stderr.startswith("closed: ssh: connect to host ")


def test_following_the_log(stack: Stack) -> None:
    words = [*PICOCLAW, "logs", "--follow", "--tail", "0"]
    with subprocess.Popen(words, cwd=REPOSITORY, env=stack.environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        follows = "pgrep -fc '^docker logs --follow'"
        try:
            stack.wait_for(lambda: stack.lab.ssh(follows).stdout.strip() == "1", 30, stack.logs)
            stack.lab.ssh("docker restart picoclaw", check=True)
            assert any("gateway: stopped" in line for line in process.stdout)
            assert any("gateway: PicoClaw" in line for line in process.stdout), "it goes on with the restarted one"
            process.send_signal(signal.SIGINT)
            assert process.wait(30) == 0
        finally:
            process.kill()
    stack.wait_for(lambda: stack.lab.ssh(follows).stdout.strip() == "0", 30, stack.logs)
    stack.wait_ready()


def test_afterwards_all_is_as_before(stack: Stack) -> None:
    stack.wait_healthy()
    assert first(doctor(stack)) == ""
    assert stack.planned_changes() == []
