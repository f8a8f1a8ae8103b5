"""Telegram, through python-telegram-bot's Bot and long polling.

PTB's own Updater confirms updates before they are handled, so the polling is done here: updates are confirmed by the
next poll, after `receive` has stored them. No offset outlives the process: whatever is not confirmed is delivered again
and known by its message's id, while Telegram numbers its updates anew when a bot was silent for a week.

    telegram.py           listening, and the channel as the gateway sees it
    telegram_link.py      the bot and its connections
    telegram_trouble.py   what Telegram's errors mean
    telegram_inbound.py   what updates mean       telegram_content.py  what a message is made of
    telegram_sending.py   messages and files      telegram_format.py   Markdown as text with entities
    telegram_source.py    Markdown that loses nothing on its way through the converter
    telegram_split.py     long texts as several messages

Drafts are messages that are edited. Telegram's own `sendMessageDraft` shows one for 30 s at most, in private chats only
and nowhere but in new apps; a tool may run for longer, and what a restart finds of an answer would be gone.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from time import monotonic

import httpx
from telegram import BotCommand, Update
from telegram.constants import ChatAction, FileSizeLimit
from telegram.error import BadRequest, NetworkError, TelegramError

from agent.channels.base import (
    FRESH_AFTER,
    OWNER_WAIT_S,
    ChannelError,
    Contact,
    Desk,
    Limits,
    Outbound,
    RejectedError,
    backoff,
)
from agent.channels.telegram import format as telegram_format
from agent.channels.telegram import inbound as telegram_inbound
from agent.channels.telegram import trouble as telegram_trouble
from agent.channels.telegram.absence import Absence
from agent.channels.telegram.content import Me
from agent.channels.telegram.link import MOST_UPDATES, Link
from agent.channels.telegram.sending import Sending
from agent.channels.telegram.trouble import reason, told
from agent.http import tls_context
from agent.messages import COMMANDS, command

log = logging.getLogger("telegram")

POLL_S = 30  # how long Telegram holds an empty poll; a contact at least this often while all is well
ALBUM_S = 0.6  # the parts of an album come within that; asked again within 0.5 s, Telegram gives one update at most
GROUP_DRAFT_S = 4.0  # a group takes 20 messages a minute, edits included
_PIECE = 64 * 1024


class TelegramChannel:
    """One bot."""

    name = "telegram"
    limits = Limits(draft_every_s=1.5, file_bytes=int(FileSizeLimit.FILESIZE_UPLOAD))

    def __init__(self, token: str, base_url: str = "https://api.telegram.org/bot") -> None:
        self.contact = Contact()
        self._me = Me(int(token.partition(":")[0]))
        self._link = Link(token, base_url)
        self._sending = Sending(self._link)
        self._next_draft: dict[int, float] = {}
        self._registering = False

    async def run(self, desk: Desk) -> None:
        """Poll until cancelled."""
        offset, failures, absence = None, 0, Absence(desk)
        while True:
            try:
                updates = await self._poll(offset)
            except TelegramError as error:
                failures += 1
                await asyncio.sleep(await self._trouble(error, failures))
                continue
            self._succeeded()
            absence.ended()
            failures = 0
            # Once they are confirmed no offset is named any more: new updates may have lower numbers.
            offset = updates[-1].update_id + 1 if updates else None
            if updates:
                desk.receive(telegram_inbound.events(updates, self._me))
                for old, new in telegram_inbound.moves(updates):
                    log.info("the group %s is the supergroup %s now", old, new)
                    desk.moved(old, new)
                await asyncio.sleep(0)  # the question to the model goes out before the next poll

    async def _poll(self, offset: int | None) -> Sequence[Update]:
        # While contact is not established the poll answers at once: healthy need not wait for a message.
        updates = await self._link.updates(offset, 0 if self.contact.problem else POLL_S)
        seen = 0
        while telegram_inbound.ends_in_album(updates) and seen < len(updates) < MOST_UPDATES:
            seen = len(updates)
            await asyncio.sleep(ALBUM_S)
            updates = max(updates, await self._link.updates(offset, 0), key=len)
        if len(updates) == MOST_UPDATES:
            updates = telegram_inbound.before_album(updates)
        if not self._me.username and telegram_inbound.from_groups(updates):
            with self._link.call() as bot:
                self._me = Me(self._me.id, (await bot.get_me()).username or "")
        return updates

    def _succeeded(self) -> None:
        if self.contact.problem:
            log.info("connected, listening")
        self.contact.succeeded()
        if not self._registering:
            self._registering = True
            self._link.beside(self._register_commands())

    async def _trouble(self, error: TelegramError, failures: int) -> float:
        """Note and log a failed poll, do what helps; return the seconds to wait."""
        trouble = telegram_trouble.of_poll(error, failures)
        if self.contact.failed(trouble.problem, curable=trouble.curable):
            log.error("%s", trouble.problem)
        if trouble.webhook:
            await self._delete_webhook()
        if trouble.stuck or (failures % FRESH_AFTER == 0 and isinstance(error, NetworkError)):
            await self._link.renew_polls()
        return trouble.wait_s

    async def _delete_webhook(self) -> None:
        try:
            with self._link.call() as bot:
                await bot.delete_webhook(drop_pending_updates=False)
        except TelegramError as error:
            log.warning("the webhook stays: %s", reason(error))

    async def _register_commands(self) -> None:
        """Have the service list the commands; again and again until it does."""
        failures = 0
        while True:
            try:
                for language in ("en", "pl"):
                    listed = [BotCommand(name, command(name, language)) for name in COMMANDS]
                    with self._link.call() as bot:
                        await bot.set_my_commands(listed, language_code=None if language == "en" else language)
            except BadRequest as error:
                log.warning("Telegram does not list the commands: %s", error.message)
                return
            except TelegramError as error:
                failures += 1
                log.debug("set_my_commands: %s", reason(error))
                await asyncio.sleep(backoff(failures, longest=OWNER_WAIT_S))
            else:
                return

    def compose(self, markdown: str) -> list[str]:
        """Bodies of at most 4096 UTF-16 units, formatted by entities (nothing to escape, nothing to be refused)."""
        return telegram_format.bodies(markdown)

    async def send(self, message: Outbound) -> None:
        """Deliver one body, or a file."""
        if message.file is not None:
            await self._sending.file(message, Path(message.file))
        else:
            await self._sending.show(message.chat_id, message.text, message.edits, message.reply_to)

    async def draft(self, chat_id: str, body: str, shown: str | None, reply_to: str | None) -> str:
        """Show a beginning; in groups less often, all topics of one together."""
        chat, _ = self._sending.address(chat_id)
        if chat < 0:
            if shown is not None and monotonic() < self._next_draft.get(chat, 0.0):
                return shown
            self._next_draft[chat] = monotonic() + GROUP_DRAFT_S
        try:
            return await self._sending.show(chat_id, body, shown, reply_to)
        except ChannelError as error:
            if error.retry_after and chat < 0:
                self._next_draft[chat] = monotonic() + error.retry_after
            raise

    async def typing(self, chat_id: str) -> None:
        """Show «typing...» for the next five seconds."""
        chat, topic = self._sending.address(chat_id)
        try:
            with self._link.call() as bot:
                await bot.send_chat_action(chat, ChatAction.TYPING, message_thread_id=topic)
        except TelegramError as error:
            log.debug("typing: %s", reason(error))

    async def download(self, reference: str) -> AsyncIterator[bytes]:
        """A file of at most 20 MB, in pieces."""
        with told(), self._link.call() as bot:
            file = await bot.get_file(reference)
        if not (file.file_path or "").startswith(self._link.files_url):
            raise RejectedError("Telegram names a place for it that is not Telegram's")
        try:
            async with (
                httpx.AsyncClient(verify=tls_context(), timeout=30.0) as client,
                client.stream("GET", str(file.file_path)) as response,
            ):
                if response.status_code != 200:
                    raise ChannelError(f"Telegram answers {response.status_code} when it is fetched")
                async for piece in response.aiter_bytes(_PIECE):
                    yield piece
        except httpx.HTTPError as error:  # whose text may hold the address, and that the token
            raise ChannelError(f"Telegram's file server: {type(error).__name__}") from None

    async def home(self, user_id: str) -> str:
        """A private chat has its user's id."""
        return user_id

    async def aclose(self) -> None:
        """Close the connections."""
        await self._link.aclose()
