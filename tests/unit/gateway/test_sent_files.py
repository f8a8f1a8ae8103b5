"""What a turn sends besides its answer, and an answer that is too long for a chat."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import pytest

from agent.gateway import progress
from agent.llm.stream import Completion, ToolCall
from agent.store.sessions import Message
from agent.tools.registry import Outgoing, Tool
from tests.unit.gateway.world import Chat, Model, NoArguments, World, said


async def _pieces(content: bytes) -> AsyncIterator[bytes]:
    yield content


def _sender(content: bytes, name: str = "../notes.txt") -> Tool[NoArguments]:
    async def send(_: NoArguments, out: Outgoing) -> str:
        await out.file(name, _pieces(content), "caption")
        return "sent"

    return Tool("send", "", NoArguments, send)


async def _sends(_: Model, messages: Sequence[Message]) -> Completion:
    result = messages[-1]
    return said(result["content"]) if result["role"] == "tool" else said("", ToolCall("call_1", "send", "{}"))


def test_a_file_is_sent_before_the_answer_and_does_not_stay(
    play: Callable[..., Chat], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "TOOLS_AFTER_S", 60)  # a draft would stand first, and become the answer

    async def scene(world: World) -> None:
        world.write("send it")
        await world.idle()

    assert play(scene, Model(_sends), _sender(b"content")).texts() == ["[file ../notes.txt] content", "sent"]
    assert list((tmp_path / "spool").iterdir()) == []


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ('a\r\nX-Evil: 1\u2028"b".txt', 'a X-Evil: 1 "b".txt'),
        ("\x1b[2Jgnp\u202e.exe", "[2Jgnp.exe"),
        (" \t\n ", "file"),
    ],
)
def test_a_name_is_one_line_that_a_screen_can_show(play: Callable[..., Chat], name: str, shown: str) -> None:
    async def scene(world: World) -> None:
        world.write("send it")
        await world.idle()

    assert f"[file {shown}] content" in play(scene, Model(_sends), _sender(b"content", name)).texts()


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
