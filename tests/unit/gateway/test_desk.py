"""What a channel has the gateway say."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from agent.channels.base import ChannelError
from agent.channels.words import Sentence
from agent.gateway import delivery
from tests.unit.channels.heard import until
from tests.unit.gateway.world import Chat, World


@pytest.mark.parametrize(("language", "begins"), [("pl", "Kiedy mnie nie było"), ("en", "While I was away")])
def test_it_is_said_in_the_chats_language_and_stored_with_the_place(
    play: Callable[..., Chat], monkeypatch: pytest.MonkeyPatch, language: str, begins: str
) -> None:
    async def scene(world: World) -> None:
        world.write("/help", language=language)
        await world.idle()
        world.desk.tell("7", Sentence("left_out", most=1000), {"slack:7": "5"})
        await world.idle()
        assert world.chat.texts()[-1].startswith(begins)
        assert world.desk.marks("slack:") == {"slack:7": "5"}

        def full(_: object) -> None:
            raise OSError("no space left on device")

        with monkeypatch.context() as patch:
            patch.setattr(world.mailbox, "_mark", full)
            with pytest.raises(OSError, match="no space"):
                world.desk.tell("7", Sentence("left_out", most=1000), {"slack:7": "9"})
        assert not world.mailbox.unsent(), "neither without the other"

    play(scene)


def test_a_chat_that_moves_takes_its_conversation_along_and_what_is_on_its_way_arrives_once(
    play: Callable[..., Chat], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "backoff", lambda _: 0.01)

    async def scene(world: World) -> None:
        world.write("remember 42", chat="-5")
        await world.idle()
        world.chat.refuse = lambda _: ChannelError("not now")
        world.write("still on its way", chat="-5", number="2")
        await until(lambda: not world.mailbox.unfinished())
        for _ in range(2):  # both groups tell of it
            world.desk.moved("-5", "-1001")
        world.delivery.wake()
        await asyncio.sleep(0.05)
        world.chat.refuse = lambda _: None
        await world.idle()
        assert world.chat.texts("-5") == ["re: remember 42", "re: still on its way"]
        assert world.desk.knows("-1001")
        world.write("what was it?", chat="-1001", number="1")
        await world.idle()
        assert "remember 42" in [str(message["content"]) for message in world.model.asked[-1]]
        assert world.chat.texts("-1001") == ["re: what was it?"]

    play(scene)
