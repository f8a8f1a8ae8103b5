"""Each container looks at itself before it serves, and refuses when it was started weaker than the deploy starts it."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator

import pytest

from roles.common.spec import ContainerSpec
from tests.litellm_box import LLM
from tests.stack import GATEWAY, SANDBOX, Stack
from tests.weakened import create_arguments, deployed

COMMAND = {GATEWAY: "picoclaw confinement --json"} | dict.fromkeys((SANDBOX, LLM), "picoclaw-confinement --json")
PROGRAM = {
    GATEWAY: "/usr/bin/picoclaw confinement --json",
    SANDBOX: "/usr/local/bin/picoclaw-confinement --json",
    LLM: "/usr/bin/picoclaw-confinement --json",
}
TWIN = "picoclaw-twin"

Change = tuple[tuple[str, ...], tuple[str, ...]]  # options of `docker create` without, and with

# What makes a container weaker, and the row of the self-check that must notice; nothing else may.
WEAKENED: dict[str, Change] = {
    "writable": ((), ("--volume=/srv",)),
    "capabilities": (("--cap-drop",), ()),
    "seccomp": (("--security-opt=seccomp",), ()),
    "user": ((), ("--group-add=0",)),
    "memory": (("--memory",), ("--memory=256m", "--memory-swap=256m")),
    "swap": (("--memory-swap",), ("--memory-swap=-1",)),
    "cpu": (("--cpus",), ()),
    "pids": (("--pids-limit",), ()),
    "network": (("--network",), ("--network=bridge",)),
    "tmp": (("--tmpfs=/tmp",), ("--tmpfs=/tmp:rw,exec,size=16m",)),
    "shm": (("--tmpfs=/dev/shm",), ()),
    "core-dumps": (("--ulimit=core",), ("--ulimit=core=-1",)),
    "namespaces": ((), ("--pid=host",)),
    "kernel-files": ((), ("--security-opt=systempaths=unconfined",)),
    "devices": ((), ("--device=/dev/null:/dev/other",)),
}
# Docker mounts /etc/hosts writable where the root is; without no-new-privileges it loads the profile too early for a
# container to start; the socket's directory is a mount as well; Docker's socket is a place to write.
TWO_ROWS: dict[str, tuple[Change, set[str]]] = {
    "read-only": ((("--read-only",), ()), {"read-only", "writable"}),
    "no-new-privileges": ((("--security-opt",), ()), {"no-new-privileges", "seccomp"}),
    "volume": ((("--mount",), ()), {"volume", "read-only"}),
    "docker-socket": (((), ("--volume=/run/docker.sock:/run/docker.sock",)), {"docker-socket", "writable"}),
}


def twin(spec: ContainerSpec, drop: tuple[str, ...], add: tuple[str, ...]) -> list[str]:
    """The arguments of a container like that one, with another name, weakened."""
    return create_arguments(spec, ("--name", "--hostname", "--restart", *drop), (*add, f"--name={TWIN}"))


def look(stack: Stack, container: str, drop: tuple[str, ...], add: tuple[str, ...]) -> set[str]:
    """The rows that a twin's own check finds failing."""
    *options, image = twin(deployed(stack)[container], drop, add)
    program, *words = PROGRAM[container].split()
    command = ["docker", "run", "--rm", *options, f"--entrypoint={program}", image, *words]
    done = stack.lab.ssh(shlex.join(command))
    assert done.stdout, done.stderr
    failing = {row["id"] for row in json.loads(done.stdout) if not row["ok"]}
    assert (done.returncode != 0) == bool(failing)
    return failing


@pytest.mark.parametrize("container", [GATEWAY, SANDBOX])
def test_every_control_is_in_force(stack: Stack, container: str) -> None:
    assert_every_control_is_in_force(stack, container)


def assert_every_control_is_in_force(stack: Stack, container: str) -> None:
    """The container says so itself, and knows every row."""
    done = stack.lab.ssh(f"docker exec {container} {COMMAND[container]}", check=True)

    rows = json.loads(done.stdout)
    assert {row["id"] for row in rows} - {"firewall"} == {*WEAKENED, *TWO_ROWS}
    assert all(row["ok"] for row in rows)
    assert look(stack, container, (), ()) == set(), "a twin that lacks nothing"


@pytest.mark.parametrize("container", [GATEWAY, SANDBOX])
def test_what_is_missing_is_named(stack: Stack, container: str) -> None:
    """A twin of the container without one control, one after the other."""
    # The checks are the same code in both; the gateway is tried with those that look at what it alone has.
    tried = WEAKENED if container == SANDBOX else {name: WEAKENED[name] for name in ("writable", "capabilities")}
    found = {control: look(stack, container, *change) for control, change in tried.items()}

    assert found == {control: {control} for control in tried}
    for change, both in TWO_ROWS.values():
        assert look(stack, container, *change) == both


def test_a_firewall_that_is_away_is_noticed(stack: Stack) -> None:
    stack.lab.ssh("nft delete table inet picoclaw", check=True)
    try:
        assert look(stack, GATEWAY, (), ()) == {"firewall"}
    finally:
        stack.lab.ssh("systemctl restart picoclaw-firewall", check=True)
    assert look(stack, GATEWAY, (), ()) == set()


@pytest.fixture
def no_twin(stack: Stack) -> Iterator[None]:
    yield
    stack.lab.ssh(f"docker rm --force {TWIN}", check=True)


@pytest.mark.usefixtures("no_twin")
@pytest.mark.parametrize("container", [GATEWAY, SANDBOX])
def test_a_weaker_container_says_so_and_does_not_serve(stack: Stack, container: str) -> None:
    arguments = twin(deployed(stack)[container], ("--cap-drop",), ("--health-interval=1s",))
    before = len(stack.fakes.calls("getUpdates"))
    stack.lab.ssh(shlex.join(["docker", "run", "--detach", "--health-start-period=0s", *arguments]), check=True)

    stack.wait_for(lambda: "capabilities" in stack.logs(TWIN), 20, lambda: stack.logs(TWIN))
    state = stack.inspect(TWIN)["State"]
    assert state["Status"] == "running", "a restart loop would help nobody"
    stack.wait_for(
        lambda: "capabilities" in json.dumps(stack.inspect(TWIN)["State"]["Health"]["Log"]),
        20,
        lambda: json.dumps(stack.inspect(TWIN)["State"]),
    )
    assert stack.logs(TWIN).count("\n") == 1, stack.logs(TWIN)
    assert "Run the deploy again" in stack.logs(TWIN)
    assert len(stack.fakes.calls("getUpdates")) - before <= 1, "only the real gateway polls"
    assert stack.lab.ssh(f"docker stop --time 5 {TWIN}", check=True)
    assert stack.inspect(TWIN)["State"]["ExitCode"] != 137, "it was asked to stop, and had to be killed"
