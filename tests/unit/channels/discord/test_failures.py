"""Discord unwell in every way that is known: the channel hears again, misses nothing, and says what is wrong.

Each test prints how long it took (`pytest -s`); what Discord counts in tens of seconds is shortened by `discord_stage`.
"""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

import pytest

from agent.channels.base import ChannelError, Outbound, RejectedError
from agent.channels.discord import channel as module
from agent.channels.discord.parts import Route
from agent.store.mailbox import Edited, Inbound
from tests.fakes import defaults
from tests.fakes.discord.gateway.connection import Connection
from tests.fakes.wire import DiscordFault, DiscordSettings
from tests.unit.channels.discord.stage import Play, Stage, play
from tests.unit.channels.heard import unresolvable, until

__all__ = ["play"]


@pytest.mark.parametrize("action", ["drop", "close", "reconnect", "invalid_resumable", "silence"])
def test_a_connection_that_ends_is_resumed_and_nothing_is_missed(play: Play, action: str) -> None:
    async def scene(stage: Stage) -> None:
        async with stage.listening():
            moment = stage.order(action)
            stage.writes("meanwhile")
            print(f"{action}: resumed after {await stage.begun_since(moment):.2f} s")
            stage.writes("after")
            await stage.heard.until(2)
        assert [one.text for one in stage.heard.messages] == ["meanwhile", "after"]
        assert (stage.world.hub.identifies, stage.world.hub.resumed) == (1, 1)

    play(scene)


@pytest.mark.parametrize("how", ["invalid", "forget", "unanswered", "closed for good"])
def test_a_session_that_cannot_be_resumed_is_begun_anew_and_nothing_is_missed(play: Play, how: str) -> None:
    async def scene(stage: Stage) -> None:
        async with stage.listening():
            stage.writes("before")
            await stage.heard.until(1)
            stage.world.change(DiscordSettings(answers_resume=how != "unanswered"))
            if how == "closed for good":
                stage.world.hub.sessions.clear()
            moment = stage.order({"unanswered": "drop", "closed for good": "close"}.get(how, how), 4009)
            stage.writes("meanwhile")
            print(f"{how}: begun anew after {await stage.begun_since(moment):.2f} s")
            stage.writes("after")
            await stage.heard.until(3)
        assert [one.text for one in stage.heard.messages] == ["before", "meanwhile", "after"]
        assert (stage.world.hub.identifies, stage.world.hub.resumes, stage.world.hub.resumed) == (
            2,
            how != "invalid",
            0,
        )

    play(scene)


