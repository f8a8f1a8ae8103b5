"""Commands that are given aside, for all threads of a channel, as Slack's slash commands are."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from agent.llm.stream import Completion
from agent.store.mailbox import Inbound, aside
from agent.store.sessions import Message
from tests.unit.channels.heard import until
from tests.unit.gateway.world import OWNER, Chat, Held, Model, World, said

HERE = aside("C1", OWNER)
OTHER = "8"


def order(world: World, text: str, user: str = OWNER) -> None:
    """The slash command is used in the channel C1."""
    world.desk.receive([Inbound("telegram", aside("C1", user), f"trigger {text}", user, "", text)])


def asks(world: World, text: str, thread: str, user: str = OWNER) -> None:
    """Somebody writes in a thread of it."""
    world.desk.receive([Inbound("telegram", f"C1:{thread}", f"{thread} {text}", user, thread, text, private=False)])


async def _waits_if_told(model: Model, messages: Sequence[Message]) -> Completion:
    """Works for ever on what is called work."""
    content = str(messages[-1]["content"])
    if content.startswith("work"):
        return await Held("beginning")(model, messages)
    return said(f"re: {content}, {len(messages)}")


def test_stop_ends_what_runs_for_that_person_in_all_threads_of_the_channel(tmp_path: Path) -> None:
    async def scene() -> None:
        async with World(tmp_path, model=Model(_waits_if_told), owners=(OWNER, OTHER)) as world:
            asks(world, "work one", "1")
            asks(world, "work two", "2")
            asks(world, "work waits", "2")
            asks(world, "work three", "3", OTHER)
            world.write("work at home")
            world.write("work elsewhere", chat="C10:1")
            await until(lambda: len(world.model.asked) == 5)
            order(world, "/stop")
            await until(lambda: world.chat.texts(HERE) == ["Stopped: “work two”, and dropped what waited: 2"])
            await until(lambda: len(world.mailbox.unfinished()) == 3)
            assert [one.text for one in world.mailbox.unfinished()] == ["work three", "work at home", "work elsewhere"]
            asks(world, "hello", "2")
            await until(lambda: len(world.chat.texts("C1:2")) == 1)
            order(world, "/stop", "9")
            assert len(world.mailbox.unfinished()) == 3, "a stranger stops nothing"

    asyncio.run(scene())


def test_new_ends_and_forgets_all_threads_of_the_channel_and_nothing_else(tmp_path: Path) -> None:
    async def scene() -> None:
        async with World(tmp_path, model=Model(_waits_if_told), owners=(OWNER, OTHER)) as world:
            world.write("hello")
            asks(world, "hello", "1")
            await world.idle()
            asks(world, "work", "1")
            asks(world, "work of another's", "2", OTHER)
            await until(lambda: len(world.model.asked) == 4)
            order(world, "/new")
            asks(world, "again", "1")  # before the turns have ended
            await world.idle()
            assert world.chat.texts(HERE) == ["In this channel, I start anew in every thread. What can I do?"]
            assert world.sessions.newest("telegram:C1:2", 10_000).messages == []
            again = world.sessions.newest("telegram:C1:1", 10_000).messages
            assert next(message["content"] for message in again) == "again", "what was asked after it is kept"
            assert len(again) == 2
            assert len(world.sessions.newest(f"telegram:{OWNER}", 10_000).messages) == 2

    asyncio.run(scene())


class Slow(Chat):
    """A chat service that takes its time over drafts in one thread."""

    def __init__(self) -> None:
        super().__init__()
        self.drafting = asyncio.Event()
        self.released = asyncio.Event()

    async def draft(self, chat_id: str, body: str, shown: str | None, reply_to: str | None) -> str:
        if chat_id == "C1:2":
            self.drafting.set()
            await self.released.wait()
        return await super().draft(chat_id, body, shown, reply_to)


@pytest.mark.usefixtures("drafts_at_once")
def test_new_forgets_what_a_turn_says_as_it_ends_and_keeps_what_was_asked_meanwhile(tmp_path: Path) -> None:
    async def scene() -> None:
        chat = Slow()
        async with World(tmp_path, chat, Model(_waits_if_told)) as world:
            asks(world, "hello", "1")
            await world.idle()
            asks(world, "work", "2")
            await chat.drafting.wait()
            order(world, "/new")
            asks(world, "again", "1")
            asks(world, "afresh", "2")
            await until(lambda: len(chat.texts("C1:1")) == 2)
            assert chat.texts(HERE) == []
            chat.released.set()
            await world.idle()
            assert chat.texts("C1:1")[1].startswith("re: again, 2"), "a model that knows nothing of before"
            for thread, first in (("1", "again"), ("2", "afresh")):
                stored = world.sessions.newest(f"telegram:C1:{thread}", 10_000).messages
                assert [message["role"] for message in stored] == ["user", "assistant"]
                assert stored[0]["content"] == first

    asyncio.run(scene())


def test_what_is_only_asked_is_answered_aside(play: Callable[..., Chat]) -> None:
    async def scene(world: World) -> None:
        order(world, "/status")
        order(world, "/whoami")
        order(world, "/sttaus")
        await world.idle()
        assert sorted(world.chat.texts(HERE)) == [
            "I do not know the command /sttaus; did you mean /status? /help lists those I know.",
            "Your id on telegram is 7.",
            "fine",
        ]

    play(scene)


def test_a_stop_that_a_restart_finds_still_stops(tmp_path: Path) -> None:
    model = Model(_waits_if_told)

    async def before() -> None:
        async with World(tmp_path, model=model) as world:
            asks(world, "work", "1")
            await until(lambda: len(world.model.asked) == 1)
            world.mailbox.receive([Inbound("telegram", HERE, "trigger", OWNER, "", "/stop")])  # and the power fails

    async def after() -> None:
        async with World(tmp_path, model=model) as world:
            await world.idle()
            assert world.chat.texts(HERE) == ["Stopped: “work”"]
            assert len(model.asked) == 1

    asyncio.run(before())
    asyncio.run(after())
