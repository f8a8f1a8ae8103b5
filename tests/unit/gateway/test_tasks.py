"""What scripts ask for: done once, answered on the socket and where it was wished, whatever is restarted meanwhile."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest

from agent import task_cli
from agent.errors import PicoClawError
from agent.llm.errors import LLMKeyError
from agent.llm.stream import Completion
from agent.store.sessions import Message
from roles.common.names import REPOSITORY
from tests.unit.channels.heard import until
from tests.unit.gateway.scripts import ScriptWorld
from tests.unit.gateway.world import OWNER, SECRET, Chat, Held, Model

Scene = Callable[[ScriptWorld], Awaitable[None]]


@pytest.fixture
def play(tmp_path: Path) -> Callable[..., None]:
    """Runs a scene in a world; another one over the same state is what a restart finds."""

    def run(scene: Scene, model: Model | None = None, chat: Chat | None = None, address: str | None = None) -> None:
        async def whole() -> None:
            async with ScriptWorld(tmp_path, chat, model, address) as world:
                await scene(world)

        asyncio.run(whole())

    return run


def test_a_task_is_answered_and_each_has_a_conversation_of_its_own(play: Callable[..., None]) -> None:
    model = Model()

    async def scene(world: ScriptWorld) -> None:
        answers = await asyncio.gather(*(world.task(f"task {number}") for number in range(5)))
        assert [(one["status"], one["answer"]) for one in answers] == [("done", f"re: task {n}") for n in range(5)]
        assert all(one["seconds"] < 5 for one in answers)
        assert world.chat.texts() == []

    play(scene, model)
    assert all(len(asked) == 2 for asked in model.asked), "a system prompt and the task"


def test_a_named_conversation_goes_on_until_it_is_begun_anew(play: Callable[..., None]) -> None:
    model = Model()

    async def scene(world: ScriptWorld) -> None:
        for text, new in (("one", False), ("two", False), ("three", True)):
            await world.task(text, session="diary", new=new)

    play(scene, model)
    contents = [[message["content"] for message in asked[1:]] for asked in model.asked]
    assert contents == [["one"], ["one", "re: one", "two"], ["three"]]


def test_a_task_in_a_chat_is_shown_and_answered_there_too(play: Callable[..., None]) -> None:
    model = Model()

    async def scene(world: ScriptWorld) -> None:
        world.write("hello")
        await world.idle()
        answer = await world.task(f"back up, key {SECRET}", reply_to="telegram")
        await world.idle()
        assert answer["answer"].startswith("re: [A script of your owner's asks for this:]\nback up")
        chat = world.chat.texts(OWNER)
        assert chat[:2] == ["re: hello", "⚙ *A script asks:* back up, key ***"]
        assert chat[2] == answer["answer"]
        assert len(chat) == 3
        assert len(model.asked[-1]) == 4, "the chat's conversation goes on"

    play(scene, model)
    assert SECRET not in str(model.asked)


@pytest.mark.parametrize(
    ("where", "why"),
    [("discord", "no channel discord; it has telegram"), ("telegram:8", "user 8 is not allowed"), ("script", "no ch")],
)
def test_a_chat_that_is_not_the_owners_is_refused(play: Callable[..., None], where: str, why: str) -> None:
    async def scene(world: ScriptWorld) -> None:
        with pytest.raises(PicoClawError, match=why):
            await world.task("go", reply_to=where)
        with pytest.raises(PicoClawError, match="nie ma"):
            await world.task("go", reply_to=where, language="pl")
        assert world.mailbox.unfinished() == []

    play(scene)


def test_a_task_of_the_same_id_is_done_once(play: Callable[..., None]) -> None:
    model = Model()

    async def scene(world: ScriptWorld) -> None:
        asked = [world.task("go", id="mine", reply_to=where) for where in (None, None, "telegram")]
        assert {one["answer"] for one in await asyncio.gather(*asked)} == {"re: go"}
        assert (await world.task("something else", id="mine"))["answer"] == "re: go"
        assert (await world.wait("mine"))["answer"] == "re: go"

    play(scene, model)
    assert len(model.asked) == 1


def test_two_at_once_of_the_same_id_are_one(play: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    async def slowly(_: Chat, user_id: str) -> str:
        await asyncio.sleep(0.1)
        return user_id

    monkeypatch.setattr(Chat, "home", slowly)

    async def scene(world: ScriptWorld) -> None:
        await asyncio.gather(*(world.task("go", id="mine", reply_to="telegram") for _ in range(3)))
        await world.idle()
        assert len(world.chat.texts(OWNER)) == 2, "the notice and the answer"

    play(scene)


def test_a_task_goes_on_when_nobody_waits_any_more(play: Callable[..., None]) -> None:
    held = Held()

    async def scene(world: ScriptWorld) -> None:
        assert (await world.task("go", id="mine", seconds=0.1))["status"] == "timeout"
        held.released.set()
        assert (await world.wait("mine"))["answer"] == "re: go"
        assert (await world.wait("another"))["status"] == "unknown"

    play(scene, Model(held))


def test_a_gateway_that_is_restarted_answers_once(tmp_path: Path) -> None:
    held, model = Held(), Model()
    address = "\0picoclaw-test-restart"

    async def whole() -> None:
        async with ScriptWorld(tmp_path, None, Model(held), address) as world:
            asking = asyncio.create_task(world.task("go", id="mine", seconds=20))
            await held.asked.wait()
        assert not asking.done()
        async with ScriptWorld(tmp_path, None, model, address):
            answer = await asking
        assert (answer["status"], answer["answer"]) == ("done", "re: go")

    asyncio.run(whole())
    assert len(model.asked) == 1


def test_what_fails_says_why(play: Callable[..., None]) -> None:
    async def refuses(_: Model, __: Sequence[Message]) -> Completion:
        raise LLMKeyError("HTTP 401: no such key")

    async def scene(world: ScriptWorld) -> None:
        answer = await world.task("go")
        assert answer["status"] == "failed"
        assert "API key" in answer["answer"]

    play(scene, Model(refuses))


def test_a_command_is_answered_like_in_a_chat(play: Callable[..., None]) -> None:
    async def scene(world: ScriptWorld) -> None:
        assert (await world.task("/status"))["answer"] == "fine"

    play(scene)


def test_what_the_owner_stops_in_the_chat_has_failed(play: Callable[..., None]) -> None:
    held = Held()

    async def scene(world: ScriptWorld) -> None:
        running = asyncio.create_task(world.task("go", reply_to="telegram"))
        await held.asked.wait()
        waiting = asyncio.create_task(world.task("and go", reply_to="telegram"))
        await until(lambda: world.conversations.waiting == 1)
        world.write("/stop")
        assert (await running)["status"] == "failed"
        dropped = await waiting
        assert (dropped["status"], dropped.get("answer", "")) == ("failed", "*stopped*")

    play(scene, Model(held))


def test_what_is_no_request_is_refused_and_the_next_is_heard(play: Callable[..., None]) -> None:
    async def scene(world: ScriptWorld) -> None:
        for line in (b"nonsense\n", b'{"do":"task","id":"a b","text":"x"}\n', b'{"do":"rm"}\n', b"\xff\n", b"{" * 9000):
            reader, writer = await asyncio.open_unix_connection(world.address)
            writer.write(line)
            writer.write_eof()
            assert b"refused" in await reader.readline()
            writer.close()
        assert (await world.task("go"))["status"] == "done"

    play(scene)


def test_old_tasks_are_forgotten_with_their_conversations(play: Callable[..., None]) -> None:
    async def scene(world: ScriptWorld) -> None:
        await world.task("go", id="mine")
        await world.task("go", id="diary", session="diary")
        assert world.tasks.forget(time.time() - 60) == 0
        assert world.tasks.forget(time.time() + 60) == 2
        assert (await world.wait("mine"))["status"] == "unknown"
        left = world.database.execute("SELECT session FROM messages").fetchall()
        assert {session for (session,) in left} == {"script:session:diary"}

    play(scene)


def test_the_command_prints_and_exits(play: Callable[..., None], capsys: pytest.CaptureFixture[str]) -> None:
    held = Held()

    async def scene(world: ScriptWorld) -> None:
        def run(request: dict[str, object], seconds: float, *, as_json: bool = False) -> int:
            return task_cli.run(request, seconds, as_json=as_json, address=world.address)

        go: dict[str, object] = {"do": "task", "id": "mine", "text": "go"}
        assert await asyncio.to_thread(run, go, 0.1) == 3
        assert "picoclaw task --wait mine" in capsys.readouterr().err
        held.released.set()
        assert await asyncio.to_thread(run, go, 5) == 0
        assert capsys.readouterr().out == "re: go\n"
        assert await asyncio.to_thread(lambda: run(go, 5, as_json=True)) == 0
        assert json.loads(capsys.readouterr().out)["answer"] == "re: go"
        assert await asyncio.to_thread(run, {"do": "wait", "id": "other"}, 5) == 1
        assert "no task other" in capsys.readouterr().err
        address = world.address
        missing = {"do": "wait", "id": "other"}
        polish = await asyncio.to_thread(
            lambda: task_cli.run(missing, 5, as_json=False, language="pl", address=address)
        )
        assert (polish, "nie ma zadania other" in capsys.readouterr().err) == (1, True)

    play(scene, Model(held))


def test_without_a_gateway_it_says_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(task_cli, "ABSENCE_S", 0.1)
    request = {"do": "task", "id": "mine", "text": "go"}
    assert task_cli.run(request, 5, as_json=True, address="\0picoclaw-test-nobody") == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["status"], "no gateway" in found["answer"]) == ("failed", True)


def test_the_pairing_code_is_told_to_who_has_the_host(tmp_path: Path) -> None:
    async def whole() -> None:
        async with ScriptWorld(tmp_path, owners=[]) as world:
            told = task_cli.pairing(await asyncio.to_thread(task_cli.codes, world.address))
            found = re.fullmatch(r"telegram: nobody is allowed yet; within 15 min send .*: /pair (\w+)", told)
            assert found is not None, told
            world.write("hello")
            world.write(f"/pair {found[1]}")
            await world.idle()
            assert len(world.chat.texts()) == 1, "a stranger is not answered before"
            told = task_cli.pairing(await asyncio.to_thread(task_cli.codes, world.address))
            assert told == "telegram: allowed: 7"

    asyncio.run(whole())


def test_a_chat_of_the_owners_is_not_forgotten_with_a_task_that_is_called_like_it(play: Callable[..., None]) -> None:
    async def scene(world: ScriptWorld) -> None:
        world.write("remember me")
        await world.idle()
        await world.task("in the chat", id=OWNER, reply_to="telegram")
        await world.task("in a session", session="diary")
        await world.task("apart", id="session:diary")
        assert world.tasks.forget(time.time() + 60) == 3
        kept = [
            [message["content"] for message in stored(world, name)] for name in ("telegram:7", "script:session:diary")
        ]
        assert "remember me" in kept[0]
        assert kept[1] == ["in a session", "re: in a session"]
        assert stored(world, "script:task:session:diary") == []

    play(scene)


def stored(world: ScriptWorld, session: str) -> list[Message]:
    return world.sessions.newest(session, 10_000).messages


def test_a_command_that_fails_is_a_failed_task(play: Callable[..., None]) -> None:
    async def scene(world: ScriptWorld) -> None:
        def breaks(*_: object) -> str:
            raise ValueError

        world.status = breaks
        found = await world.task("/status")
        assert (found["status"], "went wrong" in found["answer"]) == ("failed", True)
        assert (await world.task("/help"))["status"] == "done"

    play(scene)


def test_a_gateway_that_goes_in_the_middle_of_a_line_is_asked_again(tmp_path: Path) -> None:
    address, answers = f"\0{tmp_path}", [b'{"status": "do', b'{"id": "a", "status": "done", "answer": "x"}\n']

    async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(answers.pop(0))
        await writer.drain()
        writer.close()

    async def whole() -> dict[str, object]:
        async with await asyncio.start_unix_server(half, address):
            return await asyncio.to_thread(task_cli.ask, {"do": "wait", "id": "a"}, 5, address)

    assert asyncio.run(whole())["status"] == "done"


_ASKS = """
import socket, sys
connection = socket.socket(socket.AF_UNIX)
connection.connect("\\0" + sys.argv[1])
try:
    connection.sendall(b'{"do":"pair"}\\n')
    print(connection.makefile().readline())
except (BrokenPipeError, ConnectionResetError):
    pass
"""


@pytest.mark.parametrize(("user", "served"), [(0, True), (65534, False)])
def test_only_root_and_the_gateways_own_user_are_served(play: Callable[..., None], user: int, *, served: bool) -> None:
    async def scene(world: ScriptWorld) -> None:
        asks = await asyncio.create_subprocess_exec(
            "/usr/bin/python3", "-ISc", _ASKS, world.address[1:], stdout=asyncio.subprocess.PIPE, user=user
        )
        told, _ = await asks.communicate()
        assert (b"telegram" in told) is served
        assert asks.returncode == 0

    play(scene)


def test_a_script_that_waits_holds_little_of_the_gateways_memory() -> None:
    code = (
        "import json, sys; sys.modules['agent.operator'] = None; "  # which no image holds
        "import agent.cli, agent.task_cli; print(json.dumps(list(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, cwd=REPOSITORY)
    assert not {"asyncio", "sqlite3", "msgspec", "http.client", "agent.config"} & set(json.loads(done.stdout))
