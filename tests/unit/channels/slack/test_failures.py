"""The Slack channel hears again after every failure, over real sockets; one test per failure."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any

import pytest

from agent.channels.base import ChannelError
from agent.channels.slack import catch_up as slack_catch_up
from agent.channels.slack.history import MARK
from agent.store.mailbox import Outbound
from tests.fakes import defaults
from tests.fakes.slack import socket as slack_fake_socket
from tests.unit.channels.heard import unresolvable, until
from tests.unit.channels.slack.stage import Stage, hasty, hears, play

HOSTS = (defaults.SLACK_HOST, defaults.SLACK_SOCKET_HOST)


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    hasty(monkeypatch)


def missed(stage: Stage, text: str) -> None:
    """A message of which no event arrives."""
    subscribed, stage.world.events = stage.world.events, set()
    stage.write(text)
    stage.world.events = subscribed


def test_whoever_listens_no_more_is_not_taken_for_well(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene(stage: Stage) -> None:
        stage.world.hub.acknowledge_s, stage.world.hub.retry_s = 0.2, (0.0, 0.0, 0.0)
        receive, ends = stage.heard.receive, 1

        def cut_off(*given: Any) -> None:
            nonlocal ends
            ends -= 1
            if ends >= 0:
                raise asyncio.CancelledError
            receive(*given)

        monkeypatch.setattr(stage.heard, "receive", cut_off)
        stage.write("one")
        await stage.heard.until(1)
        assert stage.world.hub.opened == 2
        await hears(stage)

    play(scene)


@pytest.mark.parametrize("action", ["warning", "refresh_requested"])
def test_a_new_connection_before_the_old_one_ends(action: str) -> None:
    async def scene(stage: Stage) -> None:
        stage.slack.sockets.settings.warn_s = 0.5
        lines: list[int] = []
        stage.slack.sockets.order(action)
        async with asyncio.timeout(5):
            while stage.world.hub.opened < 2:
                lines.append(len(stage.world.hub.lines))
                await asyncio.sleep(0.005)
        await until(lambda: bool(stage.world.hub.lines))
        assert action != "warning" or 0 not in lines
        await hears(stage)
        assert stage.channel.contact.problem is None

    play(scene)


def test_what_still_comes_over_the_old_connection_is_heard() -> None:
    async def scene(stage: Stage) -> None:
        stage.slack.sockets.settings.warn_s = 5
        old = stage.world.hub.lines[0]
        stage.slack.sockets.order("warning")
        await until(lambda: len(stage.world.hub.lines) == 2)
        stage.world.hub.lines.sort(key=lambda line: line is old)
        stage.write("over the old one")
        await stage.heard.until(1)
        await until(stage.acknowledged)

    play(scene)


def test_a_dropped_connection_is_replaced_at_once() -> None:
    async def scene(stage: Stage) -> None:
        for round_ in range(2, 5):
            stage.slack.sockets.order("drop")
            await until(lambda wanted=round_: stage.world.hub.opened == wanted)  # type: ignore[misc]
            await hears(stage)

    play(scene)


def test_a_connection_that_fell_silent_is_noticed_and_what_it_swallowed_is_heard() -> None:
    async def scene(stage: Stage) -> None:
        await hears(stage)
        stage.slack.sockets.order("silence")
        missed(stage, "into the void")
        await stage.heard.until(2)
        assert stage.heard.messages[1].text == "into the void"
        assert stage.world.hub.opened == 2
        await hears(stage)

    play(scene)


def test_silence_alone_is_no_reason_for_another_connection() -> None:
    async def scene(stage: Stage) -> None:
        stage.slack.sockets.settings.ping_s = 1000
        await asyncio.sleep(1.2)
        assert stage.world.hub.opened == 1
        age = stage.channel.contact.age()
        assert age is not None
        assert age < 0.5  # pongs are contact

    play(scene)


def test_too_many_connections_are_said_and_one_of_them_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene(stage: Stage) -> None:
        monkeypatch.setattr(slack_fake_socket, "_MOST_CONNECTIONS", 0)
        stage.slack.sockets.order("drop")
        missed(stage, "meanwhile")
        await until(lambda: "too_many_websockets" in (stage.channel.contact.problem or ""))
        assert stage.channel.contact.curable
        monkeypatch.setattr(slack_fake_socket, "_MOST_CONNECTIONS", 10)
        await stage.listening()
        await hears(stage)

    play(scene)


def test_no_hello_is_no_connection() -> None:
    async def scene(stage: Stage) -> None:
        stage.slack.sockets.settings.hello = False
        stage.slack.sockets.order("drop")
        await until(lambda: "websocket cannot be reached" in (stage.channel.contact.problem or ""))
        stage.slack.sockets.settings.hello = True
        await stage.listening()
        await hears(stage)

    play(scene)


def test_socket_mode_turned_off_is_said_and_on_again_noticed(caplog: pytest.LogCaptureFixture) -> None:
    async def scene(stage: Stage) -> None:
        stage.slack.sockets.order("link_disabled")
        await until(lambda: "Socket Mode is turned off" in (stage.channel.contact.problem or ""))
        await asyncio.sleep(0.3)
        assert "Socket Mode is turned off" in (stage.channel.contact.problem or "")
        assert not stage.channel.contact.curable
        stage.world.socket_mode = True
        await stage.listening()
        await hears(stage)

    play(scene)
    assert caplog.text.count("Socket Mode is turned off") == 1


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "error", "status": 503, "body": "<html>"},
        {"kind": "error", "status": 429, "seconds": 1},
        {"kind": "error", "error": "internal_error"},
        {"kind": "error", "status": 200, "body": "no JSON"},
        {"kind": "error", "status": 200, "body": '{"ok": tr'},
        {"kind": "error", "status": 200, "body": '{"ok": true}'},
        {"kind": "reset"},
    ],
    ids=["503", "429", "internal_error", "garbage", "broken", "empty", "reset"],
)
def test_a_connection_that_cannot_be_opened_is_tried_again(fault: dict[str, Any]) -> None:
    async def scene(stage: Stage) -> None:
        stage.fail(method="apps.connections.open", times=2, **fault)
        began = time.monotonic()
        stage.slack.sockets.order("drop")
        await until(lambda: stage.world.hub.opened == 2, 10)
        await stage.listening()
        await hears(stage)
        asked = len(stage.calls("apps.connections.open"))
        assert asked == 4
        if fault.get("status") == 429:
            assert time.monotonic() - began >= 2  # as Retry-After says, twice

    play(scene)


@pytest.mark.parametrize("mode", ["silence", "reset", "refuse"])
def test_a_network_that_fails_in_any_way_is_survived(mode: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from agent.channels.slack import web as slack_web

    monkeypatch.setattr(slack_web, "CALL_S", 0.5)

    async def scene(stage: Stage) -> None:
        await hears(stage)
        hosts = [stage.fakes.host(name) for name in HOSTS]
        for host in hosts:
            await host.set_mode(mode)
        if mode == "silence":
            stage.slack.sockets.order("silence")
        pool = stage.channel._web.session
        await until(lambda: stage.channel.contact.problem is not None, 10)
        assert stage.channel.contact.curable
        missed(stage, "meanwhile")
        await until(lambda: stage.channel._web._session is not pool, 20)  # several failures: everything anew
        for host in hosts:
            await host.set_mode("ok")
        stage.world.serve_at({host.name: host.url for host in stage.fakes._hosts})
        await stage.heard.until(2, 10)
        assert stage.heard.messages[1].text == "meanwhile"
        await hears(stage)

    play(scene)


def test_a_name_that_does_not_resolve_is_survived(monkeypatch: pytest.MonkeyPatch) -> None:
    name = unresolvable(monkeypatch, "slack.test")

    async def scene(stage: Stage) -> None:
        await until(lambda: "cannot be reached" in (stage.channel.contact.problem or ""))
        assert stage.channel.contact.curable
        name.resolves = True
        await stage.listening()
        await hears(stage)

    play(scene, wait=False, host=name.host)


@pytest.mark.parametrize(
    "fault",
    [{"kind": "error", "status": 503, "body": "<html>"}, {"kind": "error", "error": "internal_error"}],
    ids=["503", "internal_error"],
)
def test_what_was_missed_is_read_in_the_end_while_new_messages_come(fault: dict[str, Any]) -> None:
    async def scene(stage: Stage) -> None:
        await hears(stage)
        mark = f"{MARK}{stage.home}"
        read = stage.heard.stored[mark]
        stage.fail(method="conversations.history", times=10_000, **fault)
        missed(stage, "meanwhile")
        stage.slack.sockets.order("drop")
        await until(lambda: stage.world.hub.opened == 2)
        await hears(stage)
        assert stage.heard.stored[mark] == read  # another start would read from here
        asked = len(stage.calls("conversations.history"))
        await until(lambda: len(stage.calls("conversations.history")) > asked)
        stage.world.faults.clear()
        await stage.heard.until(3)
        assert [one.text for one in stage.heard.messages] == ["message 0", "message 1", "meanwhile"]
        await until(lambda: stage.heard.stored[mark] == stage.heard.messages[1].message_id)
        await hears(stage)
        assert stage.heard.stored[mark] == stage.heard.messages[-1].message_id

    play(scene)


def test_new_messages_wait_for_what_was_missed_but_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slack_catch_up, "PATIENCE_S", 0.5)

    async def scene(stage: Stage) -> None:
        await hears(stage)
        stage.fail("hang", method="conversations.history", seconds=1.5)
        missed(stage, "meanwhile")
        stage.slack.sockets.order("drop")
        await until(lambda: stage.world.hub.opened == 2)
        stage.write("now")
        await asyncio.sleep(0.2)
        assert len(stage.heard.messages) == 1
        await stage.heard.until(3)
        assert [one.text for one in stage.heard.messages] == ["message 0", "now", "meanwhile"]

    play(scene)


def test_a_missed_message_of_an_unknown_form_does_not_hide_the_next(caplog: pytest.LogCaptureFixture) -> None:
    async def scene(stage: Stage) -> None:
        await hears(stage)
        missed(stage, "unreadable")
        stage.world.seen(stage.home)[-1].extra = {"attachments": [7]}
        missed(stage, "meanwhile")
        stage.slack.sockets.order("drop")
        await stage.heard.until(2)
        assert [one.text for one in stage.heard.messages] == ["message 0", "meanwhile"]
        await hears(stage)

    play(scene)
    assert caplog.text.count("is of an unknown form") == 1


def test_a_wedged_pool_is_replaced_while_the_websocket_goes_on() -> None:
    async def scene(stage: Stage) -> None:
        body, pool = stage.channel.compose("hi")[0], stage.channel._web.session
        stage.fail("reset", method="chat.postMessage", times=4)
        for _ in range(4):
            with pytest.raises(ChannelError):
                await stage.channel.send(Outbound("slack", stage.home, body))
        await stage.channel.send(Outbound("slack", stage.home, body))
        assert stage.channel._web.session is not pool
        await hears(stage)
        assert stage.world.hub.opened == 1

    play(scene)


def test_connections_made_anew_end_nothing_that_waits_for_one() -> None:
    async def scene(stage: Stage) -> None:
        body = stage.channel.compose("hi")[0]
        stage.fail("silence", method="chat.postMessage", times=16)
        full = [asyncio.create_task(stage.channel.send(Outbound("slack", stage.home, body))) for _ in range(16)]
        await until(lambda: len(stage.calls("chat.postMessage")) == 16)
        late = asyncio.create_task(stage.channel.send(Outbound("slack", stage.home, body)))
        stage.slack.sockets.order("drop")
        connector = stage.channel._web.session.connector
        assert connector is not None
        await until(lambda: sum(map(len, connector._waiters.values())) == 2)
        await stage.channel._web.renew()
        for result in await asyncio.gather(*full, late, return_exceptions=True):
            assert isinstance(result, ChannelError)
        await until(lambda: stage.world.hub.opened == 2)
        await hears(stage)

    play(scene)


@pytest.mark.parametrize("jump", [-86400.0, 86400.0])
def test_a_clock_that_jumps_changes_nothing(jump: float, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene(stage: Stage) -> None:
        now = time.time
        with monkeypatch.context() as patch:
            patch.setattr(time, "time", lambda: now() + jump)
            await asyncio.sleep(0.6)
            assert stage.world.hub.opened == 1
            await hears(stage)
            stage.slack.sockets.order("drop")
            await until(lambda: stage.world.hub.opened == 2)
            await hears(stage)
        assert stage.channel.contact.problem is None

    play(scene)


def test_answers_of_the_web_api_do_not_hide_that_nothing_is_heard() -> None:
    async def scene(stage: Stage) -> None:
        await stage.fakes.host(defaults.SLACK_SOCKET_HOST).set_mode("refuse")
        await until(lambda: stage.channel.contact.problem is not None)
        await stage.channel.send(Outbound("slack", stage.home, stage.channel.compose("hi")[0]))
        assert stage.channel.contact.problem is not None

    play(scene)


def test_no_secret_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    async def scene(stage: Stage) -> None:
        await hears(stage)
        stage.slack.sockets.settings.tickets = type("None", (set,), {"__contains__": lambda *_: False})()
        stage.slack.sockets.order("drop")
        await until(lambda: "403" in (stage.channel.contact.problem or ""))

    play(scene)
    for secret in (defaults.SLACK_TOKEN, defaults.SLACK_APP_TOKEN, "ticket="):
        assert secret not in "\n".join(
            record.getMessage() for record in caplog.records if record.name.startswith("slack")
        )
