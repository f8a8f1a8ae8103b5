"""From inbox to outbox: one worker a chat, so that each chat keeps its order and none waits for another."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping

from agent.channels.base import Channel
from agent.gateway.commands import Commands
from agent.gateway.printable import printable
from agent.gateway.turn import Turns
from agent.messages import say
from agent.store.mailbox import Inbound, Mailbox, Outbound

log = logging.getLogger("conversation")

LONGEST_ANSWER = 30_000  # characters: some eight messages of Telegram, which takes one a second
TYPING_AFTER_S = 0.2  # an answer that is quicker needs none
TYPING_EVERY_S = 4.5  # Telegram shows it for five seconds


class Conversations:
    """Works off stored messages."""

    def __init__(
        self,
        channels: Mapping[str, Channel],
        mailbox: Mailbox,
        commands: Commands,
        turns: Turns,
        answered: Callable[[str], None],
    ) -> None:
        self._channels = channels
        self._mailbox = mailbox
        self._commands = commands
        self._turns = turns
        self._answered = answered
        self._waiting: dict[str, deque[Inbound]] = {}
        self._workers: set[asyncio.Task[None]] = set()

    def put(self, message: Inbound) -> None:
        """Queue a message that is stored; `answered(channel)` is called when its reply is in the outbox."""
        if message.session in self._waiting:
            self._waiting[message.session].append(message)
            return
        self._waiting[message.session] = deque([message])
        worker = asyncio.create_task(self._work(message.session))
        self._workers.add(worker)
        worker.add_done_callback(self._workers.discard)

    async def aclose(self) -> None:
        """Stop; what was not finished stays in the inbox."""
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)

    async def _work(self, session: str) -> None:
        queue = self._waiting[session]
        while queue:
            await self._answer(queue[0])
            queue.popleft()
        del self._waiting[session]

    async def _answer(self, message: Inbound) -> None:
        channel = self._channels[message.channel]
        language = self._language(message)

        def answer(text: str) -> None:
            bodies = channel.compose(_shortened(self._turns.redact(printable(text)), language))
            self._mailbox.finish(message, [Outbound(message.channel, message.chat_id, body) for body in bodies])

        typing = asyncio.create_task(_keep_typing(channel, message.chat_id))
        try:
            await self._think(message, language, answer)
        except Exception:  # whatever it is, the owner gets a word and the next message its turn
            log.exception("turn %d failed", message.id)
            answer(say("internal", language))
        finally:
            typing.cancel()
        self._answered(message.channel)

    async def _think(self, message: Inbound, language: str, answer: Callable[[str], None]) -> None:
        if not message.text.strip():
            answer(say("only_text", language))
        elif (reply := await self._commands.answer(message, language)) is not None:
            answer(reply)
        else:
            await self._turns.run(message, language, answer)

    def _language(self, message: Inbound) -> str:
        chosen = self._turns.settings.language
        return message.language if chosen == "auto" else chosen


def _shortened(text: str, language: str) -> str:
    missing = len(text) - LONGEST_ANSWER
    return f"{text[:LONGEST_ANSWER]}\n\n{say('shortened', language, missing=missing)}" if missing > 0 else text


async def _keep_typing(channel: Channel, chat_id: str) -> None:
    await asyncio.sleep(TYPING_AFTER_S)
    while True:
        await channel.typing(chat_id)
        await asyncio.sleep(TYPING_EVERY_S)
