"""Tasks from scripts, over the real socket and the real command: waited for, answered once, over restarts too."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import shlex
import subprocess
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from agent import cli, task_client
from agent.channels import tasks
from agent.channels.base import Channel
from agent.channels.tasks import LABEL, TaskChannel
from agent.gateway.access import Access
from agent.gateway.desk import FrontDesk
from agent.gateway.redaction import Redaction
from agent.llm.stream import Completion
from agent.store.mailbox import TASK
from agent.store.owners import Owners
from agent.store.sessions import Message
from tests.unit.gateway.world import OWNER, Chat, Model, World, said


@pytest.fixture(autouse=True)
def _own_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not that of a test that runs beside this one."""
    monkeypatch.setattr(tasks, "ADDRESS", f"\0picoclaw-task-{os.getpid()}")
    monkeypatch.setattr(task_client, "_AGAIN_S", 0.05)


class Gateway:
    """A world with a task channel, in a thread of its own; stopped as by SIGKILL."""

    def __init__(self, folder: Path, chat: Chat, model: Model) -> None:
        self._folder, self._chat, self._model = folder, chat, model
        self._loop = asyncio.new_event_loop()
        self._up = threading.Event()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=lambda: self._loop.run_until_complete(self._run()))

    async def _run(self) -> None:
        world = World(self._folder, self._chat, self._model)
        channel = TaskChannel(world.mailbox, self._reach, lambda: self.desks, lambda: {"telegram": None}, tasks.ADDRESS)
        channels: dict[str, Channel] = {"task": channel, "telegram": self._chat}
        world.conversations._channels = channels
        world.conversations._answers._channels = channels
        own = FrontDesk(
            "task",
            Access("task", ["owner"], Owners(world.database)),
            world.mailbox,
            Redaction(),
            received=world.conversations.put,
            edited=world.conversations.edited,
        )
        self.desks = {"task": own, "telegram": world.desk}
        async with world:
            serving = asyncio.create_task(channel.run(own))
            await asyncio.sleep(0.05)
            self._up.set()
            await self._stop.wait()
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)

    async def _reach(self, name: str) -> tuple[str, str]:
        assert name == "telegram"
        return OWNER, OWNER

    def __enter__(self) -> Gateway:
        self._thread.start()
        assert self._up.wait(5)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self._loop.close()


@pytest.fixture
def chat() -> Chat:
    return Chat()


@pytest.fixture
def gateway(tmp_path: Path, chat: Chat) -> Iterator[Gateway]:
    with Gateway(tmp_path, chat, Model()) as running:
        yield running


def run(*arguments: str, stdin: str = "") -> tuple[int, str]:
    done = CliRunner().invoke(cli.main, ["task", *arguments], input=stdin)
    return done.exit_code, done.output


@pytest.mark.usefixtures("gateway")
def test_a_task_is_answered_on_standard_output() -> None:
    assert run("how", "are", "you?") == (0, "re: how are you?\n")
    code, printed = run("--json", "-", stdin="line one\nline 'two' $(id)")
    document = json.loads(printed)
    assert (code, document["status"], document["answer"]) == (0, "done", "re: line one\nline 'two' $(id)")
    again, same = run("--wait", document["id"])
    assert (again, same) == (0, "re: line one\nline 'two' $(id)\n")


def test_with_reply_to_it_is_answered_in_the_chat_as_well(gateway: Gateway, chat: Chat) -> None:
    del gateway
    code, printed = run("--reply-to", "telegram", "backup done")
    assert (code, printed) == (0, f"re: {LABEL}\nbackup done\n")
    assert chat.texts() == [f"re: {LABEL}\nbackup done"]
    code, printed = run("--reply-to", "pigeon", "x")
    assert code == 1
    assert "config.json has no such channel" in printed


