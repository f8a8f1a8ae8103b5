"""From a message to its answer: the order, what ends a turn, what an edit does, what a chat does not take."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import pytest

from agent.channels.base import ChannelError, RejectedError
from agent.gateway import progress
from agent.llm.stream import Completion, ToolCall
from agent.store.mailbox import Outbound
from agent.store.sessions import Message, open_calls
from agent.tools.registry import Outgoing, Tool
from tests.unit.channels.heard import until
from tests.unit.gateway.world import SECRET, Chat, Held, Model, NoArguments, World, said


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
        stored = world.sessions.newest("telegram:7", 10_000).messages
        assert open_calls(stored) == []
        assert [message["role"] for message in stored] == ["user", "assistant", "tool", "assistant"]
        world.write("hello")
        await world.idle()
        assert world.chat.texts()[1:] == ["hi"]

    tool = Tool("endless", "", NoArguments, endless)
    play(scene, Model(calls), tool)
    assert cancelled == [True], "the sandbox is told to kill it"


def test_what_can_be_read_by_nobody_is_answered_in_words(play: Callable[..., Chat]) -> None:
    async def scene(world: World) -> None:
        world.write("", language="pl")
        await world.idle()
        assert world.model.asked == []

    assert play(scene).texts() == ["Nie umiem odczytać tego, co przyszło; napisz to proszę słowami."]


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


def test_what_a_stop_begins_may_stand_on_the_next_line(play: Callable[..., Chat]) -> None:
    async def scene(world: World) -> None:
        world.write("/stop\nplease check")
        await world.idle()

    assert play(scene).texts() == ["re: please check"]


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
        assert world.sessions.newest("telegram:7", 10_000).messages == []

    assert play(scene, Model(held)).texts() == ["A new conversation. What can I do?"]


def test_new_is_done_though_a_stop_follows_at_once(play: Callable[..., Chat]) -> None:
    held = Held()

    async def scene(world: World) -> None:
        world.write("first")
        await held.asked.wait()
        world.write("/new")
        world.write("/stop")
        await world.idle()
        assert world.sessions.newest("telegram:7", 10_000).messages == []

    assert play(scene, Model(held)).texts() == ["A new conversation. What can I do?", "There is nothing to stop."]


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
