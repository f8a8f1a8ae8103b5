"""Every way in which Discord ends a connection, and where the next one goes."""

from __future__ import annotations

import time
from typing import Any

import pytest

from agent.channels.discord import channel as module
from agent.channels.discord import gateway as discord_gateway
from tests.fakes.discord.gateway import handshake
from tests.fakes.discord.gateway.connection import Connection
from tests.unit.channels.discord.stage import Play, Stage, play
from tests.unit.channels.heard import until

__all__ = ["play"]

FATAL = {4004: "bot token", 4013: "intents", 4014: "Message Content Intent"} | {
    code: f"this version any more (code {code})" for code in (4010, 4011, 4012)
}


@pytest.mark.parametrize("code", [1000, 1001, 4000, 4001, 4002, 4003, 4005, 4007, 4008, 4009])
def test_whatever_the_code_it_hears_on(play: Play, code: int) -> None:
    async def scene(stage: Stage) -> None:
        async with stage.listening() as channel:
            moment = stage.order("close", code)
            stage.writes("meanwhile")
            await stage.begun_since(moment)
            stage.writes("after")
            await stage.heard.until(2)
            await until(lambda: channel.contact.problem is None)
        assert [one.text for one in stage.heard.messages] == ["meanwhile", "after"]

    play(scene)


@pytest.mark.parametrize("code", FATAL)
def test_what_only_the_owner_can_put_right_is_said_and_tried_seldom(
    play: Play, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    monkeypatch.setattr(module, "OWNER_WAIT_S", 1.0)

    async def scene(stage: Stage) -> None:
        async with stage.listening() as channel:
            moment = stage.order("close", code)
            stage.writes("meanwhile")
            await until(lambda: FATAL[code] in (channel.contact.problem or ""))
            assert not channel.contact.curable
            assert await stage.begun_since(moment) >= 1
            await stage.heard.until(1)
            await stage.up(channel)

    play(scene)


@pytest.mark.parametrize("junk", [b"junk\x00\x00\xff\xff", b"\x00\x00\xff\xff", b"unfinished"])
def test_a_stream_that_cannot_be_unpacked_is_begun_anew_and_nothing_is_missed(play: Play, junk: bytes) -> None:
    async def scene(stage: Stage) -> None:
        async with stage.listening():
            moment = time.monotonic()
            for connection in list(stage.world.hub.open):
                await connection._ws.send_bytes(junk)
            stage.writes("meanwhile")
            await stage.begun_since(moment)
            stage.writes("after")
            await stage.heard.until(2)
        assert [one.text for one in stage.heard.messages] == ["meanwhile", "after"]

    play(scene)


def told_to_resume_at(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    ready = handshake._ready

    def elsewhere(connection: Connection, session: Any) -> dict[str, Any]:
        return {**ready(connection, session), "resume_gateway_url": address}

    monkeypatch.setattr(handshake, "_ready", elsewhere)


def test_a_session_is_resumed_where_discord_says(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene(stage: Stage) -> None:
        told_to_resume_at(monkeypatch, stage.gateway_url.replace("127.0.0.1", "localhost"))
        async with stage.listening():
            assert [one._request.host.partition(":")[0] for one in stage.world.hub.open] == ["127.0.0.1"]
            await stage.begun_since(stage.order("drop"))
            assert [one._request.host.partition(":")[0] for one in stage.world.hub.open] == ["localhost"]
            assert stage.world.hub.resumed == 1
            await stage.begun_since(stage.order("invalid"))
            assert stage.world.hub.identifies == 2
            assert [one._request.host.partition(":")[0] for one in stage.world.hub.open] == ["127.0.0.1"]

    play(scene)


def test_where_nobody_resumes_it_begins_anew_at_the_known_address(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene(stage: Stage) -> None:
        told_to_resume_at(monkeypatch, "ws://127.0.0.1:1")
        async with stage.listening():
            moment = stage.order("drop")
            stage.writes("meanwhile")
            await stage.begun_since(moment)
            await stage.heard.until(1)
        assert (stage.world.hub.identifies, stage.world.hub.resumed) == (2, 0)

    play(scene)


def test_sessions_are_not_begun_so_often_that_discord_takes_the_token_away(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_day = discord_gateway.MANY_SESSIONS + 86_400 / discord_gateway.SESSION_EVERY_S
    assert a_day < 1000
    monkeypatch.setattr(discord_gateway, "MANY_SESSIONS", 3)
    monkeypatch.setattr(discord_gateway, "SESSION_EVERY_S", 1.0)

    async def scene(stage: Stage) -> None:
        async with stage.listening():
            quick = [await stage.begun_since(stage.order("invalid")) for _ in range(2)]
            slow = [await stage.begun_since(stage.order("invalid")) for _ in range(2)]
            assert max(quick) < 0.6
            assert min(slow) > 0.6
            stage.writes("heard?")
            await stage.heard.until(1)
            resumed = [await stage.begun_since(stage.order("drop")) for _ in range(4)]
            assert max(resumed) < 0.6, "a session that is resumed is not begun"

    play(scene)
