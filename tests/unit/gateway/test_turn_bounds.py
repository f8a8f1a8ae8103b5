"""However much a model reads in one turn: the state file stays small, and what a restart looks at fits into memory."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from agent.gateway.turn import INTERRUPTED, MOST_CHARS
from agent.llm.stream import ToolCall
from agent.store.mailbox import Inbound, Mailbox
from agent.store.sessions import Sessions, open_calls
from agent.tools.registry import Tool, Tools
from tests.unit.gateway.quiet import Quiet
from tests.unit.gateway.test_spending import World, answer, llm

# As a file of control characters is read: six times as long as JSON.
READ = "\x01" * (256 * 1024)


class _Nothing(msgspec.Struct):
    """Arguments of no importance."""


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path / "state.db", llm())

    async def read(_: _Nothing, __: object) -> str:
        return READ

    world.turns = replace(world.turns, tools=Tools([Tool("read", "", _Nothing, read)]))
    return world


def calls(step: int) -> tuple[ToolCall, ...]:
    return tuple(ToolCall(f"call_{step}_{number}", "read", "{}") for number in range(4))


def stored(world: World) -> int:
    (total,) = world.database.execute("SELECT sum(length(body)) FROM messages").fetchone()
    return int(total)


def test_a_turn_that_reads_much_stores_little(world: World) -> None:
    world.script = [answer(1, 1, calls=calls(step)) for step in range(3)]
    assert world.ask() == "done"
    assert MOST_CHARS < stored(world) < MOST_CHARS + 6 * len(READ) + 10_000
    outline = world.sessions.of_turn("telegram:7", 1)
    assert [message["role"] for message in outline] == ["user", *["assistant", *["tool"] * 4] * 3, "assistant"]
    assert sum(len(str(message)) for message in outline) < 100_000
    assert open_calls(outline) == []


def test_a_restart_in_its_middle_goes_on(world: World) -> None:
    world.script = [answer(1, 1, calls=calls(0)), KeyboardInterrupt()]
    with pytest.raises(KeyboardInterrupt):
        world.ask()
    world.sessions.append("telegram:7", 1, answer(1, 1, calls=calls(1)).message())
    world.script = []
    assert world.ask() == "done"
    results = [m["content"] for m in world.sessions.of_turn("telegram:7", 1) if m["role"] == "tool"]
    assert results[4:] == [INTERRUPTED] * 4


@pytest.mark.parametrize("edited", [False, True])
def test_an_attempt_is_counted_before_what_may_end_it(
    world: World, *, edited: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailbox = Mailbox(world.database)
    (message,) = mailbox.receive([Inbound("telegram", "7", "1", "7", "1", "go")])
    world.script = [KeyboardInterrupt()]
    with pytest.raises(KeyboardInterrupt):
        asyncio.run(world.turns.run(message, "en", world.answers.append, Quiet()))
    (again,) = mailbox.unfinished()
    assert again.attempts == 1

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Sessions, "of_turn", killed)
    if edited:
        again = replace(again, attempts=0, revision=1)
    with pytest.raises(KeyboardInterrupt):
        asyncio.run(world.turns.run(again, "en", world.answers.append, Quiet()))
    assert mailbox.unfinished()[0].attempts == 2


def test_all_conversations_together_are_bounded_and_what_is_worked_on_stays(world: World) -> None:
    mailbox = Mailbox(world.database)
    messages = mailbox.receive([Inbound("telegram", str(n), str(n), "7", "1", "go") for n in range(1, 6)])
    finish: Callable[[Inbound], None] = lambda one: mailbox.finish(one, [])  # noqa: E731
    for message in messages:
        world.sessions.append(message.session, message.id, {"role": "user", "content": "ż" * 1000})
    for message in messages[1:]:
        finish(message)
    assert world.sessions.prune_all(5000) == 2
    left = {turn for (turn,) in world.database.execute("SELECT turn FROM messages")}
    assert left == {messages[0].id, messages[3].id, messages[4].id}