def test_each_task_is_a_conversation_of_its_own_unless_it_is_named(tmp_path: Path, chat: Chat) -> None:
    async def counts(_: Model, messages: Sequence[Message]) -> Completion:
        return said(str(len(messages)))

    with Gateway(tmp_path, chat, Model(counts)):
        assert [run("x")[1], run("y")[1]] == ["2\n", "2\n"]
        assert [run("--session", "daily", "x")[1], run("--session", "daily", "y")[1]] == ["2\n", "4\n"]


def test_a_restart_costs_neither_the_task_nor_its_answer(tmp_path: Path, chat: Chat) -> None:
    hold = threading.Event()
    asked: list[str] = []

    async def slow(_: Model, messages: Sequence[Message]) -> Completion:
        asked.append(str(messages[-1]["content"]))
        await asyncio.to_thread(hold.wait)
        return said("done")

    found: list[Any] = []
    order = {"do": "task", "id": "t1", "text": "slow one"}
    waiting = threading.Thread(target=lambda: found.append(task_client.ask(order, 20)))
    with Gateway(tmp_path, chat, Model(slow)):
        waiting.start()
        while not asked:
            threading.Event().wait(0.01)
    hold.set()
    with Gateway(tmp_path, chat, Model(slow)):
        waiting.join()
    assert (found[0].status, found[0].answer) == ("done", "done")
    assert asked == ["slow one", "slow one"], "gone on with, not handed in a second time"


def test_who_waits_in_vain_is_told_how_to_go_on(tmp_path: Path, chat: Chat) -> None:
    async def never(_: Model, __: Sequence[Message]) -> Completion:
        await asyncio.Event().wait()
        raise AssertionError

    with Gateway(tmp_path, chat, Model(never)):
        code, printed = run("--timeout", "1", "x")
        assert code == 3
        assert "picoclaw task --wait " in printed


def test_wrong_usage_and_no_gateway() -> None:
    assert run()[0] == 2
    code, printed = run("--timeout", "1", "x")
    assert code == 1
    assert "no gateway is running here" in printed


def test_pairing_codes_are_shown(gateway: Gateway) -> None:
    del gateway
    printed = CliRunner().invoke(cli.main, ["pair"])
    assert (printed.exit_code, printed.output) == (0, "telegram: has an owner\n")


def test_an_id_that_is_none_and_a_task_that_is_not_known(gateway: Gateway) -> None:
    del gateway
    with pytest.raises(task_client.TaskError, match="letters"):
        task_client.ask({"do": "task", "id": "../x", "text": "x"}, 5)
    code, printed = run("--wait", "unknown")
    assert code == 1
    assert "there is no task unknown" in printed


@pytest.mark.parametrize("text", ["plain", 'it\'s "quoted"', "$(touch pwned) `id` ; rm -rf / && x", "two\nlines\nEOF"])
def test_the_workflow_for_n8n_hands_any_text_over_unharmed(tmp_path: Path, text: str) -> None:
    workflow = json.loads(CliRunner().invoke(cli.main, ["n8n"]).output)
    names = {node["name"] for node in workflow["nodes"]}
    for source, outputs in workflow["connections"].items():
        assert source in names
        assert {target["node"] for output in outputs["main"] for target in output} <= names
    (ssh,) = [node for node in workflow["nodes"] if node["type"] == "n8n-nodes-base.ssh"]
    template = ssh["parameters"]["command"].removeprefix("=")
    encoded = base64.b64encode(text.encode()).decode()
    command = template.replace("{{ $json.task.base64Encode() }}", encoded)
    assert "{{" not in command
    docker = tmp_path / "docker"
    docker.write_text(f'#!/bin/sh\necho "$@" > {shlex.quote(str(tmp_path))}/arguments\ncat\n')
    docker.chmod(0o755)
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-c", command], env=environment, cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout == text
    assert (tmp_path / "arguments").read_text().split() == ["exec", "-i", "picoclaw", "picoclaw", "task", "--json", "-"]
    assert not (tmp_path / "pwned").exists()


def test_a_tasks_name_in_the_inbox_is_nobody_elses() -> None:
    assert TASK == "task:", "a chat service's ids never begin like that"
