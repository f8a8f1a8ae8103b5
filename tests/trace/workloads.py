"""What the traced containers are made to do: everything that they do in an owner's hands, in named pieces."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from types import ModuleType
from typing import Any

from tests.e2e import test_conversation, test_operation, test_sandbox
from tests.everyday.commands import EVERYDAY, OF_PACKAGES
from tests.everyday.script import judge, script
from tests.fakes import defaults, wire
from tests.fakes.errors import FakesError
from tests.stack import GATEWAY, SANDBOX, Stack

Workload = Callable[[Stack], None]
# strace makes everything slower, some things by a factor of ten.
PATIENCE = 180.0
# The attacks among these flood and kill; none makes a call that only an attack would make.
_TESTS = {"conversation": test_conversation, "operation": test_operation, "floods and limits": test_sandbox}


def workloads() -> Iterator[tuple[str, Workload]]:
    """Each with its name."""
    yield "start", lambda stack: stack.wait_ready(PATIENCE)
    yield "docker exec", _docker_exec
    for group, commands in {**EVERYDAY, **OF_PACKAGES}.items():
        yield f"everyday: {group}", _everyday(commands)
    yield "faults", _faults
    for name, module in _TESTS.items():
        yield name, _tests(module)
    yield "restart", _restart


def _docker_exec(stack: Stack) -> None:
    """What an owner runs, at a terminal and without one."""
    stack.lab.ssh(f"docker exec {SANDBOX} bash -lc id && docker exec -i {SANDBOX} sh", stdin="echo x", check=True)
    stack.lab.ssh(f"script -qec 'docker exec -it {SANDBOX} bash -ic ls' /dev/null < /dev/null")
    stack.lab.ssh(f"docker exec {GATEWAY} picoclaw confinement; docker exec {SANDBOX} picoclaw-confinement")
    stack.lab.ssh(f"docker exec {GATEWAY} picoclaw --help && docker exec {GATEWAY} picoclaw health --json")
    stack.lab.ssh(f"docker exec {GATEWAY} python3 -c 'import ssl, sqlite3, threading, ctypes'", check=True)
    stack.lab.ssh(f"docker top {GATEWAY}; docker stats --no-stream; docker cp {SANDBOX}:/etc/hostname /dev/null")


def _everyday(commands: Mapping[str, str]) -> Workload:
    def run(stack: Stack) -> None:
        call = wire.ToolCall(name="exec", arguments={"command": script(commands), "timeout_s": PATIENCE})
        stack.fakes.script(wire.Reply(tool_calls=[call]), "done")
        stack.ask("everyday", timeout=PATIENCE)
        printed = str(stack.fakes.llm_requests()[-1].body["messages"][-1]["content"])
        failed = judge(commands, printed)
        assert not failed, failed

    return run


def _faults(stack: Stack) -> None:
    """The model's and the chat's hosts answering in every wrong way."""
    for host in (defaults.OPENROUTER_HOST, defaults.TELEGRAM_HOST):
        for mode in ("refuse", "reset"):
            stack.fakes.network(host, mode)
            sent = stack.fakes.user_message("hello")
            stack.lab.ssh("sleep 4")
            stack.fakes.network(host, "ok")
            stack.fakes.wait_for_reply(after=sent.message_id, timeout=PATIENCE)
    stack.wait_ready(PATIENCE)


def _tests(module: ModuleType) -> Workload:
    """Every end-to-end test of a module that wants nothing but the stack and one parameter."""

    def run(stack: Stack) -> None:
        failed = []
        for name, test in inspect.getmembers(module, inspect.isfunction):
            if name.startswith("test_"):
                failed += [f"{name}: {error}" for error in _failures(stack, test)]
        assert not failed, "\n".join(failed)

    return run


def _failures(stack: Stack, test: Callable[..., None]) -> Iterator[str]:
    for arguments in _parameters(test):
        stack.wait_ready(PATIENCE)
        stack.fakes.reset()
        try:
            test(stack, **arguments)
        except (AssertionError, FakesError, LookupError, ValueError) as error:
            yield repr(error)[:300]


def _parameters(test: Callable[..., None]) -> list[dict[str, Any]]:
    marks = [mark for mark in getattr(test, "pytestmark", []) if mark.name == "parametrize"]
    if not marks:
        return [{}]
    return [{marks[0].args[0]: value} for value in marks[0].args[1]]


def _restart(stack: Stack) -> None:
    """In good order, by force, and by Docker's own restart policy."""
    stack.lab.ssh(f"docker restart {GATEWAY} {SANDBOX}", check=True)
    stack.wait_ready(PATIENCE)
    stack.lab.ssh(f"docker kill {GATEWAY} {SANDBOX} && docker start {SANDBOX} {GATEWAY}", check=True)
    stack.wait_ready(PATIENCE)
    assert "back" in stack.ask("run echo back", timeout=PATIENCE)
