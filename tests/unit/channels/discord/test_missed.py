"""What was missed on Discord is read to its end, or the chat is told that it is not."""

from __future__ import annotations

import asyncio

import pytest

from agent.channels.discord import history as discord_history
from agent.channels.discord.hearing import Hearing
from agent.channels.discord.history import History
from tests.fakes.discord.objects import BOT, GENERAL
from tests.fakes.wire import DiscordFault
from tests.unit.channels.discord.stage import Play, Stage, play
from tests.unit.channels.heard import until

__all__ = ["play"]

STRANGER = "666000000000000001"


def test_however_much_it_is_it_is_read_to_its_end_and_at_discords_pace(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene(stage: Stage) -> None:
        async with stage.listening():
            stage.writes("before")
            await stage.heard.until(1)
        for number in range(620):
            stage.writes(f"m{number}")
        stage.world.faults.append(DiscordFault(kind="error", method="GET", path="/messages", status=429, seconds=40.0))
        slept: list[float] = []
        sleep = asyncio.sleep

        async def hurried(seconds: float) -> None:
            slept.append(seconds)
            await sleep(min(seconds, 0.05))

        monkeypatch.setattr(asyncio, "sleep", hurried)
        async with stage.listening(up=False):
            await stage.heard.until(621, 30)
        assert 40.0 in slept, "as long as Discord asks"
        assert [message.text for message in stage.heard.messages[1:]] == [f"m{number}" for number in range(620)]
        assert not stage.heard.told

    play(scene)


def test_what_is_left_out_is_said_once_where_the_assistant_is_known(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(discord_history, "MOST_MISSED", 30)
    monkeypatch.setattr(discord_history, "_PAGE", 10)
    monkeypatch.setattr(discord_history, "_MARGIN", 0)

    async def scene(stage: Stage) -> None:
        async with stage.listening():
            stage.writes("before")
            await stage.heard.until(1)
        for number in range(45):
            stage.writes(f"m{number}")
            stage.writes("nobody called", channel=GENERAL)
        async with stage.listening():
            await stage.heard.until(31)
        assert [message.text for message in stage.heard.messages[1:]] == [f"m{number}" for number in range(15, 45)]
        ((told, sentence),) = stage.heard.told
        assert told == stage.dm, "the server's channel has never had to do with it"
        assert "the newest 30 messages" in sentence
        for number in range(30):
            stage.writes(f"n{number}")
        async with stage.listening():
            await stage.heard.until(61)
        assert len(stage.heard.told) == 1, "thirty are not more than thirty"

    play(scene)


def test_what_is_left_out_is_not_said_again_after_a_kill(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discord_history, "MOST_MISSED", 30)
    monkeypatch.setattr(discord_history, "_PAGE", 10)

    async def scene(stage: Stage) -> None:
        async with stage.listening():
            stage.writes("before")
            await stage.heard.until(1)
        for number in range(45):
            stage.writes(f"m{number}")
        with monkeypatch.context() as patch:
            patch.setattr(Hearing, "_hand_in", lambda *_: None)  # the kill comes before anything is handed in
            patch.setattr(History, "write_down", lambda _: None)
            async with stage.listening(up=False):
                await until(lambda: len(stage.heard.told) == 1)
        async with stage.listening():
            await stage.heard.until(31)
        assert [message.text for message in stage.heard.messages[1:]] == [f"m{number}" for number in range(15, 45)]
        assert len(stage.heard.told) == 1

    play(scene)


def test_of_what_strangers_wrote_meanwhile_hardly_anything_is_kept(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        async with stage.listening():
            stage.writes(f"<@{BOT.id}> before", channel=GENERAL)
            await stage.heard.until(1)
        stage.writes(f"<@{BOT.id}> " + "x" * 1900, channel=GENERAL, user_id=STRANGER)
        stage.writes(f"<@{BOT.id}> " + "y" * 1900, channel=GENERAL)
        async with stage.listening(up=False):
            await stage.heard.until(3)
        assert [len(one.text) for one in stage.heard.messages[1:]] == [100, 1900]

    play(scene)
