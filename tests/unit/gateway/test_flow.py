"""From a message to its answer: the order, what ends a turn, what an edit does, what a restart finds."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agent.channels.base import ChannelError, RejectedError
from agent.gateway import progress, turn
from agent.gateway.turn import MOST_ATTEMPTS
from agent.llm.stream import Completion, ToolCall
from agent.store.mailbox import Outbound
from agent.store.sessions import Message, open_calls
from agent.tools.registry import Outgoing, Tool
from tests.unit.agent.heard import until
from tests.unit.gateway.world import SECRET, Chat, Model, World, said

Scene = Callable[[World], Awaitable[None]]


class NoArguments(msgspec.Struct):
    """A tool that takes nothing."""


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drafts at once."""
    monkeypatch.setattr(progress, "TEXT_AFTER_S", 0.01)
    monkeypatch.setattr(progress, "TOOLS_AFTER_S", 0.01)


@pytest.fixture
def play(tmp_path: Path) -> Callable[..., Chat]:
    """Runs a scene in a world; another one over the same state is what a restart finds."""
    chat = Chat()

    def run(scene: Scene, model: Model | None = None, *tools: Tool[Any]) -> Chat:
        async def whole() -> None:
            async with World(tmp_path, chat, model).with_tools(*tools) as world:
                await scene(world)

        asyncio.run(whole())
        return chat

    return run


class Held:
    """A model that answers when it is told to, and says a beginning before."""

    def __init__(self, beginning: str = "") -> None:
        self.beginning = beginning
        self.released = asyncio.Event()
        self.asked = asyncio.Event()

    async def __call__(self, model: Model, messages: Sequence[Message]) -> Completion:
        """Wait for the test."""
        self.asked.set()
        if self.beginning:
            model.on_text(self.beginning)
        await self.released.wait()
        return said(f"re: {messages[-1]['content']}")


def test_messages_of_a_chat_are_answered_in_order_and_once(play: Callable[..., Chat]) -> None:
    async def scene(world: World) -> None:
        for number in range(20):
            world.write(f"m{number}")
            world.write(f"m{number}", number=str(number + 1))  # delivered again
        await world.idle()

    assert play(scene).texts() == [f"re: m{number}" for number in range(20)]


def test_stop_ends_the_turn_and_what_waits_and_leaves_a_valid_history(
    play: Callable[..., Chat], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "TOOLS_AFTER_S", 60.0)
    began = asyncio.Event()
    cancelled = []

    async def endless(_: NoArguments, __: Outgoing) -> str:
        began.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(True)
            raise
        return ""

    async def calls(_: Model, messages: Sequence[Message]) -> Completion:
        if messages[-1]["content"] == "hello":
            return said("hi")
        return said("", ToolCall("call_1", "endless", "{}"))

    async def scene(world: World) -> None:
        world.write("work")
        world.write("more work")
        await began.wait()
        world.write("/stop")
        await world.idle()
        assert world.chat.texts() == ["Stopped: “work”, and dropped what waited: 1"]
        stored = world.sessions.history("telegram:7", 10_000)
        assert open_calls(stored) == []
        assert [message["role"] for message in stored] == ["user", "assistant", "tool", "assistant"]
        world.write("hello")
        await world.idle()
        assert world.chat.texts()[1:] == ["hi"]

    tool = Tool("endless", "", NoArguments, endless)
    play(scene, Model(calls), tool)
    assert cancelled == [True], "the sandbox is told to kill it"


def test_stop_with_a_text_is_the_next_request(play: Callable[..., Chat]) -> None:
    held = Held()

    async def scene(world: World) -> None:
        world.write("first")
        await held.asked.wait()
        held.released.set()
        world.write("/stop rather this")
        await world.idle()
        world.write("/stop")
        await world.idle()

    assert play(scene, Model(held)).texts() == ["re: rather this", "There is nothing to stop."]


