"""What the traced containers are made to do: everything that they do in an owner's hands, in named pieces."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable, Iterator, Mapping
from types import ModuleType
from typing import Any

import httpx

from tests import litellm_box
from tests.chats import chats
from tests.e2e import test_conversation, test_operation, test_sandbox
from tests.everyday.commands import EVERYDAY, OF_PACKAGES
from tests.everyday.script import judge, script
from tests.fakes import defaults, wire
from tests.fakes.errors import FakesError
from tests.fakes.pictures import PICTURE, PICTURE_URL
from tests.litellm_box import LLM
from tests.stack import GATEWAY, SANDBOX, Stack

Workload = Callable[[Stack], None]
# strace makes everything slower, some things by a factor of ten.
PATIENCE = 180.0
# None of these attacks: what only an attack asks for must not come on the list.
_TESTS = {"conversation": test_conversation, "operation": test_operation, "sandbox": test_sandbox}


def workloads() -> Iterator[tuple[str, Workload]]:
    """Each with its name."""
    yield "start", lambda stack: stack.wait_ready(PATIENCE)
    yield "docker exec", _docker_exec
    for group, commands in {**EVERYDAY, **OF_PACKAGES}.items():
        yield f"everyday: {group}", _everyday(commands)
    yield "faults", _faults
    for name, module in _TESTS.items():
        yield name, _tests(module)
    yield "channels", _channels
    yield "files", _files
    yield "tasks", _tasks
    yield "quota", _quota
    yield "egress", _egress
    for provider in litellm_box.MODELS:
        yield f"llm: {provider}", _calls(provider)
    yield "llm: idle", _idle
    yield "restart", _restart


def _docker_exec(stack: Stack) -> None:
    """What an owner runs, at a terminal and without one."""
    stack.lab.ssh(f"docker exec {SANDBOX} bash -lc id && docker exec -i {SANDBOX} sh", stdin="echo x", check=True)
    stack.lab.ssh(f"script -qec 'docker exec -it {SANDBOX} bash -ic ls' /dev/null < /dev/null")
    stack.lab.ssh(f"docker exec {GATEWAY} picoclaw confinement; docker exec {SANDBOX} picoclaw-confinement")
    stack.lab.ssh(f"docker exec {LLM} picoclaw-confinement --json; docker top {LLM}", check=True)
    stack.lab.ssh(f"docker exec {GATEWAY} picoclaw --help && docker exec {GATEWAY} picoclaw health --json")
    for container in (GATEWAY, LLM):
        stack.lab.ssh(f"docker exec {container} python3 -c 'import ssl, sqlite3, threading, ctypes'", check=True)
    stack.lab.ssh(f"docker top {GATEWAY}; docker stats --no-stream; docker cp {SANDBOX}:/etc/hostname /dev/null")


def _everyday(commands: Mapping[str, str]) -> Workload:
    def run(stack: Stack) -> None:
        call = wire.ToolCall(name="exec", arguments={"command": script(commands), "timeout_s": PATIENCE})
        stack.fakes.script(wire.Reply(tool_calls=[call]), "done")
        stack.ask("everyday", timeout=PATIENCE)
        printed = wire.text_of(stack.fakes.llm_requests()[-1].body["messages"][-1])
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


def _channels(stack: Stack) -> None:
    """A conversation on each service, streamed, over a connection that is lost; commands of the menus; a stop."""
    for chat in chats(stack.fakes):
        for text in ("hello", "run echo from here"):
            before = len(chat.shown())
            chat.write(text)
            _until(stack, lambda chat=chat, before=before: len(chat.shown()) > before)  # type: ignore[misc]
        chat.lose()
        stack.fakes.script(wire.Reply(text="slow " * 40, chunk_delay=0.2))
        before = len(chat.shown())
        chat.write("slowly")
        _until(stack, lambda chat=chat, before=before: len(chat.shown()) > before)  # type: ignore[misc]
    stack.fakes.discord_command("status")
    stack.fakes.slack_command("status")
    stack.fakes.script(wire.Reply(text="never", delay=30))
    stack.fakes.user_message("wait")
    stack.lab.ssh("sleep 1")
    assert "Stopped" in stack.ask("/stop", timeout=PATIENCE)
    stack.wait_ready(PATIENCE)


def _files(stack: Stack) -> None:
    """In and out, pictures among them, on each service."""
    picture = wire.Attachment(name="p.png", content=PICTURE, mime_type="image/png")
    text = wire.Attachment(name="notes.txt", content=b"notes" * 300_000)
    call = wire.ToolCall(name="send_file", arguments={"path": "/workspace/sent.txt", "caption": "here"})
    test_sandbox.run(stack, "seq 100000 > sent.txt", PATIENCE)
    for write in (
        lambda: stack.fakes.user_message("look", document=text),
        lambda: stack.fakes.user_message("look", photo=picture),
        lambda: stack.fakes.discord_message("look", attachments=[text, picture]),
        lambda: stack.fakes.slack_message("look", files=[text, picture]),
    ):
        asked = len(stack.fakes.llm_requests())
        stack.fakes.script(wire.Reply(tool_calls=[call]), "sent")
        write()
        _until(stack, lambda asked=asked: len(stack.fakes.llm_requests()) >= asked + 2)  # type: ignore[misc]
    stack.wait_ready(PATIENCE)


def _tasks(stack: Stack) -> None:
    """From a script, answered on standard output and in the chat."""
    for more in ("", "--json", "--reply-to telegram", "--reply-to discord", "--reply-to slack"):
        stack.lab.ssh(f"docker exec {GATEWAY} picoclaw task {more} run echo task", check=True)
    stack.lab.ssh(f"docker exec {GATEWAY} picoclaw pair && docker exec {GATEWAY} picoclaw n8n", check=True)


def _until(stack: Stack, condition: Callable[[], bool]) -> None:
    stack.wait_for(condition, PATIENCE, stack.logs)


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
    stack.lab.ssh(f"docker restart {GATEWAY} {SANDBOX} {LLM}", check=True)
    stack.wait_ready(PATIENCE)
    stack.lab.ssh(f"docker kill {GATEWAY} {SANDBOX} {LLM} && docker start {SANDBOX} {LLM} {GATEWAY}", check=True)
    stack.wait_ready(PATIENCE)
    assert "back" in stack.ask("run echo back", timeout=PATIENCE)
    assert litellm_box.ask(stack, "anthropic", "hello").status_code == 200
    stack.lab.ssh(f"docker stop {LLM} && docker start {LLM}", check=True)
    stack.wait_healthy(LLM, PATIENCE)


def _quota(stack: Stack) -> None:
    """A workspace that fills up, is measured and emptied."""
    with stack.edited_config(sandbox={"workspace_mb": 64, "workspace_files": 3000}):
        stack.wait_ready(PATIENCE)
        for fill in ("cat /dev/zero > big", "for i in $(seq 9999); do : > f$i; done"):
            told = test_sandbox.run(stack, f"mkdir -p fill; cd fill; {fill}; sleep 60", PATIENCE, timeout_s=90)
            assert "The workspace is full (" in told, told
            assert "FULL" in stack.ask("/status", timeout=PATIENCE)
            assert "[exit code 0]" in test_sandbox.run(stack, "rm -r fill", PATIENCE)


def _egress(stack: Stack) -> None:
    """Commands that reach a host of sandbox.allow_hosts, and one that they may not reach."""
    commands = (
        f"curl -fsS https://{defaults.SITE_HOST}/ && curl -fsSo /dev/null https://{defaults.SITE_HOST}/bytes/3000000",
        f"git clone -q https://{defaults.SITE_HOST}/repo.git && cat repo/README && rm -rf repo",
        f"python3 -c \"import urllib.request as r; print(r.urlopen('https://{defaults.SITE_HOST}/').read())\"",
        f"! curl -fsS https://{defaults.OTHER_SITE_HOST}/",
    )
    for command in commands:
        told = test_sandbox.run(stack, command, PATIENCE, timeout_s=PATIENCE)
        assert "[exit code 0]" in told, told


def _calls(provider: str) -> Workload:
    """Whole answers and streamed ones, tools, an image, and each way in which a provider fails."""

    def run(stack: Stack) -> None:
        host = litellm_box.MODELS[provider][0]
        image = [
            {"type": "text", "text": "what is it?"},
            {"type": "image_url", "image_url": {"url": PICTURE_URL}},
        ]
        call = wire.ToolCall(name="exec", arguments={"command": "id"})
        found: list[int] = []
        for stream in (False, True):
            more = {"stream": True, "stream_options": {"include_usage": True}} if stream else {}
            stack.fakes.script("hello", wire.Reply(tool_calls=[call, call]), "an image", "long " * 20_000)
            questions = ("hello", "run id", [{"role": "user", "content": image}], "a long answer")
            found += [litellm_box.ask(stack, provider, question, **more).status_code for question in questions]
            stack.fakes.script(wire.Reply(cut_after=2, chunk_delay=0.1), wire.Reply(garbage="<html>"))
            for _ in range(2):
                litellm_box.ask(stack, provider, "cut", **more)
            stack.fakes.script(wire.Reply(text="slow " * 50, delay=3, chunk_delay=0.2))
            with contextlib.suppress(httpx.TimeoutException):
                litellm_box.ask(stack, provider, "gone before the answer", timeout=1, **more)
        assert found == [200] * 8, found
        stack.fakes.llm_reset()
        litellm_box.ask(stack, provider, "hello", key="wrong")
        litellm_box.ask(stack, provider, "hello", model="no-such-model")
        for mode in ("refuse", "reset"):
            stack.fakes.network(host, mode)
            assert litellm_box.ask(stack, provider, "hello").status_code >= 400
            stack.fakes.network(host, "ok")
        assert litellm_box.ask(stack, provider, "hello").status_code == 200

    return run


def _idle(stack: Stack) -> None:
    """The worker leaves, comes when it is called, and again by itself after it was ended."""
    litellm_box.warm(stack, 0.05)
    litellm_box.wait_until(stack, "asleep", PATIENCE)
    litellm_box.warm(stack, 10)
    litellm_box.wait_until(stack, "warm", PATIENCE)
    stack.lab.ssh(f"kill -9 $(pgrep -P $(docker inspect --format '{{{{.State.Pid}}}}' {LLM}))", check=True)
    assert litellm_box.ask(stack, "anthropic", "hello").status_code == 200
