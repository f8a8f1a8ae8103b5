"""The seccomp profiles, as far as that can be seen without a kernel: the lab tries them with real calls."""

from __future__ import annotations

import json
from typing import Any

import pytest

from roles.seccomp import groups
from roles.seccomp.profile import PROFILES, render

NAMES = tuple(PROFILES)
GROUPS = {name: value for name, value in vars(groups).items() if name.isupper()}
# What the issues name, and the calls by which a test tells these profiles from Docker's default.
NEVER = (
    "ptrace process_vm_readv process_vm_writev bpf perf_event_open io_uring_setup io_uring_enter io_uring_register "
    "keyctl add_key request_key userfaultfd mount umount2 fsopen fsmount fsconfig move_mount open_tree mount_setattr "
    "pivot_root chroot init_module finit_module delete_module kexec_load kexec_file_load unshare setns memfd_create "
    "vmsplice socketcall open_by_handle_at reboot swapon iopl ioperm syslog acct quotactl seccomp pidfd_getfd kcmp "
    "setuid setresuid clone3"
)


def document(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(render(PROFILES[name]))
    return loaded


def rules(name: str, call: str) -> list[dict[str, Any]]:
    return [rule for rule in document(name)["syscalls"] if call in rule["names"]]


@pytest.mark.parametrize("name", NAMES)
def test_what_is_not_allowed_is_answered_eperm(name: str) -> None:
    profile = document(name)

    assert profile["defaultAction"] == "SCMP_ACT_ERRNO"
    assert profile.get("defaultErrnoRet", 1) == 1
    assert [entry["architecture"] for entry in profile["archMap"]] == ["SCMP_ARCH_X86_64", "SCMP_ARCH_AARCH64"]
    assert not any(entry["subArchitectures"] for entry in profile["archMap"])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("call", NEVER.split())
def test_a_dangerous_call_is_not_allowed(name: str, call: str) -> None:
    assert all(rule["action"] != "SCMP_ACT_ALLOW" for rule in rules(name, call))


@pytest.mark.parametrize("name", NAMES)
def test_clone3_is_not_there_so_that_libc_falls_back(name: str) -> None:
    (rule,) = rules(name, "clone3")

    assert (rule["action"], rule["errnoRet"]) == ("SCMP_ACT_ERRNO", 38)


def clone_allows(name: str, flags: int) -> bool:
    """What the filter's one rule for clone answers, by the meaning of SCMP_CMP_MASKED_EQ."""
    (rule,) = rules(name, "clone")
    (condition,) = rule["args"]
    assert condition["op"] == "SCMP_CMP_MASKED_EQ"
    return bool(flags & condition["value"] == condition["valueTwo"])


NAMESPACE_FLAGS = [0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000]
PTHREAD = 0x3D0F00  # VM, FS, FILES, SIGHAND, THREAD, SYSVSEM, SETTLS, PARENT_SETTID, CHILD_CLEARTID
FORK = 0x1200011  # CHILD_SETTID, CHILD_CLEARTID, SIGCHLD


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("flag", NAMESPACE_FLAGS, ids=hex)
def test_no_namespace_can_be_made(name: str, flag: int) -> None:
    assert not clone_allows(name, flag | PTHREAD)
    assert not clone_allows(name, flag | FORK)


def test_the_gateway_makes_threads_and_the_sandbox_processes_too() -> None:
    assert clone_allows("gateway", PTHREAD)
    assert not clone_allows("gateway", FORK)
    assert clone_allows("sandbox", PTHREAD)
    assert clone_allows("sandbox", FORK)
    assert not rules("gateway", "vfork")
    assert rules("sandbox", "vfork")


def socket_allowed(name: str, family: int, kind: int, protocol: int) -> bool:
    def holds(condition: dict[str, Any]) -> bool:
        value = (family, kind, protocol)[condition["index"]]
        if condition["op"] == "SCMP_CMP_MASKED_EQ":
            return bool(value & condition["value"] == condition["valueTwo"])
        return bool(value == condition["value"])

    found = rules(name, "socket")
    assert all(rule["args"] for rule in found)
    return any(all(map(holds, rule["args"])) for rule in found)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("family", "kind", "protocol", "allowed"),
    [
        (1, 1, 0, True),
        (2, 1, 0, True),
        (2, 1 | 0x80000 | 0x800, 6, True),
        (2, 2, 17, True),
        (10, 1, 6, True),
        (10, 2, 0, True),
        (2, 3, 1, False),
        (2, 2, 1, False),
        (2, 1, 132, False),
        (2, 1, 262, False),
        (2, 5, 132, False),
        (16, 3, 0, False),
        (17, 3, 0, False),
        (38, 5, 0, False),
        (40, 1, 0, False),
    ],
)
def test_only_unix_tcp_and_udp_sockets_can_be_made(
    name: str, family: int, kind: int, protocol: int, allowed: bool
) -> None:
    assert socket_allowed(name, family, kind, protocol) is allowed


@pytest.mark.parametrize("name", NAMES)
def test_socketpairs_are_unix_only(name: str) -> None:
    (rule,) = rules(name, "socketpair")

    assert [(condition["index"], condition["value"]) for condition in rule["args"]] == [(0, 1)]


def test_each_call_stands_in_one_group() -> None:
    calls = [call for group in GROUPS.values() for call in group]

    assert len(calls) == len(set(calls))


def test_the_profiles_stay_far_below_the_default() -> None:
    """Docker's default allows 361 calls whatever their arguments: half for the gateway, two thirds for the sandbox."""
    counts = {name: len({call for rule in document(name)["syscalls"] for call in rule["names"]}) for name in NAMES}

    assert counts["gateway"] < 361 / 2
    assert counts["sandbox"] < 361 * 2 / 3


def test_the_text_is_the_same_every_time() -> None:
    assert render(PROFILES["gateway"]) == render(PROFILES["gateway"])
    assert render(PROFILES["gateway"]) != render(PROFILES["sandbox"])
