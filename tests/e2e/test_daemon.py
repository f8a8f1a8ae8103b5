"""Hardening of the Docker daemon, which the owner opts in to: nobody's container stops, and a mistake is undone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

from tests.e2e.test_network import another_stack, assert_isolated, published_answers
from tests.lab import Lab
from tests.stack import GATEWAY, SANDBOX, Stack

FILE = "/etc/docker/daemon.json"
OPT_IN = ("-y", "--data", "picoclaw_harden_docker=True")
OWNERS = {"debug": True, "icc": True, "labels": ["owner=me"], "log-opts": {"max-size": "5m"}}


@contextmanager
def daemon_as_it_was(lab: Lab) -> Iterator[None]:
    """Docker without a daemon.json before and afterwards."""
    assert lab.ssh(f"test -e {FILE}").returncode != 0
    try:
        yield
    finally:
        # In the order that the deploy tells an owner who opts out.
        write(lab, '{"live-restore": false}')
        lab.ssh(
            f"systemctl reload docker && sleep 1 && rm -f {FILE}* /opt/stacks/picoclaw/daemon.hardened"
            " && systemctl restart docker",
            check=True,
        )


def write(lab: Lab, text: str) -> None:
    lab.ssh(f"cat > {FILE}", stdin=text, check=True)


def started(stack: Stack, *names: str) -> dict[str, tuple[str, bool]]:
    """When each was started, and whether it still runs."""
    states = {name: stack.inspect(name)["State"] for name in names}
    return {name: (state["StartedAt"], state["Running"]) for name, state in states.items()}


def daemon_pid(lab: Lab) -> str:
    return lab.ssh("systemctl show --value -p MainPID docker", check=True).stdout


def test_the_daemon_is_hardened_on_request_and_nobody_else_notices(stack: Stack) -> None:
    lab = stack.lab
    with daemon_as_it_was(lab), another_stack(lab):
        write(lab, json.dumps(OWNERS))
        before, pid = started(stack, GATEWAY, SANDBOX, "other"), daemon_pid(lab)
        done = stack.deploy(*OPT_IN)
        assert done.returncode == 0, done.stdout
        assert f"{FILE}: icc: no wanted (CIS 2.2, in force after the host's next boot), yes found" in done.stdout
        assert daemon_pid(lab) != pid
        assert started(stack, *before) == before
        assert published_answers(lab)

        written = json.loads(lab.ssh(f"cat {FILE}", check=True).stdout)
        assert {key: written[key] for key in ("debug", "labels")} == {"debug": True, "labels": ["owner=me"]}
        assert written["log-opts"] == {"max-size": "5m", "max-file": "3"}
        assert json.loads(lab.ssh(f"cat {FILE}.before-picoclaw-*", check=True).stdout) == OWNERS
        assert lab.ssh("docker info --format '{{.LiveRestoreEnabled}}'", check=True).stdout == "true\n"
        privileges = lab.ssh("docker run --rm debian:trixie-slim grep NoNewPrivs /proc/self/status", check=True).stdout
        assert privileges.split() == ["NoNewPrivs:", "1"]

        pid = daemon_pid(lab)
        again = stack.deploy(*OPT_IN)
        assert again.returncode == 0, again.stdout
        assert "daemon.json:" not in again.stdout
        assert daemon_pid(lab) == pid
        assert "picoclaw_harden_docker is off, but" in stack.deploy("-y").stdout
        assert json.loads(lab.ssh(f"cat {FILE}", check=True).stdout) == written
        assert_isolated(stack)
    stack.wait_ready()


def test_what_docker_would_not_start_with_is_never_left_behind(stack: Stack) -> None:
    lab = stack.lab
    with daemon_as_it_was(lab):
        for text, sentence in (
            ('{"icc": ', "is not valid JSON"),
            ('{"no-such-setting": 1}', "no-such-setting"),
        ):
            write(lab, text)
            done = stack.deploy(*OPT_IN)
            assert done.returncode != 0
            assert sentence in done.stdout
            assert "Traceback" not in done.stdout
            assert lab.ssh(f"cat {FILE}", check=True).stdout == text
        # A daemon that comes up with the former settings only: a flag and a setting of one name exclude each other.
        before = started(stack, GATEWAY, SANDBOX)
        lab.ssh(f"rm -f {FILE}* && mkdir -p /etc/systemd/system/docker.service.d", check=True)
        drop_in = "/etc/systemd/system/docker.service.d/flag.conf"
        flag = "[Service]\nExecStart=\nExecStart=/usr/sbin/dockerd -H fd:// --userland-proxy=true\n"
        lab.ssh(f"cat > {drop_in} && systemctl daemon-reload", stdin=flag, check=True)
        try:
            done = stack.deploy(*OPT_IN)
            assert done.returncode != 0
            assert "userland-proxy" in done.stdout
            assert "The former ones are back, and Docker runs as before" in done.stdout
            assert started(stack, GATEWAY, SANDBOX) == before
            assert lab.ssh(f"test -e {FILE}").returncode != 0
            assert lab.ssh("docker info --format '{{.LiveRestoreEnabled}}'", check=True).stdout == "false\n"
        finally:
            lab.ssh(f"rm -f {drop_in} && systemctl daemon-reload", check=True)
    stack.wait_ready()
