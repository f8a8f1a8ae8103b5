"""From inbox to outbox: one worker a chat, so that each chat keeps its order and none waits for another.

What the owner may want to know while a turn runs is answered at once; what ends a turn ends it at once.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from agent.background import Background
from agent.channels.base import Channel
from agent.gateway.answer import Answers
from agent.gateway.commands import Commands, argument_of, name_of
from agent.gateway.printable import shortened
from agent.gateway.progress import Progress
from agent.gateway.turn import Turns
from agent.messages import say
from agent.store.mailbox import Edited, Inbound, Mailbox

log = logging.getLogger("conversation")

TYPING_AFTER_S = 0.2  # an answer that is quicker needs none
TYPING_EVERY_S = 4.5  # Telegram shows it for five seconds

# These end what runs and forget what waits in their chat.
ENDING = ("stop", "new")
# These do not touch the conversation, so they need not wait for it.
AT_ONCE = ("help", "start", "status", "usage", "whoami", "model", "pair")


def _set() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event


@dataclass(slots=True)
class _Chat:
    """A conversation at work: what waits, what is worked on and by which task."""

    waiting: deque[Inbound] = field(default_factory=deque)
    current: Inbound | None = None
    turn: asyncio.Task[None] | None = None
    # What becomes of the current turn when `turn` is cancelled: None where the gateway itself ends.
    interruption: Callable[[Progress], None] | None = None
    stopped: list[str] = field(default_factory=list)
    # Not set while a turn runs, nor until what ends it is done as well.
    at_rest: asyncio.Event = field(default_factory=_set)


class Conversations:
    """Works off stored messages."""

    def __init__(
        self,
        channels: Mapping[str, Channel],
        mailbox: Mailbox,
        commands: Commands,
        turns: Turns,
        answers: Answers,
    ) -> None:
        self._channels = channels
        self._mailbox = mailbox
        self._commands = commands
        self._turns = turns
        self._answers = answers
        self._chats: dict[str, _Chat] = {}
        self._workers = Background()

    def put(self, message: Inbound) -> None:
        """Queue a message that is stored, or answer it at once where it need not wait."""
        if message.withdrawn:  # before a restart, which came before its turn had ended
            self._break_off(message, "withdrawn")
            return
        command = name_of(message.text)
        if command in AT_ONCE:
            self._workers.start(self._answer_command(message))
            return
        chat = self._chats.get(message.session)
        if chat is None:
            chat = self._chats[message.session] = _Chat()
            self._workers.start(self._work(message.session))
        if command in ENDING:
            # Where it does not say which conversation it means, a stop is for those of who gives it.
            whose = message.user_id if message.aside and command == "stop" else None
            for session, one in self._chats.items():
                if message.concerns(session):
                    self._end(one, chat.stopped, whose)
        chat.waiting.append(message)

    def edited(self, edit: Edited) -> None:
        """The sender changed a message or took it back; one that was answered is left alone."""
        message = self._mailbox.pending(edit)
        chat = self._chats.get(message.session) if message is not None else None
        if message is None or chat is None or edit.text == message.text:
            return  # an edit that is told twice, or of something else than the text, changes nothing
        if chat.current is not None and chat.current.id == message.id:
            if edit.text is None:
                self._mailbox.withdraw(message)
                self._interrupt(chat, lambda progress: self._break_off(message, "withdrawn", progress))
            else:
                self._begin_anew(chat, message, edit.text)
            return
        waiting = [one if one.id != message.id else self._changed(one, edit.text) for one in chat.waiting]
        chat.waiting = deque(one for one in waiting if one is not None)

    @property
    def waiting(self) -> int:
        """How many messages are neither answered nor worked on."""
        return sum(len(chat.waiting) for chat in self._chats.values())

    @property
    def busy(self) -> bool:
        """Whether a turn runs."""
        return any(chat.current is not None for chat in self._chats.values())

    async def aclose(self) -> None:
        """Stop; what was not finished stays in the inbox."""
        await self._workers.aclose()

    async def _work(self, session: str) -> None:
        chat = self._chats[session]
        while chat.waiting:
            message = chat.waiting.popleft()
            try:
                if name_of(message.text) is None:
                    chat.at_rest.clear()
                    await self._take_turn(chat, message)
                else:
                    await self._answer_command(message, chat)
            except Exception:  # it stays in the inbox for the next start, and the chat goes on
                log.exception("message %d is left", message.id)
            finally:
                chat.at_rest.set()
        del self._chats[session]

    async def _answer_command(self, message: Inbound, chat: _Chat | None = None) -> None:
        language = message.language
        rest = argument_of(message.text)
        command, stopped = name_of(message.text), []
        if command in ENDING and chat is not None:
            stopped, chat.stopped = chat.stopped, []
        if command == "stop" and chat is not None:
            if rest:
                chat.waiting.appendleft(self._mailbox.rewrite(message, rest, 0))
                return
            self._answers.give(message, _stopped(stopped, language), language)
            return
        try:
            reply = await self._commands.answer(message, language)
            if command == "new" and await self._ended(message):  # what was said at the end is forgotten as well
                reply = await self._commands.answer(message, language)
        except Exception:  # whatever it is, the owner gets a word
            log.exception("command %d failed", message.id)
            reply = None
        failed = reply is None
        self._answers.give(message, reply or say("internal", language), language, failed=failed)

    async def _take_turn(self, chat: _Chat, message: Inbound) -> None:
        """Run a turn to its end, whoever ends it."""
        progress = self._answers.progress(message, crowded=bool(chat.waiting))
        chat.current = message
        chat.turn = asyncio.create_task(self._think(chat, message, progress))
        try:
            await asyncio.wait({chat.turn})
        except asyncio.CancelledError:
            chat.interruption = None
            chat.turn.cancel()
            await asyncio.wait({chat.turn})
            raise
        finally:
            interruption, chat.interruption = chat.interruption, None
            ended, chat.turn, chat.current = chat.turn, None, None
        if ended is not None and ended.cancelled() and interruption is not None:
            await progress.settle()
            interruption(progress)

    async def _think(self, chat: _Chat, message: Inbound, progress: Progress) -> None:
        language = message.language

        def answer(text: str) -> None:
            self._answers.finish(message, text, language, progress.draft, crowded=bool(chat.waiting))

        typing = asyncio.create_task(_keep_typing(self._channels[message.channel], message.chat_id))
        try:
            if message.text.strip() or message.quoted or message.attachments:
                await self._turns.run(message, language, answer, progress)
            else:
                answer(say("unreadable", language))
        except Exception:  # whatever it is, the owner gets a word and the next message its turn
            log.exception("turn %d failed", message.id)
            await progress.settle()
            self._turns.close(message, lambda: answer(say("internal", language)))
        finally:
            typing.cancel()
        self._answers.ready(message.channel)

    def _end(self, chat: _Chat, stopped: list[str], whose: str | None) -> None:
        """Stop what runs and forget what waits, of that user or of all; what it was is added to `stopped`."""
        waiting, chat.waiting = chat.waiting, deque()
        for message in waiting:
            # What a `new` ends is stopped already; it is still to be done.
            if name_of(message.text) == "new" or whose not in (None, message.user_id):
                chat.waiting.append(message)
                continue
            if name_of(message.text) is None:
                stopped.append(message.text)
            self._break_off(message, "stopped_here")
        if (current := chat.current) is not None and whose in (None, current.user_id):
            stopped.insert(0, current.text)
            self._interrupt(chat, lambda progress: self._break_off(current, "stopped_here", progress))

    async def _ended(self, command: Inbound) -> bool:
        """Wait until the turns that a command has ended elsewhere write nothing any more; whether there were any."""
        ending = [
            chat
            for session, chat in self._chats.items()
            if command.concerns(session) and (chat.current is None or chat.current.id < command.id)
        ]
        waited = [chat for chat in ending if not chat.at_rest.is_set()]
        for chat in waited:
            await chat.at_rest.wait()
        return bool(waited)

    def _break_off(self, message: Inbound, why: str, progress: Progress | None = None) -> None:
        """End a message where it is; without `progress` it waits, maybe since a restart that left it begun."""
        said, draft = (progress.so_far(), progress.draft) if progress is not None else ("", message.draft)
        note = say(why, message.language)
        self._turns.close(message, lambda: self._answers.break_off(message, note, said, draft), said)

    def _begin_anew(self, chat: _Chat, message: Inbound, text: str) -> None:
        self._mailbox.rewrite(message, text, self._turns.requests(message))

        def again(_: Progress) -> None:
            if (changed := self._mailbox.unfinished_one(message)) is not None:
                chat.waiting.appendleft(changed)

        if chat.interruption is None:  # a stop is not undone, and the last of several edits is what is stored
            self._interrupt(chat, again)

    def _changed(self, message: Inbound, text: str | None) -> Inbound | None:
        """A message that waits, with its new text; None when it was taken back."""
        if text is not None:
            return self._mailbox.rewrite(message, text, 0)
        self._break_off(message, "withdrawn")
        return None

    def _interrupt(self, chat: _Chat, then: Callable[[Progress], None]) -> None:
        """End the current turn at once; `then` is done when it has ended, unless it came to its end by itself."""
        chat.interruption = then
        if chat.turn is not None:
            chat.turn.cancel()


def _stopped(requests: list[str], language: str) -> str:
    if not requests:
        return say("nothing_to_stop", language)
    first = " ".join(requests[0].split())
    shown = shortened(first, 60)
    if len(requests) == 1:
        return say("stopped", language, request=shown)
    return say("stopped_more", language, request=shown, more=len(requests) - 1)


async def _keep_typing(channel: Channel, chat_id: str) -> None:
    await asyncio.sleep(TYPING_AFTER_S)
    while True:
        await channel.typing(chat_id)
        await asyncio.sleep(TYPING_EVERY_S)
