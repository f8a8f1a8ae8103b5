"""The seccomp profiles, as far as that can be seen without a kernel: the lab tries them with real calls."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from roles.seccomp import extras, refused
from roles.seccomp.profile import PROFILES, render
from tests.forbidden import FORBIDDEN

NAMES = tuple(PROFILES)
TRACED = Path(__file__).parents[3] / "roles/seccomp/traced"
CALLS_OF_DOCKERS_DEFAULT = 361
# What a container answers in its own way: clone3 "there is no such call", fallocate "this file system cannot".
OWN_ANSWERS = {"gateway": {"clone3": 38}, "sandbox": {"clone3": 38, "fallocate": 95}, "llm": {"clone3": 38}}
# What only that container is made to do.
OWN_WORKLOADS = {
    "gateway": {"egress", "faults"},
    "sandbox": {"egress", "quota"},
    "llm": {"llm: anthropic", "llm: gemini", "llm: idle"},
}


def document(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(render(PROFILES[name]))
    return loaded


def rules(name: str, call: str) -> list[dict[str, Any]]:
    return [rule for rule in document(name)["syscalls"] if call in rule["names"]]


def allowed(name: str) -> set[str]:
    """Every call that is allowed with any arguments at all."""
    return {call for rule in document(name)["syscalls"] if rule["action"] == "SCMP_ACT_ALLOW" for call in rule["names"]}


def traced(name: str, section: str = "calls") -> dict[str, list[str]]:
    found: dict[str, list[str]] = json.loads((TRACED / f"{name}.json").read_text())[section]
    return found


def permits(name: str, call: str, *arguments: int) -> bool:
    """What the filter answers, by the meaning of its comparisons: any rule with all of its conditions will do."""

    def holds(condition: dict[str, Any]) -> bool:
        value = arguments[condition["index"]]
        if condition["op"] == "SCMP_CMP_MASKED_EQ":
            return bool(value & condition["value"] == condition["valueTwo"])
        assert condition["op"] == "SCMP_CMP_EQ"
        return bool(value == condition["value"])

    return any(all(map(holds, rule["args"])) for rule in rules(name, call))


@pytest.mark.parametrize("name", NAMES)
def test_what_is_not_allowed_is_answered_eperm(name: str) -> None:
    profile = document(name)

    assert profile["defaultAction"] == "SCMP_ACT_ERRNO"
    assert profile.get("defaultErrnoRet", 1) == 1
    assert [entry["architecture"] for entry in profile["archMap"]] == ["SCMP_ARCH_X86_64", "SCMP_ARCH_AARCH64"]
    assert not any(entry["subArchitectures"] for entry in profile["archMap"])
    answers = {rule["names"][0]: rule["errnoRet"] for rule in profile["syscalls"] if "errnoRet" in rule}
    assert answers == OWN_ANSWERS[name]


@pytest.mark.parametrize("name", NAMES)
def test_nothing_forbidden_is_allowed(name: str) -> None:
    assert allowed(name) & (FORBIDDEN | {"clone3", "socketcall"}) == set()


@pytest.mark.parametrize("name", NAMES)
def test_everything_allowed_was_traced_or_is_an_explained_extra(name: str) -> None:
    calls = set(traced(name))
    twins = {call for group in extras.TWINS if group & calls for call in group}
    explained = {call for group in extras.OF_CONTAINER[name].values() for call in group}

    assert allowed(name) - calls - twins - explained == set()


@pytest.mark.parametrize("name", NAMES)
def test_everything_traced_is_allowed_or_refused_with_a_reason(name: str) -> None:
    reasoned = {call for calls in refused.REASONS.values() for call in calls} | set(OWN_ANSWERS[name])

    assert set(traced(name)) - allowed(name) - reasoned == set()


@pytest.mark.parametrize("name", NAMES)
def test_every_workload_that_was_traced_left_a_trace(name: str) -> None:
    """A tracer that lost sight of the container, or of its children, would write an all too short list."""
    workloads = {workload for made_by in traced(name).values() for workload in made_by}

    assert {"start", "restart", "health check", "docker exec", "conversation", "operation"} <= workloads
    assert OWN_WORKLOADS[name] <= workloads
    assert {"execve", "openat", "mmap", "read", "exit_group"} <= set(traced(name))


def test_refusals_and_twins_are_said_once() -> None:
    for groups in (refused.REASONS.values(), extras.TWINS):
        calls = [call for group in groups for call in group]
        assert len(calls) == len(set(calls))
    assert not {call for group in extras.TWINS for call in group} & refused.REFUSED


NAMESPACE_FLAGS = [0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000]
PTHREAD = 0x3D0F00  # VM, FS, FILES, SIGHAND, THREAD, SYSVSEM, SETTLS, PARENT_SETTID, CHILD_CLEARTID
FORK = 0x1200011  # CHILD_SETTID, CHILD_CLEARTID, SIGCHLD


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("flag", NAMESPACE_FLAGS, ids=hex)
def test_no_namespace_can_be_made(name: str, flag: int) -> None:
    assert not permits(name, "clone", flag | PTHREAD)
    assert not permits(name, "clone", flag | FORK)


def test_the_gateway_makes_threads_and_the_others_processes_too() -> None:
    assert permits("gateway", "clone", PTHREAD)
    assert not permits("gateway", "clone", FORK)
    for name in ("sandbox", "llm"):
        assert permits(name, "clone", PTHREAD)
        assert permits(name, "clone", FORK)
    assert not allowed("gateway") & {"fork", "vfork"}
    assert {"fork", "vfork"} <= allowed("sandbox")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("family", "kind", "protocol", "expected"),
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
    name: str, family: int, kind: int, protocol: int, expected: bool
) -> None:
    assert permits(name, "socket", family, kind, protocol) is expected


@pytest.mark.parametrize("name", NAMES)
def test_socketpairs_are_unix_only(name: str) -> None:
    assert permits(name, "socketpair", 1, 1, 0)
    assert not permits(name, "socketpair", 2, 1, 0)


OF_ITSELF = ["prlimit64", "sched_setaffinity", "sched_setattr", "sched_setparam", "sched_setscheduler"]
OTHERS_WORD = 0x1_0000_0000  # the kernel reads 32 bits of a pid, and would take these for 0 and 1


@pytest.mark.parametrize("call", OF_ITSELF)
def test_a_process_changes_its_own_limits_and_scheduling_only(call: str) -> None:
    assert permits("sandbox", call, 0)
    assert not any(permits("sandbox", call, pid) for pid in (1, 7, -1, OTHERS_WORD, OTHERS_WORD + 1))


@pytest.mark.parametrize(("call", "process"), [("setpriority", 0), ("ioprio_set", 1)])
def test_a_process_changes_its_own_priority_only(call: str, process: int) -> None:
    assert permits("sandbox", call, process, 0)
    group, user = process + 1, process + 2
    wrong = [(process, 1), (process, OTHERS_WORD + 1), (group, 0), (user, 0), (user, 1000)]
    assert not any(permits("sandbox", call, *arguments) for arguments in wrong)


TIOCSTI, TIOCLINUX, TIOCSETD, KVM_RUN = 0x5412, 0x541C, 0x5423, 0xAE80
PR_SET_SECCOMP, PR_SET_MM, PR_SET_PTRACER, PR_SET_SYSCALL_USER_DISPATCH = 22, 35, 0x59616D61, 59


@pytest.mark.parametrize("name", NAMES)
def test_dangerous_requests_are_refused_however_they_are_disguised(name: str) -> None:
    for request in (TIOCSTI, TIOCLINUX, TIOCSETD, KVM_RUN):
        assert not permits(name, "ioctl", 0, request)
        assert not permits(name, "ioctl", 0, request | OTHERS_WORD)
    for option in (PR_SET_SECCOMP, PR_SET_MM, PR_SET_PTRACER, PR_SET_SYSCALL_USER_DISPATCH):
        assert not permits(name, "prctl", option)


# Refused though a program was seen to ask, which does without: lsns asks who owns a namespace.
REQUESTS_DONE_WITHOUT: dict[str, set[int]] = {"ioctl": {0xB701, 0xB702}, "prctl": set()}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("call", ["ioctl", "prctl"])
def test_every_traced_request_is_permitted(name: str, call: str) -> None:
    asked = {int(value, 16) for value in traced(name, call)}
    refused_ones = {value for value in asked if not permits(name, call, *((0, value) if call == "ioctl" else (value,)))}

    assert refused_ones <= REQUESTS_DONE_WITHOUT[call]


def test_the_profiles_stay_far_below_the_default() -> None:
    """Docker's default allows 361 calls whatever their arguments: two thirds for the sandbox, half for the others."""
    assert len(allowed("gateway")) < CALLS_OF_DOCKERS_DEFAULT / 2
    assert len(allowed("llm")) < CALLS_OF_DOCKERS_DEFAULT / 2
    assert len(allowed("sandbox")) < CALLS_OF_DOCKERS_DEFAULT * 2 / 3


def test_the_text_is_the_same_every_time() -> None:
    assert render(PROFILES["gateway"]) == render(PROFILES["gateway"])
    assert render(PROFILES["gateway"]) != render(PROFILES["sandbox"])
