"""The outbox is emptied whatever becomes of one attempt."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import cast

import pytest

from agent.channels.base import Channel, RejectedError
from agent.channels.words import Sentence
from agent.gateway import delivery
from agent.gateway.delivery import Delivery
from agent.store.database import connect
from agent.store.mailbox import Inbound, Mailbox, Outbound
from agent.store.spool import Spool
from tests.unit.channels.heard import until


class Poisoned:
    """A channel that breaks at a certain message."""

    name = "slack"

    def __init__(self) -> None:
        self.attempts = 0
        self.sent: list[str] = []

    def compose(self, markdown: str) -> list[str]:
        return [markdown]

    async def send(self, message: Outbound) -> None:
        self.attempts += 1
        if message.text == "poison":
            raise KeyError("ts")
        self.sent.append(message.text)


def test_a_message_at_which_the_channel_breaks_ends_neither_the_gateway_nor_its_chat(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "backoff", lambda _: 0.01)

    async def scene() -> None:
        mailbox, channel = Mailbox(connect(tmp_path / "state.db")), Poisoned()
        mailbox.post([Outbound("slack", "C1", text, turn=1) for text in ("poison", "next")])
        running = asyncio.create_task(Delivery(cast("Channel", channel), mailbox, Spool(tmp_path / "spool")).run())
        await until(lambda: len(channel.sent) == 2)
        assert channel.sent[0] == "next"
        assert "KeyError" in channel.sent[1], "what was given up is said"
        assert channel.attempts == delivery.MOST_SURPRISES + 2
        assert not running.done()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(scene())


class Strict:
    """A channel that takes no files."""

    name = "telegram"

    def __init__(self) -> None:
        self.sent: list[str] = []

    def compose(self, markdown: str) -> list[str]:
        return [markdown]

    async def send(self, message: Outbound) -> None:
        if message.file:
            raise RejectedError(Sentence("too_large", service="Telegram"))
        self.sent.append(message.text)


@pytest.mark.parametrize(
    ("chosen", "users", "told"),
    [
        ("auto", "pl-PL", "Nie udało mi się dostarczyć: plik a.bin. (Telegram uznaje to za zbyt duże)"),
        ("auto", "de", "I could not deliver the file a.bin. (it is too large for Telegram)"),
        ("pl", "en", "Nie udało mi się dostarczyć: plik a.bin. (Telegram uznaje to za zbyt duże)"),
        ("en", "pl", "I could not deliver the file a.bin. (it is too large for Telegram)"),
    ],
)
def test_what_is_not_delivered_is_said_in_one_language_the_reason_included(
    tmp_path: Path, chosen: str, users: str, told: str
) -> None:
    async def scene() -> None:
        mailbox, channel = Mailbox(connect(tmp_path / "state.db"), chosen), Strict()
        (asked,) = mailbox.receive([Inbound("telegram", "7", "1", "7", "1", "a file, please", users)])
        mailbox.post([Outbound("telegram", "7", "", file=str(tmp_path / "x"), file_name="a.bin", turn=asked.id)])
        delivery = Delivery(cast("Channel", channel), mailbox, Spool(tmp_path / "spool"))
        running = asyncio.create_task(delivery.run())
        await until(lambda: channel.sent == [told])
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(scene())


class CutOff:
    """A channel whose first attempt ends as if somebody had cancelled it."""

    name = "slack"

    def __init__(self) -> None:
        self.attempts = 0
        self.sent: list[str] = []

    async def send(self, message: Outbound) -> None:
        self.attempts += 1
        if self.attempts == 1:
            raise asyncio.CancelledError
        self.sent.append(message.text)


def test_a_chat_whose_sender_was_cut_off_is_not_mute(tmp_path: Path) -> None:
    async def scene() -> None:
        mailbox, channel = Mailbox(connect(tmp_path / "state.db")), CutOff()
        delivery = Delivery(cast("Channel", channel), mailbox, Spool(tmp_path / "spool"))
        mailbox.post([Outbound("slack", "C1", "one")])
        running = asyncio.create_task(delivery.run())
        await until(lambda: channel.attempts == 1)
        mailbox.post([Outbound("slack", "C1", "two")])
        delivery.wake()
        await until(lambda: channel.sent == ["one", "two"])
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(scene())
