"""A polling Telegram channel before the stand-in, for tests that break one of the two."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from agent.channels.telegram import trouble as telegram_trouble
from agent.channels.telegram.channel import TelegramChannel
from agent.store.mailbox import Outbound
from tests.fakes import defaults
from tests.fakes.standins import StandIns
from tests.fakes.wire import UserMessage
from tests.unit.channels.heard import Heard

Scene = Callable[[StandIns, TelegramChannel, Heard], Awaitable[None]]
GROUP = -5
OWNER = str(defaults.OWNER_ID)


def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Back off in hundredths of seconds."""
    monkeypatch.setattr(telegram_trouble, "backoff", lambda *_, **__: 0.01)
    monkeypatch.setattr(telegram_trouble, "CONFLICT_WAIT_S", 0.05)
    monkeypatch.setenv("PTB_TIMEDELTA", "true")


def play(
    scene: Scene, token: str = defaults.TELEGRAM_TOKEN, host: str | None = None, heard: Heard | None = None
) -> None:
    """Run a scene with a polling channel; `host` is the name by which it looks for the stand-in."""
    desk = heard or Heard()

    async def whole() -> None:
        async with StandIns() as fakes:
            url = fakes.url(defaults.TELEGRAM_HOST)
            channel = TelegramChannel(token, f"{url if host is None else url.replace('127.0.0.1', host)}/bot")
            polling = asyncio.create_task(channel.run(desk))
            try:
                await scene(fakes, channel, desk)
                assert not polling.done(), "it must never end by itself"
            finally:
                polling.cancel()
                await asyncio.gather(polling, return_exceptions=True)
                await channel.aclose()

    asyncio.run(whole())


def group_message(text: str = "", **more: Any) -> UserMessage:
    """The owner writes in a group."""
    return UserMessage(
        **{"user_id": defaults.OWNER_ID, "text": text, "chat_id": GROUP, "chat_type": "supergroup", **more}
    )


def write(fakes: StandIns, text: str, chat_type: str = "private") -> None:
    """The owner writes to the bot alone, or in a group."""
    chat = defaults.OWNER_ID if chat_type == "private" else GROUP
    fakes.state.telegram.user_writes(
        UserMessage(user_id=defaults.OWNER_ID, text=text, chat_id=chat, chat_type=chat_type)  # type: ignore[arg-type]
    )


def answer(channel: TelegramChannel, text: str, chat_id: str = OWNER, **more: Any) -> Outbound:
    """A body as the gateway would send it."""
    return Outbound("telegram", chat_id, channel.compose(text)[0], **more)


def calls(fakes: StandIns, method: str) -> int:
    """How often a method of the Bot API was called."""
    return sum(call.method == method for call in fakes.state.telegram.calls)
