"""What is shown of an answer while it is being written, and of the tools at work."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import pytest

from agent.channels.base import ChannelError
from agent.gateway import progress
from agent.llm.stream import Completion, ToolCall
from agent.store.sessions import Message
from agent.tools.registry import Outgoing, Tool
from tests.unit.channels.heard import until
from tests.unit.gateway.world import SECRET, Chat, Held, Model, NoArguments, World, said


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
    ("way", "left"), [("/stop", ["*stopped*", "Stopped: “tell me”"]), ("", ["*request withdrawn*"])]
)
@pytest.mark.parametrize("handled", [True, False], ids=["handled", "stored"])
def test_what_was_stopped_stays_so_when_a_restart_comes_before_the_draft_has_settled(
    play: Callable[..., Chat], monkeypatch: pytest.MonkeyPatch, way: str, left: list[str], *, handled: bool
) -> None:
    """The restart comes while an edit of the draft is under way, or right after the message or edit was stored."""
    model, edits = Model(Held("Half of")), 0

    async def first(world: World) -> None:
        nonlocal edits
        number = world.write("tell me")
        await until(lambda: world.chat.texts() == ["Half of …"])
        draft = world.chat.draft

        async def stalls(*given: str | None) -> str:
            nonlocal edits
            edits += 1
            await asyncio.sleep(60)
            return await draft(*given)  # type: ignore[arg-type]

        with monkeypatch.context() as context:
            context.setattr(world.chat, "draft", stalls)
            world.model.on_text(" it")
            await until(lambda: edits > 0)
            world.write(way) if way else world.edit(number, None)
            await asyncio.sleep(0.05 if handled else 0)

    async def second(world: World) -> None:
        await world.idle()

    play(first, model)
    model.answer = Held()
    chat = play(second, model)
    assert chat.texts() == left
    assert len(model.asked) == 1


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


def test_of_a_long_answer_only_the_beginning_is_formatted_for_a_draft(
    play: Callable[..., Chat], monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Held("word " * 10_000)
    formatted: list[int] = []

    async def scene(world: World) -> None:
        compose = world.chat.compose

        def counted(markdown: str) -> list[str]:
            formatted.append(len(markdown))
            return compose(markdown)

        monkeypatch.setattr(world.chat, "compose", counted)
        world.write("tell me")
        await until(lambda: world.chat.texts() != [])
        assert max(formatted) <= progress.MOST_CHARS
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
