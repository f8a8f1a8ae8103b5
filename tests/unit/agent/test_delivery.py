"""The outbox is emptied whatever becomes of one attempt."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import cast

from agent.channels.base import Channel
from agent.gateway.delivery import Delivery
from agent.store.database import connect
from agent.store.mailbox import Mailbox, Outbound
from agent.store.spool import Spool
from tests.unit.agent.heard import until


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