def test_what_does_not_touch_the_conversation_is_answered_at_once(play: Callable[..., Chat]) -> None:
    held = Held()

    async def scene(world: World) -> None:
        world.write("first")
        await held.asked.wait()
        world.write("/status")
        await until(lambda: world.chat.texts() == ["fine"])
        held.released.set()
        await world.idle()

    assert play(scene, Model(held)).texts() == ["fine", "re: first"]


def test_new_ends_the_turn_and_forgets_it(play: Callable[..., Chat]) -> None:
    held = Held()

    async def scene(world: World) -> None:
        world.write("first")
        await held.asked.wait()
        world.write("/new")
        await world.idle()
        assert world.sessions.history("telegram:7", 10_000) == []

    assert play(scene, Model(held)).texts() == ["A new conversation. What can I do?"]


def test_new_is_done_though_a_stop_follows_at_once(play: Callable[..., Chat]) -> None:
    held = Held()

    async def scene(world: World) -> None:
        world.write("first")
        await held.asked.wait()
        world.write("/new")
        world.write("/stop")
        await world.idle()
        assert world.sessions.history("telegram:7", 10_000) == []

    assert play(scene, Model(held)).texts() == ["A new conversation. What can I do?", "There is nothing to stop."]


def test_a_chat_whose_store_fails_once_hears_the_next_message(
    play: Callable[..., Chat], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene(world: World) -> None:
        def full(*_: object) -> None:
            raise OSError("no space left on device")

        with monkeypatch.context() as context:
            context.setattr(world.mailbox, "finish", full)
            world.write("/nosuch")
            await until(lambda: not world.conversations.waiting and not world.conversations.busy)
            await asyncio.sleep(0.05)
        world.write("second")
        await until(lambda: world.chat.texts() == ["re: second"])

    play(scene)

    async def after_a_restart(world: World) -> None:
        await world.idle()

    assert play(after_a_restart).texts()[1].startswith("I do not know the command /nosuch")


def test_a_reply_without_words_is_a_request(play: Callable[..., Chat]) -> None:
    async def scene(world: World) -> None:
        world.write("", quoted="what somebody said")
        await world.idle()

    (answer,) = play(scene).texts()
    assert answer.endswith("> what somebody said")


def test_a_path_is_no_command(play: Callable[..., Chat]) -> None:
    async def scene(world: World) -> None:
        world.write("/etc/hosts is what?")
        world.write("/nosuch thing")
        await world.idle()

    assert play(scene).texts()[0] == "re: /etc/hosts is what?"
    assert play(scene).texts()[1].startswith("I do not know the command /nosuch")


def test_edits_of_what_waits_and_of_what_runs(play: Callable[..., Chat]) -> None:
    held = Held()
    model = Model(held)

    async def scene(world: World) -> None:
        running = world.write("frist")
        waiting, dropped = world.write("secnd"), world.write("third")
        await held.asked.wait()
        world.edit(waiting, f"second {SECRET}")
        world.edit(dropped, None)
        world.edit(running, "first")
        held.released.set()
        await world.idle()
        world.edit(running, "too late")
        await asyncio.sleep(0.05)

    texts = play(scene, model).texts()
    assert len(texts) == 2
    assert texts[0].startswith("re: [Your owner has changed the request")
    assert texts[0].endswith("\nfirst")
    assert texts[1] == "re: second ***"
    assert "third" not in str(model.asked)


def test_an_edit_that_is_told_twice_or_changes_nothing_restarts_nothing(play: Callable[..., Chat]) -> None:
    held = Held()
    model = Model(held)

    async def scene(world: World) -> None:
        running = world.write("first")
        await held.asked.wait()
        world.edit(running, "first")
        world.edit(running, "better")
        await until(lambda: len(model.asked) == 2)
        world.edit(running, "better")
        await asyncio.sleep(0.05)
        held.released.set()
        await world.idle()

    play(scene, model)
    assert len(model.asked) == 2


def test_what_runs_is_taken_back(play: Callable[..., Chat]) -> None:
    held = Held("Let me ")

    async def scene(world: World) -> None:
        number = world.write("delete everything")
        await until(lambda: world.chat.texts() == ["Let me …"])
        world.edit(number, None)
        await world.idle()
        assert world.chat.texts() == ["Let me\n\n*request withdrawn*"]
        world.write("hello")
        held.released.set()
        await world.idle()

    assert play(scene, Model(held)).texts()[1:] == ["re: hello"]


def test_an_answer_streams_by_edits_of_one_message(play: Callable[..., Chat]) -> None:
    async def streams(model: Model, _: Sequence[Message]) -> Completion:
        text = ""
        for piece in ("Once ", "upon ", "a ", "time"):
            text += piece
            model.on_text(piece)
            await asyncio.sleep(0.05)
        return said(text)

    async def scene(world: World) -> None:
        world.write("tell me")
        await world.idle()

    chat = play(scene, Model(streams))
    assert chat.texts() == ["Once upon a time"]
    assert chat.versions["1"][0] == "Once …"
    assert len(chat.versions["1"]) >= 4


def test_a_quick_answer_has_no_draft(play: Callable[..., Chat], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "TEXT_AFTER_S", 0.2)

    async def quick(model: Model, _: Sequence[Message]) -> Completion:
        model.on_text("done")
        return said("done")

    async def scene(world: World) -> None:
        world.write("quick")
        await world.idle()
        await asyncio.sleep(0.3)

    assert play(scene, Model(quick)).versions == {"1": ["done"]}


def test_a_draft_never_shows_a_secret_nor_its_beginning(play: Callable[..., Chat]) -> None:
    async def streams(model: Model, _: Sequence[Message]) -> Completion:
        for piece in ("the key is ", SECRET[:10], SECRET[10:], " and that is it"):
            model.on_text(piece)
            await asyncio.sleep(0.05)
        return said(f"the key is {SECRET} and that is it")

    async def scene(world: World) -> None:
        world.write("tell me")
        await world.idle()

    chat = play(scene, Model(streams))
    assert chat.texts() == ["the key is *** and that is it"]
    assert len(chat.versions["1"]) > 2
    assert SECRET[:4] not in str(chat.versions)


def test_tools_at_work_are_shown(play: Callable[..., Chat]) -> None:
    async def slow(_: NoArguments, __: Outgoing) -> str:
        await asyncio.sleep(0.1)
        return "done"

    async def calls(_: Model, messages: Sequence[Message]) -> Completion:
        done = messages[-1]["role"] == "tool"
        return said("finished") if done else said("I look.", ToolCall("call_1", "slow", '{"command": "ls -l\\nid"}'))

    async def scene(world: World) -> None:
        world.write("work")
        await world.idle()

    chat = play(scene, Model(calls), Tool("slow", "", NoArguments, slow))
    assert chat.versions["1"] == ["`⚙ slow ls -l`", "finished"]


@pytest.mark.parametrize("stopped", [True, False], ids=["stop", "kill"])
def test_a_draft_in_sight_is_never_left_as_a_second_half_answer(play: Callable[..., Chat], *, stopped: bool) -> None:
    held = Held("Half of")

    async def first(world: World) -> None:
        world.write("tell me")
        await until(lambda: world.chat.texts() == ["Half of …"])
        if stopped:
            world.write("/stop")
            await world.idle()

    async def second(world: World) -> None:
        await world.idle()

    chat = play(first, Model(held))
    assert play(second).texts() == (["Half of\n\n*stopped*", "Stopped: “tell me”"] if stopped else ["re: tell me"]), (
        chat.versions
    )


@pytest.mark.parametrize(
    "arguments", ['{"x": ' + "[" * 50_000, '{"x": ' + "[" * 50_000 + "]" * 50_000 + "}", "[1]", "{"]
)
def test_a_tool_that_is_called_with_anything_ends_no_turn(play: Callable[..., Chat], arguments: str) -> None:
    async def calls(_: Model, messages: Sequence[Message]) -> Completion:
        result = messages[-1]
        return said(result["content"][:6]) if result["role"] == "tool" else said("", ToolCall("call_1", "t", arguments))

    async def scene(world: World) -> None:
        world.write("work")
        await world.idle()

    assert play(scene, Model(calls), Tool("t", "", NoArguments, _never)).texts() == ["error:"]


async def _never(_: NoArguments, __: Outgoing) -> str:
    raise AssertionError


def test_a_draft_that_is_full_is_not_shown_again_and_again(play: Callable[..., Chat]) -> None:
    held = Held("x" * 1500)

    async def scene(world: World) -> None:
        world.write("tell me")
        await held.asked.wait()
        await until(lambda: world.chat.texts() != [])
        for _ in range(5):
            await asyncio.sleep(0.03)
            world.model.on_text("y")
        await asyncio.sleep(0.05)
        assert [len(shown) for shown in world.chat.versions["1"]] == [1000]
        held.released.set()
        await world.idle()

    play(scene, Model(held))


def test_drafts_that_are_refused_harm_nothing(play: Callable[..., Chat]) -> None:
    held = Held("Half of")

    async def scene(world: World) -> None:
        world.chat.draft_error = ChannelError("slow down", 0.01)
        world.write("tell me")
        await held.asked.wait()
        await asyncio.sleep(0.1)
        held.released.set()
        await world.idle()

    assert play(scene, Model(held)).texts() == ["re: tell me"]


def test_a_chat_that_is_blocked_holds_up_no_other(play: Callable[..., Chat]) -> None:
    async def scene(world: World) -> None:
        world.chat.refuse = lambda message: ChannelError("slow down", 60) if message.chat_id == "-5" else None
        world.write("in the group", chat="-5", private=False)
        world.write("in private")
        await until(lambda: world.chat.texts() == ["re: in private"])

    assert play(scene).texts("-5") == []

    async def later(world: World) -> None:
        world.chat.refuse = lambda _: None
        await world.idle()

    chat = play(later)
    assert chat.texts("-5") == ["re: in the group"]
    assert chat.replies["2"] == "1", "in a group it is shown what is answered"


def test_what_a_service_will_never_take_is_said(play: Callable[..., Chat]) -> None:
    def refuse(message: Outbound) -> Exception | None:
        return RejectedError("too odd") if message.text.startswith("re:") else None

    async def scene(world: World) -> None:
        world.chat.refuse = refuse
        world.write("one", language="pl")
        await world.idle()

    assert play(scene).texts() == ["Nie udało mi się dostarczyć: wiadomość. (too odd)"]


async def _pieces(content: bytes) -> AsyncIterator[bytes]:
    yield content


def _sender(content: bytes) -> Tool[NoArguments]:
    async def send(_: NoArguments, out: Outgoing) -> str:
        await out.file("../notes.txt", _pieces(content), "caption")
        return "sent"

    return Tool("send", "", NoArguments, send)


async def _sends(_: Model, messages: Sequence[Message]) -> Completion:
    result = messages[-1]
    return said(result["content"]) if result["role"] == "tool" else said("", ToolCall("call_1", "send", "{}"))


def test_a_file_is_sent_before_the_answer_and_does_not_stay(play: Callable[..., Chat], tmp_path: Path) -> None:
    async def scene(world: World) -> None:
        world.write("send it")
        await world.idle()

    assert play(scene, Model(_sends), _sender(b"content")).texts() == ["[file ../notes.txt] content", "sent"]
    assert list((tmp_path / "spool").iterdir()) == []


def test_a_file_that_is_too_large_is_refused_to_the_model(play: Callable[..., Chat], tmp_path: Path) -> None:
    async def scene(world: World) -> None:
        world.write("send it")
        await world.idle()

    (answer,) = play(scene, Model(_sends), _sender(b"x" * 1001)).texts()
    assert answer.startswith("error: it is larger than")
    assert list((tmp_path / "spool").iterdir()) == []


def test_a_turn_cannot_flood_the_chat_with_files(play: Callable[..., Chat]) -> None:
    async def floods(_: Model, messages: Sequence[Message]) -> Completion:
        results = [message["content"] for message in messages if message["role"] == "tool"]
        return said(results[-1]) if len(results) == 11 else said("", ToolCall(f"call_{len(results)}", "send", "{}"))

    async def scene(world: World) -> None:
        world.write("send it")
        await world.idle()

    texts = play(scene, Model(floods), _sender(b"")).texts()
    (answer,) = [text for text in texts if not text.startswith("[file")]
    assert len(texts) == 11
    assert answer.startswith("error: 10 files are the most")


def test_a_very_long_answer_arrives_as_a_beginning_and_a_file(play: Callable[..., Chat]) -> None:
    paragraphs = [f"paragraph {number} {'word ' * 50}" for number in range(40)]
    whole = "\n\n".join(paragraphs)

    async def long(_: Model, __: Sequence[Message]) -> Completion:
        return said(whole)

    async def scene(world: World) -> None:
        world.write("tell me all")
        await world.idle()

    beginning, file = play(scene, Model(long)).texts()
    assert beginning.startswith("paragraph 0 ")
    assert beginning.endswith("*The whole answer is in answer.md.*")
    assert file == f"[file answer.md] {whole.strip()}"


def test_a_turn_that_ends_the_gateway_is_not_begun_for_ever(play: Callable[..., Chat]) -> None:
    model = Model(Held())

    async def dies(world: World) -> None:
        if not world.model.asked:
            world.write("kill")
        before = len(model.asked)
        await until(lambda: len(model.asked) > before)

    async def last(world: World) -> None:
        await world.idle()

    for _ in range(MOST_ATTEMPTS):
        model.answer = Held()
        play(dies, model)
    assert play(last, model).texts()[0].startswith(f"I began this {MOST_ATTEMPTS} times")
    assert len(model.asked) == MOST_ATTEMPTS


def test_a_command_whose_outcome_a_restart_hid_is_not_run_again(play: Callable[..., Chat]) -> None:
    runs = []

    async def effect(_: NoArguments, __: Outgoing) -> str:
        runs.append(True)
        await asyncio.Event().wait()
        return ""

    async def calls(_: Model, messages: Sequence[Message]) -> Completion:
        result = messages[-1]
        return said(result["content"]) if result["role"] == "tool" else said("", ToolCall("call_1", "effect", "{}"))

    async def killed(world: World) -> None:
        world.write("do it")
        await until(lambda: bool(runs))

    async def after(world: World) -> None:
        await world.idle()

    tool = Tool("effect", "", NoArguments, effect)
    play(killed, Model(calls), tool)
    (answer,) = play(after, Model(calls), tool).texts()
    assert "its outcome is unknown" in answer
    assert runs == [True]


@pytest.mark.parametrize("seed", range(8))
def test_whatever_happens_each_message_is_answered_once_and_in_order(
    tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Messages, edits and stops at random moments, in two chats, over a gateway that is killed at random moments."""
    monkeypatch.setattr(turn, "MOST_ATTEMPTS", 100)
    chance, chat = random.Random(seed), Chat()  # noqa: S311 - chance, not a secret
    written: dict[str, list[str]] = {"7": [], "8": []}
    number = 0

    async def answers(_: Model, messages: Sequence[Message]) -> Completion:
        await asyncio.sleep(chance.choice((0, 0, 0.002)))
        return said(f"re: {str(messages[-1]['content']).splitlines()[-1]}")

    async def life(*, last: bool) -> None:
        nonlocal number
        async with World(tmp_path, chat, Model(answers)) as world:
            for _ in range(chance.randrange(12)):
                number += 1
                where = chance.choice("78")
                written[where].append(f"m{number}")
                world.write(f"m{number}", chat=where, number=str(number))
                if chance.random() < 0.2:
                    written[where][-1] = f"e{number}"
                    world.edit(str(number), f"e{number}", where)
                await asyncio.sleep(chance.choice((0, 0, 0.001)))
            await (world.idle(20) if last else asyncio.sleep(chance.random() / 50))

    for _ in range(12):
        asyncio.run(life(last=False))
    asyncio.run(life(last=True))
    for where, expected in written.items():
        answered = [text.removeprefix("re: ") for text in chat.texts(where)]
        once = list(dict.fromkeys(answered))
        assert once == expected
        assert len(answered) - len(once) <= 12, "one ambiguous message for each kill"
