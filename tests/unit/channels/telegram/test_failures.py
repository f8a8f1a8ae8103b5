"""Never deaf: the Telegram channel hears again after each thing that goes wrong, and says what it is meanwhile."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import msgspec
import pytest
from telegram.request import HTTPXRequest

from agent.channels.base import FRESH_AFTER, ChannelError
from agent.channels.telegram import channel as module
from agent.channels.telegram import content as telegram_content
from agent.channels.telegram import inbound as telegram_inbound
from agent.channels.telegram import link as telegram_link
from agent.channels.telegram import trouble as telegram_trouble
from agent.channels.telegram.channel import TelegramChannel
from tests.fakes import defaults
from tests.fakes.standins import StandIns
from tests.fakes.wire import TelegramFault
from tests.unit.channels.heard import Heard, unresolvable, until
from tests.unit.channels.telegram.stage import OWNER, answer, calls, hasty, play, write


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    hasty(monkeypatch)


@pytest.mark.parametrize("mode", ["silence", "reset", "refuse"])
def test_a_network_that_fails_in_any_way_is_survived(mode: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "POLL_S", 1)
    monkeypatch.setattr(telegram_link, "POLL_GRACE_S", 0.3)

    async def scene(fakes: StandIns, channel: TelegramChannel, heard: Heard) -> None:
        await until(lambda: channel.contact.problem is None)
        host = fakes.host(defaults.TELEGRAM_HOST)
        pool = channel._link._polls
        await host.set_mode(mode)
        write(fakes, "hello")
        await until(lambda: channel.contact.problem is not None, 10)
        assert channel.contact.curable
        await until(lambda: channel._link._polls is not pool, 20)  # several failures: on new connections
        await host.set_mode("ok")
        await heard.until(1, 10)
        await until(lambda: channel.contact.problem is None)

    play(scene)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (TelegramFault(kind="error", method="getUpdates", status=502, body="<html>" + "x" * 999, times=3), "reached"),
        (TelegramFault(kind="error", method="getUpdates", status=500, times=3), "reached"),
        (TelegramFault(kind="error", method="getUpdates", status=200, body="<html>", times=3), "answers with an error"),
        (TelegramFault(kind="error", method="getUpdates", status=200, body="[]", times=3), "answers with an error"),
        (
            TelegramFault(kind="error", method="getUpdates", status=409, description="Conflict: terminated", times=2),
            "another program",
        ),
        (TelegramFault(kind="reset", method="getUpdates", times=3), "reached"),
    ],
    ids=["502", "500", "no JSON", "no object", "409", "reset"],
)
def test_polling_goes_on_after(fault: TelegramFault, words: str, caplog: pytest.LogCaptureFixture) -> None:
    async def scene(fakes: StandIns, channel: TelegramChannel, heard: Heard) -> None:
        write(fakes, "before")
        await heard.until(1)
        fakes.state.telegram.faults.append(msgspec.structs.replace(fault))
        write(fakes, "one")
        await until(lambda: not fakes.state.telegram.faults, 10)
        write(fakes, "two")
        await heard.until(3)
        assert [message.text for message in heard.messages] == ["before", "one", "two"]
        await until(lambda: channel.contact.problem is None)

    play(scene)
    problems = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert any(words in problem for problem in problems)
    assert not any("html" in problem for problem in problems)


def test_it_waits_as_long_as_telegram_asks(caplog: pytest.LogCaptureFixture) -> None:
    async def scene(fakes: StandIns, _: TelegramChannel, heard: Heard) -> None:
        limit = TelegramFault(kind="error", method="getUpdates", status=429, parameters={"retry_after": 1})
        fakes.state.telegram.faults.append(limit)
        write(fakes, "hello")
        await heard.until(1)
        polls = [call for call in fakes.state.telegram.calls if call.method == "getUpdates"]
        assert [call.status for call in polls[:2]] == [429, 200]
        assert polls[1].time - polls[0].time > 0.9

    play(scene)
    assert "slow down" in caplog.text


def test_two_pollers_quarrel_and_the_one_that_is_left_hears_all() -> None:
    async def scene(fakes: StandIns, channel: TelegramChannel, heard: Heard) -> None:
        await until(lambda: channel.contact.problem is None)
        rival = TelegramChannel(defaults.TELEGRAM_TOKEN, f"{fakes.url(defaults.TELEGRAM_HOST)}/bot")
        stolen = Heard()
        polling = asyncio.create_task(rival.run(stolen))
        await until(lambda: "another program" in f"{channel.contact.problem}{rival.contact.problem}", 10)
        assert not (channel.contact.curable and rival.contact.curable)
        polling.cancel()
        await asyncio.gather(polling, return_exceptions=True)
        await rival.aclose()
        write(fakes, "hello")
        await heard.until(1, 15)
        await until(lambda: channel.contact.problem is None)

    play(scene)


def test_a_webhook_that_somebody_sets_is_taken_away_at_once_and_nothing_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telegram_trouble, "CONFLICT_WAIT_S", 60.0)  # which it is not to be taken for

    async def scene(fakes: StandIns, channel: TelegramChannel, heard: Heard) -> None:
        await until(lambda: channel.contact.problem is None and fakes.state.telegram.updates.polled)
        fakes.state.telegram.updates.set_webhook("https://elsewhere.example/", drop_pending=False)
        write(fakes, "hello")
        await heard.until(1, 10)
        assert fakes.state.telegram.updates.webhook == ""

    play(scene)


def test_a_token_that_is_revoked_while_running_is_said_and_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telegram_trouble, "OWNER_WAIT_S", 0.5)

    async def scene(fakes: StandIns, channel: TelegramChannel, heard: Heard) -> None:
        await until(lambda: channel.contact.problem is None)
        fakes.state.telegram.set_tokens(set())
        await until(lambda: "refuses the bot token" in (channel.contact.problem or ""))
        assert not channel.contact.curable
        fakes.state.telegram.set_tokens({defaults.TELEGRAM_TOKEN})
        write(fakes, "hello")
        await heard.until(1)
        assert channel.contact.curable

    play(scene)


def test_a_refused_token_is_said_once_and_not_hammered(caplog: pytest.LogCaptureFixture) -> None:
    async def scene(fakes: StandIns, channel: TelegramChannel, _: Heard) -> None:
        await until(lambda: "refuses the bot token" in (channel.contact.problem or ""))
        await asyncio.sleep(0.2)
        assert [call.method for call in fakes.state.telegram.calls] == ["getUpdates"]

    token = "123456789:" + "B" * 35
    play(scene, token)
    assert caplog.text.count("refuses the bot token") == 1
    assert token not in caplog.text


def test_names_that_are_not_resolved(monkeypatch: pytest.MonkeyPatch) -> None:
    name = unresolvable(monkeypatch, "api.telegram.test")
    name.resolves = True

    async def scene(fakes: StandIns, channel: TelegramChannel, heard: Heard) -> None:
        await until(lambda: channel.contact.problem is None)
        name.resolves = False
        host = fakes.host(defaults.TELEGRAM_HOST)
        await host.set_mode("reset")  # so that it has to look the name up again
        await host.set_mode("ok")
        await until(lambda: "name resolution" in (channel.contact.problem or ""))
        assert channel.contact.curable
        write(fakes, "hello")
        name.resolves = True
        await heard.until(1, 10)

    play(scene, host=name.host)


def test_a_wedged_pool_of_polls_is_left_behind_at_once() -> None:
    async def scene(fakes: StandIns, channel: TelegramChannel, heard: Heard) -> None:
        limit = TelegramFault(kind="error", method="getUpdates", status=429, parameters={"retry_after": 1})
        fakes.state.telegram.faults.append(limit)
        await until(lambda: "slow down" in (channel.contact.problem or ""))
        pool = channel._link._polls  # whose only connection is free now
        kept = await _kept(pool, f"{fakes.url(defaults.TELEGRAM_HOST)}/bot{defaults.TELEGRAM_TOKEN}/getMe")
        write(fakes, "hello")
        await heard.until(1, 4)  # a second of it is Telegram's wish, another the wait for a connection
        assert channel._link._polls is not pool
        await kept.aclose()

    play(scene)


def test_a_wedged_pool_of_calls_is_left_behind_and_keeps_nothing_from_being_heard(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(telegram_link, "POOL_S", 0.05)

    async def scene(fakes: StandIns, channel: TelegramChannel, heard: Heard) -> None:
        write(fakes, "hello")
        await heard.until(1)
        await until(lambda: calls(fakes, "setMyCommands") == 2)
        channel._link.renew_calls()  # with the short wait for a connection
        pool = channel._link._calls
        url = f"{fakes.url(defaults.TELEGRAM_HOST)}/bot{defaults.TELEGRAM_TOKEN}/getMe"
        kept = [await _kept(pool, url) for _ in range(8)]
        for _ in range(FRESH_AFTER):
            with pytest.raises(ChannelError, match="ool"):
                await channel.send(answer(channel, "hi"))
        await channel.send(answer(channel, "hi"))
        assert fakes.state.telegram.messages(defaults.OWNER_ID)[-1].content.text == "hi"
        write(fakes, "and?")
        await heard.until(2)
        for one in kept:
            await one.aclose()

    play(scene)


async def _kept(request: HTTPXRequest, url: str) -> httpx.Response:
    """A response that nobody reads to its end keeps its connection."""
    return await request._client.send(request._client.build_request("GET", url), stream=True)


def test_what_is_under_way_is_not_cut_off_by_new_connections() -> None:
    async def scene(fakes: StandIns, channel: TelegramChannel, heard: Heard) -> None:
        write(fakes, "hello")
        await heard.until(1)
        fakes.state.telegram.faults.append(TelegramFault(kind="hang", method="sendMessage", seconds=0.4))
        sending = asyncio.create_task(channel.send(answer(channel, "hi")))
        await until(lambda: calls(fakes, "sendMessage") == 1)
        channel._link.renew_calls()
        await channel._link.renew_polls()
        await sending
        assert calls(fakes, "sendMessage") == 1

    play(scene)


def test_refusals_and_limits_are_no_reason_for_new_connections() -> None:
    async def scene(fakes: StandIns, channel: TelegramChannel, heard: Heard) -> None:
        write(fakes, "hello")
        await heard.until(1)
        pool = channel._link._calls
        limit = TelegramFault(kind="error", method="sendMessage", status=429, parameters={"retry_after": 1}, times=4)
        fakes.state.telegram.faults.append(limit)
        for chat in [OWNER] * 4 + ["424242"] * 4:
            with pytest.raises(ChannelError):
                await channel.send(answer(channel, "hi", chat))
        assert channel._link._calls is pool

    play(scene)


@pytest.mark.parametrize("days", [-400, 400])
def test_the_clock_may_jump(days: int, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene(fakes: StandIns, channel: TelegramChannel, heard: Heard) -> None:
        write(fakes, "before")
        await heard.until(1)
        now = time.time
        monkeypatch.setattr(time, "time", lambda: now() + days * 86_400)
        assert 0 <= (channel.contact.age() or 0) < 5
        assert channel.contact.problem is None
        write(fakes, "after")
        await heard.until(2)

    play(scene)


def test_an_update_that_cannot_be_read_does_not_hide_the_next(caplog: pytest.LogCaptureFixture) -> None:
    async def scene(fakes: StandIns, channel: TelegramChannel, heard: Heard) -> None:
        write(fakes, "one")
        fakes.state.telegram.updates.push("message", {"message_id": "?", "chat": {}, "secret": "between us"})
        write(fakes, "two")
        await heard.until(2)
        assert channel.contact.problem is None
        await until(lambda: fakes.state.telegram.updates.pending == 0)

    play(scene)
    assert "cannot be read" in caplog.text
    assert "between us" not in caplog.text


def test_a_bug_of_ours_leaves_one_message_out_and_not_all(monkeypatch: pytest.MonkeyPatch) -> None:
    real = telegram_content.words

    def buggy(message: Any, me: Any) -> Any:
        if message.text == "bad":
            raise RuntimeError("a bug")
        return real(message, me)

    monkeypatch.setattr(telegram_inbound, "words", buggy)

    async def scene(fakes: StandIns, _: TelegramChannel, heard: Heard) -> None:
        write(fakes, "bad")
        write(fakes, "good")
        await heard.until(1)
        assert [message.text for message in heard.messages] == ["good"]

    play(scene)


def test_an_answer_that_trickles_without_an_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telegram_link, "POLL_GRACE_S", 0.2)

    async def whole() -> None:
        async with _trickling() as url:
            channel = TelegramChannel(defaults.TELEGRAM_TOKEN, f"{url}/bot")
            polling = asyncio.create_task(channel.run(Heard()))
            await until(lambda: "does not end" in (channel.contact.problem or ""))
            polling.cancel()
            await asyncio.gather(polling, return_exceptions=True)
            await channel.aclose()

    asyncio.run(whole())


@asynccontextmanager
async def _trickling() -> AsyncIterator[str]:
    """A server whose answers come a byte at a time, for ever."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
            while not writer.is_closing():
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(0.05)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


def test_a_getme_that_fails_delays_a_groups_message_and_loses_none() -> None:
    async def scene(fakes: StandIns, channel: TelegramChannel, heard: Heard) -> None:
        await until(lambda: channel.contact.problem is None)
        fakes.state.telegram.faults.append(TelegramFault(kind="error", method="getMe", status=502, times=2))
        write(fakes, f"@{defaults.BOT_USERNAME} hello", "supergroup")
        await heard.until(1)
        assert calls(fakes, "getMe") == 3

    play(scene)


def test_commands_are_registered_as_soon_as_the_service_takes_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "backoff", lambda *_, **__: 0.01)

    async def scene(fakes: StandIns, _: TelegramChannel, __: Heard) -> None:
        fakes.state.telegram.faults.append(TelegramFault(kind="error", method="setMyCommands", status=502, times=3))
        await until(lambda: ("default", "pl") in fakes.state.telegram.commands)
        english, polish = (fakes.state.telegram.commands["default", language] for language in ("", "pl"))
        assert {one["command"] for one in english} == {one["command"] for one in polish} >= {"stop", "new", "help"}
        assert english != polish

    play(scene)
