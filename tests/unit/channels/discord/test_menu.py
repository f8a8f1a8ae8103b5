"""Discord's menu of commands, and the language that it tells."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.fakes.defaults import DISCORD_BOT_ID as BOT
from tests.fakes.discord import users
from tests.fakes.discord.objects import GENERAL
from tests.fakes.wire import DiscordCommand, DiscordFault, DiscordSettings
from tests.unit.channels.discord.stage import OWNER, Play, Stage, play
from tests.unit.channels.heard import until

__all__ = ["play"]
OTHER = "702000000000000002"


def test_the_menu_is_registered_once_and_its_commands_are_heard(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        async with stage.listening():
            await until(lambda: bool(stage.world.commands))
            described = {one["name"]: one["description_localizations"]["pl"] for one in stage.world.commands}
            assert described["new"] == "zacznij nową rozmowę"
            order = DiscordCommand(user_id=OWNER, name="model", argument="2", locale="pl")
            given = users.commands(stage.world, order)
            await until(lambda: given.answer == 4)
            assert (given.text, given.flags) == ("✓ `/model 2`", 64)
            stage.writes("dzień dobry")
            await stage.heard.until(2)
            ordered, written = stage.heard.messages
            assert (ordered.text, ordered.language, ordered.external_id) == ("/model 2", "pl", given.id)
            assert written.language == "pl", "as the menu has told"
        async with stage.listening():
            stage.writes("dobranoc")
            await stage.heard.until(3)
            assert stage.heard.messages[2].language == "pl", "as was remembered"
        puts = [call for call in stage.world.calls if call.method == "PUT"]
        assert len(puts) == 1

    play(scene)


def test_in_a_server_the_language_is_the_servers_until_the_menu_has_told_better(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        def mentions(text: str, **more: Any) -> None:
            stage.writes(f"<@{BOT}> {text}", **more)

        stage.world.settings.preferred_locale = "pl"
        stage.heard.receive([], {"discord": "1"})
        stage.heard.allowed = [OWNER, OTHER]
        mentions("missed", channel=GENERAL, user_id=OTHER)
        async with stage.listening():
            mentions("live", channel=GENERAL, user_id=OTHER)
            mentions("in a new thread", thread="830000000000000001", user_id=OTHER)
            stage.writes("in private", user_id=OTHER)
            await stage.heard.until(4)
            users.commands(stage.world, DiscordCommand(user_id=OTHER, name="status", locale="en-GB"))
            await stage.heard.until(5)
            mentions("live", channel=GENERAL, user_id=OTHER)
            mentions("by somebody else", channel=GENERAL)
            await stage.heard.until(7)
            stage.world.change(DiscordSettings(preferred_locale="en-US"))
            mentions("now", channel=GENERAL)
            await stage.heard.until(8)
        assert [(one.text, one.language) for one in stage.heard.messages] == [
            ("missed", "pl"),
            ("live", "pl"),
            ("in a new thread", "pl"),
            ("in private", "en"),
            ("/status", "en-GB"),
            ("live", "en-GB"),
            ("by somebody else", "pl"),
            ("now", "en-US"),
        ]

    play(scene)


def test_a_menu_that_is_not_taken_is_tried_again(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        stage.world.faults.append(DiscordFault(kind="error", path="/commands$", status=503, times=2))
        async with stage.listening():
            await until(lambda: bool(stage.world.commands))

    play(scene)


def test_a_command_is_acknowledged_when_it_is_stored_not_before(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        async with stage.listening():
            stage.writes("before")
            await until(lambda: bool(stage.world.commands) and len(stage.heard.messages) == 1)
        stage.writes("missed")
        stage.world.faults.append(DiscordFault(kind="hang", method="GET", path="/messages", seconds=0.5))
        async with stage.listening(up=False):
            await until(lambda: stage.world.hub.identifies == 2)
            given = users.commands(stage.world, DiscordCommand(user_id=OWNER, name="stop"))
            await asyncio.sleep(0.2)
            assert not given.answer
            await until(lambda: bool(given.answer))
        assert [message.text for message in stage.heard.messages] == ["before", "missed", "/stop"]

    play(scene)
