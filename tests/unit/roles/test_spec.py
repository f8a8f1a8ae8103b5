"""The specification of the containers: the contract's controls as `docker create` arguments."""

from __future__ import annotations

import dataclasses
import json

import pytest

from roles.common.spec import ContainerSpec, Mount
from roles.containers.specs import gateway, llm, sandbox
from tests.unit.roles.mutations import SPEC

GATEWAY = gateway("abc", with_ca=True, extra_hosts={"b.example": "192.0.2.2", "a.example": "192.0.2.1"})
SANDBOX = sandbox("abc")
LLM = llm("abc")
EVERYWHERE = {
    "--read-only",
    "--cap-drop=ALL",
    "--security-opt=no-new-privileges",
    "--user=1000:1000",
    "--cpus=1",
    "--pids-limit=64",
    "--ulimit=nofile=1024:1024",
    "--ulimit=core=0:0",
    "--ipc=private",
    "--cgroupns=private",
    "--restart=always",
    "--log-driver=json-file",
    "--log-opt=max-size=1m",
    "--log-opt=max-file=3",
}


@pytest.mark.parametrize(
    ("spec", "memory"), [(GATEWAY, 128), (SANDBOX, 128), (LLM, 256)], ids=["gateway", "sandbox", "llm"]
)
def test_each_has_every_common_control(spec: ContainerSpec, memory: int) -> None:
    arguments = spec.create_arguments()

    assert set(arguments) >= EVERYWHERE
    assert {f"--memory={memory * 1024**2}", f"--memory-swap={memory * 1024**2}"} <= set(arguments)
    assert "--tmpfs=/dev/shm:rw,noexec,nosuid,nodev,size=8m,nr_inodes=1k" in arguments
    assert f"--hostname={spec.name}" in arguments
    assert not any(word.startswith(("--publish", "--privileged", "--cap-add", "--env")) for word in arguments)
    assert not any("docker.sock" in word for word in arguments)


def test_the_gateway_reads_its_configuration_and_listens_for_the_sandbox() -> None:
    arguments = GATEWAY.create_arguments()

    assert "--network=picoclaw-net" in arguments
    assert "--security-opt=seccomp=/opt/stacks/picoclaw/seccomp/gateway.json" in arguments
    assert "--mount=type=bind,source=/opt/stacks/picoclaw/config,target=/etc/picoclaw,readonly" in arguments
    assert "--mount=type=volume,source=picoclaw-sandbox-socket,target=/run/sandbox,volume-nocopy" in arguments
    assert "--tmpfs=/tmp:rw,noexec,nosuid,nodev,size=16m,nr_inodes=8k" in arguments
    assert [word for word in arguments if "add-host" in word] == [
        "--add-host=a.example:192.0.2.1",
        "--add-host=b.example:192.0.2.2",
    ]
    assert arguments[-1] == "picoclaw-gateway:abc"


def test_the_sandbox_sees_the_workspace_and_nothing_else() -> None:
    arguments = SANDBOX.create_arguments()

    assert "--network=none" in arguments
    assert [word for word in arguments if word.startswith("--mount")] == [
        "--mount=type=volume,source=picoclaw_picoclaw-workspace,target=/workspace,volume-nocopy",
        "--mount=type=volume,source=picoclaw-sandbox-socket,target=/run/sandbox,readonly,volume-nocopy",
    ]
    assert "--tmpfs=/tmp:rw,noexec,nosuid,nodev,size=32m,nr_inodes=8k" in arguments
    assert not any("config" in word for word in arguments)


def test_litellm_sees_two_sockets_and_nothing_else() -> None:
    arguments = LLM.create_arguments()

    assert "--network=none" in arguments
    assert "--security-opt=seccomp=/opt/stacks/picoclaw/seccomp/llm.json" in arguments
    assert [word for word in arguments if word.startswith("--mount")] == [
        "--mount=type=volume,source=picoclaw-llm-socket,target=/run/llm,volume-nocopy",
        "--mount=type=volume,source=picoclaw-egress,target=/run/egress,readonly,volume-nocopy",
    ]
    assert "--tmpfs=/tmp:rw,noexec,nosuid,nodev,size=16m,nr_inodes=8k" in arguments
    assert not any("config" in word for word in arguments)
    assert arguments[-1] == "picoclaw-llm:abc"


def test_the_gateway_has_the_other_ends_of_them_only_where_there_is_litellm() -> None:
    beside = gateway("abc", with_ca=True, extra_hosts={}, with_llm=True)
    plain = gateway("abc", with_ca=True, extra_hosts={})

    assert set(beside.create_arguments()) - set(plain.create_arguments()) - {
        word for word in beside.create_arguments() if word.startswith("--label")
    } == {
        "--mount=type=volume,source=picoclaw-llm-socket,target=/run/llm,readonly,volume-nocopy",
        "--mount=type=volume,source=picoclaw-egress,target=/run/egress,volume-nocopy",
    }
    assert not any("llm" in word or "egress" in word for word in GATEWAY.create_arguments())


@pytest.mark.parametrize(
    "change",
    [
        {"memory": 1},
        {"cpus": 2},
        {"pids": 65},
        {"user": "0"},
        {"network": "host"},
        {"seccomp": '{"defaultAction": "SCMP_ACT_ALLOW"}'},
        {"mounts": (Mount("bind", "/", "/host", read_only=False),)},
        {"tmpfs": ()},
        {"extra_hosts": ()},
        {"config_files": ("/x",)},
        {"restart": "no"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_the_label_changes_with_the_specification(change: dict[str, object]) -> None:
    assert dataclasses.replace(SPEC, **change).digest() != SPEC.digest()  # type: ignore[arg-type]


def test_the_label_does_not_change_with_the_image_or_the_layout_of_the_profile() -> None:
    """An image has its own id; sixty lines of JSON are the same profile as one."""
    same = dataclasses.replace(SPEC, image="other:tag", seccomp=json.dumps(json.loads(SPEC.seccomp), indent=4))

    assert same.digest() == SPEC.digest()
