"""What a channel has the gateway say."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from agent.channels.words import Sentence
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
