"""What a gateway finds that was killed: nothing lost, nothing out of order, nothing done twice."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from agent.gateway import turn
from agent.gateway.turn import MOST_ATTEMPTS
from agent.llm.stream import Completion, ToolCall
from agent.store.sessions import Message
from agent.tools.registry import Outgoing, Tool
from tests.unit.channels.heard import until
from tests.unit.gateway.world import Chat, Held, Model, NoArguments, World, said


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


@pytest.mark.usefixtures("drafts_at_once")
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
