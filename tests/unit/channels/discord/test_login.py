"""Logging in to Discord: what the owner has to put right is said, what passes is tried again."""

from __future__ import annotations

import asyncio
import time

import pytest

from agent.channels.discord import channel as module
from tests.fakes import defaults
from tests.fakes.wire import DiscordFault, DiscordSettings
from tests.unit.channels.discord.stage import Play, Stage, play
from tests.unit.channels.heard import until

__all__ = ["play"]


TOKEN = (DiscordSettings(tokens=["another"]), "bot token")
INTENTS = (DiscordSettings(message_content=False), "Message Content Intent")


@pytest.mark.parametrize("wrong", [TOKEN, INTENTS], ids=["token", "intents"])
@pytest.mark.parametrize("when", ["at the start", "while running"])
def test_what_the_owner_has_to_put_right_is_said_and_not_hammered(
    play: Play, wrong: tuple[DiscordSettings, str], when: str, caplog: pytest.LogCaptureFixture
) -> None:
    (settings, words), path = wrong, "/users/@me"

    async def scene(stage: Stage) -> None:
        if when == "at the start":
            stage.world.change(settings)
        async with stage.listening(up=when != "at the start") as channel:
            stage.world.change(settings)
            if when != "at the start":
                stage.order("forget")
            asked = stage.calls("GET", path)
            await until(lambda: words in (channel.contact.problem or ""), 10)
            assert not channel.contact.curable
            await asyncio.sleep(0.3)
            assert stage.calls("GET", path) <= asked + 1
            assert words in (channel.contact.problem or ""), "nothing that Discord says meanwhile makes it well"
        assert caplog.text.count(words) == 1
        assert defaults.DISCORD_TOKEN not in caplog.text

    play(scene)


def test_a_token_that_is_put_right_is_taken(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "OWNER_WAIT_S", 0.2)

    async def scene(stage: Stage) -> None:
        async with stage.listening() as channel:
            stage.world.change(DiscordSettings(tokens=[]))
            await until(lambda: not channel.contact.curable)
            stage.world.change(DiscordSettings(tokens=[defaults.DISCORD_TOKEN]))
            await stage.up(channel)
            assert channel.contact.curable

    play(scene)


@pytest.mark.parametrize(
    "fault",
    [
        DiscordFault(kind="error", path="/users/@me$", status=503, times=3),
        DiscordFault(kind="error", path="/users/@me$", status=403, body="<html>Cloudflare</html>", times=3),
        DiscordFault(kind="error", path="/users/@me$", status=429, seconds=40.0, times=3),
        DiscordFault(kind="error", path="/users/@me$", status=429, seconds=0.2, whole=True, times=3),
        DiscordFault(kind="error", path="/users/@me$", status=200, body='{"id": 1', times=3),
        DiscordFault(kind="error", path="/users/@me$", status=200, body="<html>", times=3),
        DiscordFault(kind="error", path="/users/@me$", status=200, body="{}", times=3),
        DiscordFault(kind="reset", path="/users/@me$", times=3),
        DiscordFault(kind="silence", path="/users/@me$", times=1),
    ],
    ids=["503", "Cloudflare", "429 for long", "429", "broken", "text", "empty", "reset", "silence"],
)
def test_a_login_that_fails_is_tried_again(play: Play, monkeypatch: pytest.MonkeyPatch, fault: DiscordFault) -> None:
    monkeypatch.setattr("agent.channels.discord.rest.LOGIN_S", 1.0)
    sleep = asyncio.sleep
    monkeypatch.setattr(asyncio, "sleep", lambda seconds: sleep(min(seconds, 0.2)))

    async def scene(stage: Stage) -> None:
        stage.world.faults.append(fault)
        moment = time.monotonic()
        async with stage.listening():
            print(f"{fault.kind} {fault.status}: up after {time.monotonic() - moment:.2f} s")

    play(scene)
