"""From outbox to the chat service, again until the service has it: in order in each chat, none waiting for another."""

from __future__ import annotations

import asyncio
import logging

from agent.channels.base import Channel, ChannelError, RejectedError, backoff
from agent.channels.words import Sentence, said
from agent.messages import say
from agent.store.mailbox import Mailbox, Outbound
from agent.store.spool import Spool

log = logging.getLogger("delivery")

# Requests of one channel at a time: a service that asks to slow down is not asked by every chat at once.
AT_ONCE = 4
# So many failures make a message suspect: some two minutes. A service that is away lets no other through either.
SUSPECT_AFTER = 8
# What no channel should raise may pass; a message that raises it every time must not keep its chat waiting for ever.
MOST_SURPRISES = 5


class Delivery:
    """Sends one channel's outbox."""

    def __init__(self, channel: Channel, mailbox: Mailbox, spool: Spool) -> None:
        self._channel = channel
        self._mailbox = mailbox
        self._spool = spool
        self._wake = asyncio.Event()
        self._wake.set()  # what an earlier run left unsent goes first
        self._places = asyncio.Semaphore(AT_ONCE)
        self._senders: dict[str, asyncio.Task[None]] = {}

    def wake(self) -> None:
        """There is something to send."""
        self._wake.set()

    async def run(self) -> None:
        """Send until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                await self._wake.wait()
                self._wake.clear()
                for chat_id in self._mailbox.chats_to_send_to(self._channel.name):
                    if chat_id not in self._senders:
                        self._senders[chat_id] = group.create_task(self._send_all(chat_id))

    async def _send_all(self, chat_id: str) -> None:
        try:
            while (message := self._mailbox.next_unsent(self._channel.name, chat_id)) is not None:
                await self._deliver(message)
        finally:  # however it ends: what comes later is sent
            del self._senders[chat_id]

    async def _deliver(self, message: Outbound) -> None:
        failures = surprises = 0
        overtaken = False
        while True:
            try:
                async with self._places:
                    await self._channel.send(message)
            except RejectedError as error:
                self._give_up(message, error.words)
                return
            except ChannelError as error:
                if overtaken:
                    self._give_up(message, error.words)
                    return
                failures += error.retry_after is None
                if failures == SUSPECT_AFTER:
                    log.error("%s: message %d fails again and again: %s", self._channel.name, message.id, error)
                if failures >= SUSPECT_AFTER and await self._overtaken(message):
                    overtaken = True
                    continue
                wait = error.retry_after or backoff(failures)
                log.warning("%s: message %d waits %.0f s: %s", self._channel.name, message.id, wait, error)
                await asyncio.sleep(wait)
            except Exception as error:  # it would end the gateway, at each start anew
                surprises += 1
                log.exception("%s: message %d", self._channel.name, message.id)
                if surprises == MOST_SURPRISES:
                    self._give_up(message, Sentence("surprise", name=type(error).__name__))
                    return
                await asyncio.sleep(backoff(surprises))
            else:
                self._done(message)
                return

    async def _overtaken(self, message: Outbound) -> bool:
        """Whether the next message to the chat gets through where this one does not: then the fault is its own."""
        following = self._mailbox.next_unsent(self._channel.name, message.chat_id, after=message.id)
        if following is None:
            return False
        try:
            async with self._places:
                await self._channel.send(following)
        except RejectedError as error:
            self._give_up(following, error.words)
            return False
        except Exception as error:  # noqa: BLE001 - its own turn comes
            log.debug("%s: message %d: %r", self._channel.name, following.id, error)
            return False
        self._done(following)
        return True

    def _done(self, message: Outbound) -> None:
        self._mailbox.sent(message)
        self._forget_file(message)

    def _give_up(self, message: Outbound, why: str) -> None:
        log.error("%s: message %d is given up: %s", self._channel.name, message.id, why)
        notices = []
        if message.turn:  # a notice that is refused as well is not followed by another
            language = self._mailbox.language_of(message.turn)
            what = say("undelivered_file", language, name=message.file_name) if message.file else ""
            text = say("undelivered", language, what=what or say("undelivered_text", language), why=said(why, language))
            body = self._channel.compose(text)[0]
            notices = [Outbound(message.channel, message.chat_id, body, edits=message.edits)]
        self._mailbox.failed(message, str(why), notices)
        self._forget_file(message)

    def _forget_file(self, message: Outbound) -> None:
        if message.file is not None:
            self._spool.remove(message.file)
