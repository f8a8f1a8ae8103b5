"""An inventory of two hosts, an `ssh` that runs on this machine what it is told, a `docker` that tells of a stack."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

# Host `down` is not reached, any other is this machine.
_SSH = """#!/bin/sh
for word; do last=$word; done
case " $* " in
    *" -G "*) echo "user ${TEST_SSH_USER:-root}"; exit ;;
    *" -O exit "*) exit ;;
    *" down "*) echo "ssh: connect to host down port 22: Connection refused" >&2; exit 255 ;;
esac
eval "$last"
"""
_DOCKER = """#!/bin/sh
case "$*" in
    version*) [ ! -e "$TEST_DOCKER/down" ] || { echo "Is the docker daemon running?" >&2; exit 1; }; echo 26.1.5 ;;
    info*) echo / ;;
    *"{{.State.Pid}}"*) echo 0 ;;
    *"{{.State.Running}}"*) cat "$TEST_DOCKER/running" ;;
    "container inspect --format"*) cat "$TEST_DOCKER/inspect" ;;
    "container inspect "*) [ -e "$TEST_DOCKER/$3.log" ] || { echo "Error: No such container: $3" >&2; exit 1; } ;;
    *"picoclaw status --json") cat "$TEST_DOCKER/status"; exit "$(cat "$TEST_DOCKER/status.code")" ;;
    *"picoclaw-confinement --json") cat "$TEST_DOCKER/confinement" ;;
    *"llm check"*) cat "$TEST_DOCKER/model"; exit 1 ;;
    *gaierror*|*getaddrinfo*) ;;
    logs*) for name; do :; done
        case "$*" in *--follow*) echo $$ >"$TEST_DOCKER/following" ;; esac
        cat "$TEST_DOCKER/$name.log" || exit 1
        case "$*" in *--follow*) exec sleep 30 ;; esac ;;
    *) echo "docker: unknown: $*" >&2; exit 64 ;;
esac
"""


def program(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)


def inspected(name: str, **state: object) -> str:
    """A line as gather.sh asks for it."""
    health = {"Status": "healthy", "Log": [{"Output": "early"}, {"Output": "ok: 0 jobs\n"}]}
    started = {"Status": "running", "Error": "", "ExitCode": 0, "OOMKilled": False, "Health": health}
    document = {
        "name": f"/{name}", "image": f"{name}:0123", "restarts": 2, "memory_limit": 134217728,
        "state": {**started, "StartedAt": "2026-11-27T10:00:00.123456789Z", **state},
    }  # fmt: skip
    return json.dumps(document)


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the fake docker tells, a file for each thing; the hosts are `here` and `down`."""
    programs, told = tmp_path / "bin", tmp_path / "docker"
    programs.mkdir()
    told.mkdir()
    program(programs / "ssh", _SSH)
    program(programs / "docker", _DOCKER)
    program(programs / "sudo", '#!/bin/sh\nshift\nexec "$@"\n')
    hosts = tmp_path / "hosts.json"
    hosts.write_text(json.dumps({"here": {}, "down": {}}))
    for name, text in {
        "inspect": f"{inspected('picoclaw')}\n{inspected('picoclaw-sandbox')}\n",
        "status": json.dumps({"gateway": {"healthy": True, "ready": True, "sandbox": True, "version": "0.1.0",
                                          "channels": {"telegram": {"last_contact_s": 2.5}}},
                              "confinement": [{"id": "memory", "expected": "a", "seen": "a", "ok": True}]}),
        "status.code": "0",
        "confinement": json.dumps([{"id": "swap", "expected": "0", "seen": "9", "ok": False}]),
        "model": json.dumps([{"where": "llm", "provider": "openai", "model": "gpt-4o", "engine": "direct",
                              "ok": False, "seconds": 0.1, "problem": "refused", "error": "LLMKeyError"}]),
        "running": "true\n",
        "picoclaw.log": "2026-11-28 00:00:01 ERROR   llm: no \x1b[31mred\n2026-11-28 00:00:02 INFO    gateway: on\n",
        "picoclaw-sandbox.log": "sandbox: version 0.1.0\n",
    }.items():  # fmt: skip
        (told / name).write_text(text)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    monkeypatch.setenv("TEST_DOCKER", str(told))
    monkeypatch.setenv("PICOCLAW_HOSTS_FILE", str(hosts))
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    return told
