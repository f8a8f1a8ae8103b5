"""Telegram, through python-telegram-bot's Bot and long polling.

PTB's own Updater confirms updates before they are handled, so the polling is done here: the offset moves on only
after `receive` has stored what came before it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine, Sequence

from telegram import Bot, BotCommand, Message, Update
from telegram.constants import ChatAction, ChatType
from telegram.error import BadRequest, Conflict, Forbidden, InvalidToken, NetworkError, RetryAfter, TelegramError
from telegram.request import HTTPXRequest

from agent.channels import telegram_format
from agent.channels.base import ChannelError, Contact, Desk, Inbound, Limits, Outbound, RejectedError, backoff
from agent.http import tls_context
from agent.messages import COMMANDS, command

log = logging.getLogger("telegram")

POLL_S = 30  # how long Telegram holds an empty poll; a contact at least this often while all is well
CONFLICT_WAIT_S = 35.0  # another poller's long poll has ended by then
TOKEN_WAIT_S = 300.0  # a refused token is not tried again sooner: BotFather's change needs a restart anyway


class TelegramChannel:
    """One bot."""

    name = "telegram"
    limits = Limits(draft_every_s=1.5, file_bytes=50_000_000)

    def __init__(self, token: str, base_url: str = "https://api.telegram.org/bot") -> None:
        self.contact = Contact()
        tls = {"verify": tls_context()}
        self._calls = HTTPXRequest(connection_pool_size=8, httpx_kwargs=tls)
        self._polls = HTTPXRequest(connection_pool_size=1, read_timeout=10, httpx_kwargs=tls)
        # Bot.initialize() is left out: its getMe would stand between the start and the first poll.
        self._bot = Bot(token, base_url=base_url, request=self._calls, get_updates_request=self._polls)
        self._background: set[asyncio.Task[None]] = set()

    async def run(self, desk: Desk) -> None:
        """Poll until cancelled, from the last update on that was stored."""
        place = desk.marks("telegram").get("telegram")
        offset = int(place) + 1 if place else None
        failures = 0
        self._spawn(self._register_commands())
        while True:
            try:
                # While contact is not established the poll answers at once: healthy need not wait for a message.
                hold = 0 if self.contact.problem else POLL_S
                updates = await self._bot.get_updates(offset, timeout=hold, allowed_updates=["message"])
            except TelegramError as error:
                failures += 1
                await asyncio.sleep(self._trouble(error, failures))
                continue
            if self.contact.problem:
                log.info("connected, listening")
            failures = 0
            self.contact.succeeded()
            if updates:
                offset = updates[-1].update_id + 1
                desk.receive(_inbound(updates), {"telegram": str(updates[-1].update_id)})
                await asyncio.sleep(0)  # the question to the model goes out before the next poll

    def compose(self, markdown: str) -> list[str]:
        """Bodies of at most 4096 UTF-16 units, formatted by entities (nothing to escape, nothing to be refused)."""
        return telegram_format.bodies(markdown)

    async def send(self, message: Outbound) -> None:
        """Deliver one body."""
        text, entities = telegram_format.parse(message.text)
        try:
            await self._bot.send_message(
                int(message.chat_id),
                text,
                entities=entities,
                reply_to_message_id=int(message.reply_to) if message.reply_to else None,
                allow_sending_without_reply=True,
            )
        except RetryAfter as error:
            raise ChannelError("Telegram asks to slow down", _seconds(error)) from None
        except (BadRequest, Forbidden) as error:
            raise RejectedError(f"Telegram refuses the message: {error.message}") from None
        except TelegramError as error:
            raise ChannelError(f"Telegram did not take the message: {error.message}") from None

    async def draft(self, chat_id: str, body: str, shown: str | None, reply_to: str | None) -> str:  # noqa: ARG002
        """Not yet."""
        raise ChannelError("no drafts yet")

    async def download(self, reference: str) -> AsyncIterator[bytes]:
        """Not yet."""
        raise RejectedError(f"no downloads yet: {reference}")
        yield b""

    async def home(self, user_id: str) -> str:
        """A private chat has its user's id."""
        return user_id

    async def typing(self, chat_id: str) -> None:
        """Show «typing...» for the next five seconds."""
        try:
            await self._bot.send_chat_action(int(chat_id), ChatAction.TYPING)
        except TelegramError as error:
            log.debug("typing: %s", error)

    async def aclose(self) -> None:
        """Close the connections."""
        for task in self._background:
            task.cancel()
        await asyncio.gather(self._calls.shutdown(), self._polls.shutdown())

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def _register_commands(self) -> None:
        try:
            for language in ("en", "pl"):
                listed = [BotCommand(name, command(name, language)) for name in COMMANDS]
                await self._bot.set_my_commands(listed, language_code=None if language == "en" else language)
        except TelegramError as error:
            log.debug("set_my_commands: %s", error)

    def _trouble(self, error: TelegramError, failures: int) -> float:
        """Note and log a failed poll; return the seconds to wait."""
        wait = backoff(failures)
        if isinstance(error, InvalidToken):
            problem, wait = "Telegram refuses the bot token: put BotFather's into channel.bot_token", TOKEN_WAIT_S
        elif isinstance(error, Conflict):
            problem, wait = (
                "another program polls with this bot token: stop it, or make a bot of its own",
                CONFLICT_WAIT_S,
            )
        elif isinstance(error, RetryAfter):
            problem, wait = "Telegram asks to slow down", _seconds(error)
        elif isinstance(error, NetworkError):
            problem = f"Telegram cannot be reached: {error.message}"
        else:
            problem = f"Telegram answers with an error: {error.message}"
        if self.contact.failed(problem, curable=not isinstance(error, InvalidToken | Conflict)):
            log.error("%s", problem)
        return wait


def _inbound(updates: Sequence[Update]) -> list[Inbound]:
    messages = [(update.update_id, update.message) for update in updates if update.message is not None]
    return [inbound for number, message in messages if (inbound := _from_message(number, message)) is not None]


def _from_message(update_id: int, message: Message) -> Inbound | None:
    # In groups anybody could add the bot; it speaks in private chats only.
    if message.from_user is None or message.from_user.is_bot or message.chat.type != ChatType.PRIVATE:
        return None
    return Inbound(
        channel="telegram",
        chat_id=str(message.chat.id),
        external_id=str(update_id),
        user_id=str(message.from_user.id),
        message_id=str(message.message_id),
        text=message.text or message.caption or "",
        language=message.from_user.language_code or "en",
    )


def _seconds(error: RetryAfter) -> float:
    after = error.retry_after
    return after if isinstance(after, int | float) else after.total_seconds()