def test_a_server_that_answers_no_heartbeat_is_left_even_if_it_goes_on_talking(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        async with stage.listening():
            stage.world.change(DiscordSettings(acknowledges=False))
            moment, sent = time.monotonic(), 0
            while stage.world.hub.resumed == 0 and sent < 50:
                stage.writes(f"m{sent}")
                sent += 1
                await asyncio.sleep(0.1)
            print(f"no ACKs: resumed after {time.monotonic() - moment:.2f} s")
            stage.world.change(DiscordSettings(acknowledges=True))
            await stage.heard.until(sent)
        assert stage.world.hub.resumed
        assert [one.text for one in stage.heard.messages] == [f"m{number}" for number in range(sent)]

    play(scene)


@pytest.mark.parametrize("mode", ["silence", "reset", "refuse"])
def test_a_network_that_fails_in_any_way_is_survived(play: Play, monkeypatch: pytest.MonkeyPatch, mode: Any) -> None:
    monkeypatch.setattr("agent.channels.discord.rest.LOGIN_S", 1.0)

    async def scene(stage: Stage) -> None:
        async with stage.listening() as channel:
            hosts = [stage.fakes.host(name) for name in (defaults.DISCORD_HOST, defaults.DISCORD_GATEWAY_HOST)]
            for host in hosts:
                await host.set_mode(mode)
            stage.order("drop")
            stage.writes("meanwhile")
            await until(lambda: "cannot be reached" in (channel.contact.problem or ""), 15)
            assert channel.contact.curable
            for host in hosts:
                await host.set_mode("ok")
            moment = time.monotonic()
            print(f"network {mode}: back {await stage.begun_since(moment):.2f} s after it was well again")
            await stage.heard.until(1)
            await stage.up(channel)
        assert [one.text for one in stage.heard.messages] == ["meanwhile"]

    play(scene)


def test_names_that_do_not_resolve_are_tried_again(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    name = unresolvable(monkeypatch, "discord.test")

    async def scene(stage: Stage) -> None:
        monkeypatch.setattr(Route, "BASE", Route.BASE.replace("127.0.0.1", name.host))
        async with stage.listening(up=False) as channel:
            await until(lambda: "cannot be reached" in (channel.contact.problem or ""))
            name.resolves, moment = True, time.monotonic()
            print(f"DNS: back after {await stage.begun_since(moment):.2f} s")
            await stage.up(channel)

    play(scene)


def test_refusals_say_whether_to_try_again(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.channels.discord.rest.CALL_S", 1.0)

    async def scene(stage: Stage) -> None:
        async with stage.listening() as channel:
            message = Outbound("discord", stage.dm, "hi", id=1)
            stage.world.faults.append(DiscordFault(kind="error", path="/messages", status=429, seconds=0.2))
            await channel.send(message)
            for fault, retry_after in (
                (DiscordFault(kind="error", path="/messages", status=429, seconds=40.0), 40.0),
                (DiscordFault(kind="error", path="/messages", status=429, body="<html>Cloudflare</html>"), None),
                (DiscordFault(kind="error", path="/messages", status=503), None),
                (DiscordFault(kind="error", path="/messages", status=200, body='{"id": 1'), None),
                (DiscordFault(kind="error", path="/messages", status=200, body="<html>"), None),
                (DiscordFault(kind="error", path="/messages", status=200, body="{}"), None),
                (DiscordFault(kind="silence", path="/messages"), None),
            ):
                stage.world.faults[:] = [fault]
                with pytest.raises(ChannelError) as caught:
                    await channel.send(message)
                assert not isinstance(caught.value, RejectedError), fault
                assert caught.value.retry_after == retry_after
                await channel.typing(stage.dm)  # so that the failures are none in a row
            stage.world.faults.clear()
            for chat, words in (("42", "Unknown Channel"), ("810000000000000003", "Missing Access")):
                with pytest.raises(RejectedError, match=words):
                    await channel.send(Outbound("discord", chat, "hi", id=1))
            stage.world.change(DiscordSettings(blocked=[defaults.DISCORD_OWNER_ID]))
            with pytest.raises(RejectedError, match="Cannot send messages to this user"):
                await channel.send(message)

    play(scene)


def test_rate_limits_are_kept_without_a_refusal_being_seen(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        stage.world.limits.active = True
        async with stage.listening() as channel:
            for number in range(7):
                await channel.send(Outbound("discord", stage.dm, f"m{number}", id=number))
        assert [one.content for one in stage.shown()] == [f"m{number}" for number in range(7)]
        assert not [call for call in stage.world.calls if call.status == 429]

    play(scene)


def test_calls_that_fail_again_and_again_get_fresh_connections(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        async with stage.listening() as channel:
            stage.world.faults.append(DiscordFault(kind="reset", path="/messages", times=4))
            moment = time.monotonic()
            for _ in range(4):
                with pytest.raises(ChannelError):
                    await channel.send(Outbound("discord", stage.dm, "hi", id=1))
            print(f"wedged: fresh after {await stage.begun_since(moment):.2f} s")
            await stage.up(channel)
            await channel.send(Outbound("discord", stage.dm, "hi", id=1))
            stage.writes("do you hear me?")
            await stage.heard.until(1)
        assert stage.calls("GET", "/users/@me") == 2
        assert (stage.world.hub.identifies, stage.world.hub.resumed) == (1, 1)

    play(scene)


def test_a_name_that_is_looked_up_when_the_connections_end_is_a_call_that_failed(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve, asked, answered = socket.getaddrinfo, threading.Event(), threading.Event()

    def lookup(host: Any, *more: Any, **options: Any) -> Any:
        if host == "slow.test":
            asked.set()
            answered.wait(10)
        return resolve("127.0.0.1" if host == "slow.test" else host, *more, **options)

    async def scene(stage: Stage) -> None:
        monkeypatch.setattr(socket, "getaddrinfo", lookup)
        async with stage.listening() as channel:
            with monkeypatch.context() as patch:
                patch.setattr(Route, "BASE", Route.BASE.replace("127.0.0.1", "slow.test"))
                sending = asyncio.create_task(channel.send(Outbound("discord", stage.dm, "hi", id=1)))
                await until(asked.is_set)
            channel._rest.wedged.set()
            with pytest.raises(ChannelError):
                await sending
            answered.set()
            await stage.up(channel)

    try:
        play(scene)
    finally:
        answered.set()


@pytest.mark.parametrize("what", ["an unknown form", "a full disk"])
def test_what_was_missed_is_read_after_any_failure_and_until_then_it_is_not_well(
    play: Play, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    async def scene(stage: Stage) -> None:
        async with stage.listening():
            stage.writes("before")
            await stage.heard.until(1)
        stage.writes("meanwhile")
        receive, failures = stage.heard.receive, 1

        def full(events: Iterable[Inbound | Edited], marks: Mapping[str, str] | None = None) -> None:
            nonlocal failures
            events = list(events)
            if events and failures:
                failures = 0
                raise OSError(28, "No space left on device")
            receive(events, marks)

        stage.world.faults.append(DiscordFault(kind="hang", method="GET", path="/messages", seconds=0.3))
        if what == "a full disk":
            monkeypatch.setattr(stage.heard, "receive", full)
        else:
            odd = DiscordFault(kind="error", method="GET", path="/messages", status=200, body='{"odd": 1}')
            stage.world.faults[:] = [odd]
        async with stage.listening(up=False) as channel:
            await until(lambda: stage.world.hub.identifies == 2)
            await asyncio.sleep(0.1 if what == "a full disk" else 0)
            assert channel.contact.problem is not None
            await stage.up(channel)
            assert stage.world.hub.identifies == 3
            stage.writes("after")
            await stage.heard.until(3)
        assert [one.text for one in stage.heard.messages] == ["before", "meanwhile", "after"]

    play(scene)


def test_what_nobody_understands_ends_nothing_but_the_connection(play: Play, caplog: pytest.LogCaptureFixture) -> None:
    async def scene(stage: Stage) -> None:
        async with stage.listening():
            stage.world.hub.publish("MESSAGE_CREATE", {"id": "7", "author": {"id": "1"}}, 0)
            stage.world.hub.publish("MESSAGE_UPDATE", {"content": "x", "edited_timestamp": "now"}, 0)
            stage.world.hub.publish("INTERACTION_CREATE", {"type": 2}, 0)
            stage.writes("and on")
            await stage.heard.until(1)
            assert caplog.text.count("of an unknown form") == 3
            moment = time.monotonic()
            for connection in list(stage.world.hub.open):
                connection.send(["no", "frame"])  # type: ignore[arg-type]
            await stage.begun_since(moment)
            stage.writes("and on")
            await stage.heard.until(2)

    play(scene)


@pytest.mark.parametrize("again", [True, False], ids=["resuming", "beginning"])
def test_a_greeting_that_nobody_understands_ends_nothing_but_the_connection(
    play: Play, monkeypatch: pytest.MonkeyPatch, *, again: bool
) -> None:
    send, broken = Connection.send, 0

    def garbled(self: Connection, payload: dict[str, Any]) -> None:
        nonlocal broken
        if broken and payload.get("op") == 10:
            broken -= 1
            payload = ["no", "frame"]  # type: ignore[assignment]
        send(self, payload)

    async def scene(stage: Stage) -> None:
        nonlocal broken
        monkeypatch.setattr(Connection, "send", garbled)
        async with stage.listening():
            broken, moment = 1, stage.order("drop" if again else "invalid")
            await stage.begun_since(moment)
            assert not broken
            stage.writes("and on")
            await stage.heard.until(1)

    play(scene)


def test_a_clock_that_jumps_changes_nothing(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = time.time

    async def scene(stage: Stage) -> None:
        async with stage.listening() as channel:
            stage.writes("before")
            await stage.heard.until(1)
            for jump in (86_400, -86_400):
                monkeypatch.setattr(time, "time", partial(lambda by: clock() + by, jump))
                await asyncio.sleep(0.5)
                stage.order("forget")
                stage.writes(f"{jump}")
                await stage.heard.until(len(stage.heard.messages) + 1)
                assert channel.contact.problem is None
        assert [one.text for one in stage.heard.messages] == ["before", "86400", "-86400"]

    play(scene)


def test_connections_that_end_at_once_are_begun_more_and_more_slowly(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[int] = []

    def backoff(failures: int) -> float:
        waits.append(failures)
        return 0.02

    monkeypatch.setattr(module, "backoff", backoff)

    async def scene(stage: Stage) -> None:
        async with stage.listening():
            for number in range(1, 5):
                stage.order("close")
                await until(partial(lambda wanted: stage.world.hub.resumed == wanted, number))
        assert waits == [1, 2, 3]

    play(scene)
