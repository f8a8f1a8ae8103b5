"""The Telegram channel against the stand-in: what it confirms, and what it does when the service is unwell."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from agent.channels import telegram as module
from agent.channels.base import ChannelError, RejectedError
from agent.channels.telegram import TelegramChannel
from agent.store.mailbox import Outbound
from tests.fakes import defaults
from tests.fakes.standins import StandIns
from tests.fakes.wire import TelegramFault, UserMessage
from tests.unit.agent.heard import Heard, until

Scene = Callable[[StandIns, TelegramChannel, "Heard"], Awaitable[None]]


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Back off in hundredths of seconds."""
    monkeypatch.setattr(module, "backoff", lambda _: 0.01)
    monkeypatch.setattr(module, "CONFLICT_WAIT_S", 0.05)
    monkeypatch.setenv("PTB_TIMEDELTA", "true")


def play(scene: Scene, token: str = defaults.TELEGRAM_TOKEN) -> None:
    """Run a scene with a polling channel."""

    async def whole() -> None:
        async with StandIns() as fakes:
            channel = TelegramChannel(token, f"{fakes.url(defaults.TELEGRAM_HOST)}/bot")
            heard = Heard()
            polling = asyncio.create_task(channel.run(heard))
            try:
                await scene(fakes, channel, heard)
            finally:
                polling.cancel()
                await asyncio.gather(polling, return_exceptions=True)
                await channel.aclose()

    asyncio.run(whole())


def write(fakes: StandIns, text: str, chat_type: str = "private") -> None:
    chat = defaults.OWNER_ID if chat_type == "private" else -5
    fakes.state.telegram.user_writes(
        UserMessage(user_id=defaults.OWNER_ID, text=text, chat_id=chat, chat_type=chat_type)  # type: ignore[arg-type]
    )


def test_messages_are_heard_in_order_and_confirmed_after_they_are_stored() -> None:
    async def scene(fakes: StandIns, channel: TelegramChannel, heard: Heard) -> None:
        for number in range(3):
            write(fakes, f"m{number}")
        await heard.until(3)
        assert [message.text for message in heard.messages] == ["m0", "m1", "m2"]
        assert heard.stored["telegram"] == heard.messages[-1].external_id
        assert channel.contact.problem is None

    play(scene)


def test_groups_and_texts_of_others_are_left_alone() -> None:
    async def scene(fakes: StandIns, _: TelegramChannel, heard: Heard) -> None:
        write(fakes, "in a group", "group")
        write(fakes, "in private")
        await heard.until(1)
        assert [message.text for message in heard.messages] == ["in private"]

    play(scene)


@pytest.mark.parametrize(
    "fault",
    [
        TelegramFault(kind="error", method="getUpdates", status=502, times=3),
        TelegramFault(kind="error", method="getUpdates", status=409, description="Conflict: terminated", times=2),
        TelegramFault(kind="error", method="getUpdates", status=429, parameters={"retry_after": 0}, times=2),
        TelegramFault(kind="reset", method="getUpdates", times=3),
    ],
    ids=["502", "409", "429", "reset"],
)
def test_polling_goes_on_after(fault: TelegramFault) -> None:
    async def scene(fakes: StandIns, channel: TelegramChannel, heard: Heard) -> None:
        write(fakes, "before")
        await heard.until(1)
        fakes.state.telegram.faults.add(fault)
        write(fakes, "one")
        write(fakes, "two")
        await heard.until(3)
        assert [message.text for message in heard.messages] == ["before", "one", "two"]
        await until(lambda: channel.contact.problem is None)

    play(scene)


def test_a_refused_token_is_said_once_and_not_hammered(caplog: pytest.LogCaptureFixture) -> None:
    async def scene(fakes: StandIns, channel: TelegramChannel, _: Heard) -> None:
        await until(lambda: "refuses the bot token" in (channel.contact.problem or ""))
        await asyncio.sleep(0.2)
        polls = [call for call in fakes.state.telegram.calls if call.method == "getUpdates"]
        assert len(polls) == 1
        assert not polls[0].token_ok

    token = "123456789:" + "B" * 35
    play(scene, token)
    assert caplog.text.count("refuses the bot token") == 1
    assert token not in caplog.text


def test_sending_says_whether_to_try_again() -> None:
    async def scene(fakes: StandIns, channel: TelegramChannel, heard: Heard) -> None:
        write(fakes, "hello")
        await heard.until(1)
        chat = str(defaults.OWNER_ID)
        (body,) = channel.compose("**hi**")
        await channel.send(Outbound("telegram", chat, body))
        with pytest.raises(RejectedError, match="Chat not found"):
            await channel.send(Outbound("telegram", "424242", body))
        limit = TelegramFault(kind="error", method="sendMessage", status=429, parameters={"retry_after": 7})
        fakes.state.telegram.faults.add(limit)
        with pytest.raises(ChannelError) as caught:
            await channel.send(Outbound("telegram", chat, body))
        assert caught.value.retry_after == 7
        assert not isinstance(caught.value, RejectedError)

    play(scene)
