"""From outbox to the chat service, in order, again until the service has it."""

from __future__ import annotations

import asyncio
import logging

from agent.channels.base import Channel, ChannelError, RejectedError, backoff
from agent.store.mailbox import Mailbox, Outbound

log = logging.getLogger("delivery")


class Delivery:
    """Sends one channel's outbox."""

    def __init__(self, channel: Channel, mailbox: Mailbox) -> None:
        self._channel = channel
        self._mailbox = mailbox
        self._wake = asyncio.Event()
        self._wake.set()  # what an earlier run left unsent goes first

    def wake(self) -> None:
        """There is something to send."""
        self._wake.set()

    async def run(self) -> None:
        """Send until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            for message in self._mailbox.unsent(self._channel.name):
                await self._deliver(message)

    async def _deliver(self, message: Outbound) -> None:
        failures = 0
        while True:
            try:
                await self._channel.send(message)
            except RejectedError as error:
                log.error("%s: message %d is given up: %s", self._channel.name, message.id, error)
                self._mailbox.failed(message, str(error))
                return
            except ChannelError as error:
                failures += 1
                wait = error.retry_after or backoff(failures)
                log.warning("%s: message %d waits %.0f s: %s", self._channel.name, message.id, wait, error)
                await asyncio.sleep(wait)
            else:
                self._mailbox.sent(message)
                return
