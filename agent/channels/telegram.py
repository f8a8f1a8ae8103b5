"""Telegram, through python-telegram-bot's Bot and long polling.

PTB's own Updater confirms updates before they are handled, so the polling is done here: updates are confirmed by the
next poll, after `receive` has stored them. No offset outlives the process: whatever is not confirmed is delivered again
and known by its message's id, while Telegram numbers its updates anew when a bot was silent for a week.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import AsyncIterator, Coroutine, Iterator, Sequence
from pathlib import Path
from time import monotonic
from typing import BinaryIO

import httpx
from telegram import Bot, BotCommand, InputFile, MessageEntity, Update
from telegram.constants import ChatAction, FileSizeLimit
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)
from telegram.request import HTTPXRequest

from agent.channels import telegram_format, telegram_inbound
from agent.channels.base import ChannelError, Contact, Desk, Limits, Outbound, RejectedError, backoff
from agent.channels.telegram_inbound import Me
from agent.http import tls_context
from agent.messages import COMMANDS, command

log = logging.getLogger("telegram")

POLL_S = 30  # how long Telegram holds an empty poll; a contact at least this often while all is well
POLL_GRACE_S = 10.0  # a poll that is not answered so much later is lost
CONFLICT_WAIT_S = 35.0  # another poller's long poll has ended by then
TOKEN_WAIT_S = 300.0  # a refused token is not tried again sooner: BotFather's change needs a restart anyway
ALBUM_S = 0.5  # the parts of an album come within that
FRESH_AFTER = 4  # failures in a row, after which the connections are made anew: a pool can be wedged
GROUP_DRAFT_S = 4.0  # a group takes 20 messages a minute, edits included
UPDATES = ["message", "edited_message"]
_PHOTO_NAMES = (".jpg", ".jpeg", ".png", ".webp")


class TelegramChannel:
    """One bot."""

    name = "telegram"
    limits = Limits(draft_every_s=1.5, file_bytes=int(FileSizeLimit.FILESIZE_UPLOAD))

    def __init__(self, token: str, base_url: str = "https://api.telegram.org/bot") -> None:
        self.contact = Contact()
        self._token = token
        self._base_url = base_url
        self._files_url = base_url.removesuffix("/bot") + "/file/bot"
        self._me = Me(int(token.partition(":")[0]))
        self._background: set[asyncio.Task[None]] = set()
        self._drafted: dict[str, float] = {}
        self._failed_calls = 0
        self._connect()

    def _connect(self) -> None:
        tls = {"verify": tls_context()}
        self._calls = HTTPXRequest(connection_pool_size=8, httpx_kwargs=tls)
        self._polls = HTTPXRequest(connection_pool_size=1, read_timeout=POLL_GRACE_S, httpx_kwargs=tls)
        # Bot.initialize() is left out: its getMe would stand between the start and the first poll.
        self._bot = Bot(
            self._token,
            base_url=self._base_url,
            base_file_url=self._files_url,
            request=self._calls,
            get_updates_request=self._polls,
        )

    async def run(self, desk: Desk) -> None:
        """Poll until cancelled."""
        offset, failures = None, 0
        self._spawn(self._register_commands())
        while True:
            try:
                updates = await self._poll(offset)
            except TelegramError as error:
                failures += 1
                await asyncio.sleep(await self._trouble(error, failures))
                continue
            if self.contact.problem:
                log.info("connected, listening")
            failures = 0
            self.contact.succeeded()
            # Once they are confirmed no offset is named any more: new updates may have lower numbers.
            offset = updates[-1].update_id + 1 if updates else None
            if updates:
                desk.receive(telegram_inbound.events(updates, self._me))
                await asyncio.sleep(0)  # the question to the model goes out before the next poll

    async def _poll(self, offset: int | None) -> Sequence[Update]:
        # While contact is not established the poll answers at once: healthy need not wait for a message. And one that
        # confirms something does not wait with it for the next message, which could be a week away.
        hold = 0 if self.contact.problem else POLL_S
        updates = await self._bot.get_updates(offset, timeout=hold, allowed_updates=UPDATES)
        if telegram_inbound.unfinished_album(updates):
            await asyncio.sleep(ALBUM_S)
            updates = await self._bot.get_updates(offset, timeout=0, allowed_updates=UPDATES) or updates
        if not self._me.username and telegram_inbound.from_groups(updates):
            self._me = Me(self._me.id, (await self._bot.get_me()).username or "")
        return updates

    def compose(self, markdown: str) -> list[str]:
        """Bodies of at most 4096 UTF-16 units, formatted by entities (nothing to escape, nothing to be refused)."""
        return telegram_format.bodies(markdown)

    async def send(self, message: Outbound) -> None:
        """Deliver one body, or a file."""
        try:
            if message.file is not None:
                await self._send_file(message, Path(message.file))
            else:
                await self._show(message.chat_id, message.text, message.edits, message.reply_to)
        except ChannelError:
            await self._count_failure()
            raise
        self._failed_calls = 0

    async def draft(self, chat_id: str, body: str, shown: str | None, reply_to: str | None) -> str:
        """Show a beginning; in groups less often."""
        if chat_id.startswith("-"):
            if monotonic() < self._drafted.get(chat_id, 0.0):
                return shown or await self._show(chat_id, body, None, reply_to)
            self._drafted[chat_id] = monotonic() + GROUP_DRAFT_S
        return await self._show(chat_id, body, shown, reply_to)

    async def typing(self, chat_id: str) -> None:
        """Show «typing...» for the next five seconds."""
        chat, topic = _address(chat_id)
        try:
            await self._bot.send_chat_action(chat, ChatAction.TYPING, message_thread_id=topic)
        except TelegramError as error:
            log.debug("typing: %s", error.message)

    async def download(self, reference: str) -> AsyncIterator[bytes]:
        """A file of at most 20 MB, in pieces."""
        try:
            file = await self._bot.get_file(reference)
        except BadRequest as error:
            raise RejectedError(f"Telegram does not hand it out: {error.message}") from None
        except TelegramError as error:
            raise _not_now(error) from None
        if not (file.file_path or "").startswith(f"{self._files_url}{self._token}/"):
            raise RejectedError("Telegram names a place for it that is not Telegram's")
        try:
            async with (
                httpx.AsyncClient(verify=tls_context(), timeout=30.0) as client,
                client.stream("GET", str(file.file_path)) as response,
            ):
                if response.status_code != 200:
                    raise ChannelError(f"Telegram answers {response.status_code} when it is fetched")
                async for piece in response.aiter_bytes(64 * 1024):
                    yield piece
        except httpx.HTTPError as error:  # whose text may hold the address, and that the token
            raise ChannelError(f"Telegram's file server: {type(error).__name__}") from None

    async def home(self, user_id: str) -> str:
        """A private chat has its user's id."""
        return user_id

    async def aclose(self) -> None:
        """Close the connections."""
        for task in self._background:
            task.cancel()
        await asyncio.gather(self._calls.shutdown(), self._polls.shutdown())

    async def _show(self, chat_id: str, body: str, shown: str | None, reply_to: str | None) -> str:
        """Put a body into a chat, in place of `shown` if that is still there; the message's id."""
        text, entities = telegram_format.parse(body)
        try:
            with _words():
                try:
                    return await self._put(chat_id, text, entities, shown, reply_to)
                except BadRequest as error:
                    if not entities or not _of_form(error):
                        raise
                    log.warning("Telegram refuses the formatting of a message, sent without: %s", error.message)
                    return await self._put(chat_id, text, [], shown, reply_to)
        except ChatMigrated as error:
            return await self._show(str(error.new_chat_id), body, None, None)

    async def _put(
        self, chat_id: str, text: str, entities: list[MessageEntity], shown: str | None, reply_to: str | None
    ) -> str:
        chat, topic = _address(chat_id)
        if shown is not None:
            try:
                await self._bot.edit_message_text(text, chat, int(shown), entities=entities)
            except BadRequest as error:
                if "not modified" in error.message:
                    return shown
                if not _gone(error):
                    raise
            else:
                return shown
        sent = await self._bot.send_message(
            chat,
            text,
            entities=entities,
            message_thread_id=topic,
            reply_to_message_id=int(reply_to) if reply_to else None,
            allow_sending_without_reply=True,
        )
        return str(sent.message_id)

    async def _send_file(self, message: Outbound, path: Path) -> None:
        photo = message.file_name.lower().endswith(_PHOTO_NAMES)
        try:
            with path.open("rb") as file, _words():
                if photo and os.fstat(file.fileno()).st_size <= FileSizeLimit.PHOTOSIZE_UPLOAD:
                    try:
                        await self._upload(message, file, photo=True)
                    except BadRequest as error:
                        log.info("sent as a file, since Telegram does not take it as a photo: %s", error.message)
                        file.seek(0)
                    else:
                        return
                await self._upload(message, file, photo=False)
        except OSError as error:
            raise RejectedError(f"the file is not there any more: {error.strerror}") from None
        except ChatMigrated as error:
            raise ChannelError(f"the group has moved to {error.new_chat_id}") from None

    async def _upload(self, message: Outbound, file: BinaryIO, *, photo: bool) -> None:
        chat, topic = _address(message.chat_id)
        content = InputFile(file, filename=message.file_name or "file", read_file_handle=False, attach=True)
        caption = message.text or None
        if photo:
            await self._bot.send_photo(chat, content, caption=caption, message_thread_id=topic)
        else:
            await self._bot.send_document(
                chat, content, caption=caption, message_thread_id=topic, disable_content_type_detection=True
            )

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
            log.debug("set_my_commands: %s", error.message)

    async def _count_failure(self) -> None:
        self._failed_calls += 1
        if self._failed_calls % FRESH_AFTER == 0:
            await self._connect_anew()

    async def _connect_anew(self) -> None:
        """Leave the connections that there are; whoever still uses one sees it end."""
        log.info("making the connections anew")
        old = (self._calls, self._polls)
        self._connect()
        for request in old:
            with contextlib.suppress(TelegramError, httpx.HTTPError, RuntimeError):
                await request.shutdown()

    async def _trouble(self, error: TelegramError, failures: int) -> float:
        """Note and log a failed poll, do what helps; return the seconds to wait."""
        wait, curable = backoff(failures), True
        if isinstance(error, InvalidToken):
            problem, wait = "Telegram refuses the bot token: put BotFather's into channel.bot_token", TOKEN_WAIT_S
            curable = False
        elif isinstance(error, Conflict) and "webhook" in error.message:
            problem = "a webhook is set for this bot; it is taken away, as it keeps messages from getting here"
            with contextlib.suppress(TelegramError):
                await self._bot.delete_webhook(drop_pending_updates=False)
        elif isinstance(error, Conflict):
            problem = "another program polls with this bot token: stop it, or make a bot of its own"
            wait, curable = CONFLICT_WAIT_S, False
        elif isinstance(error, RetryAfter):
            problem, wait = "Telegram asks to slow down", _seconds(error)
        elif isinstance(error, NetworkError):
            problem = f"Telegram cannot be reached: {error.message}"
        else:
            problem = f"Telegram answers with an error: {error.message}"
        if self.contact.failed(problem, curable=curable):
            log.error("%s", problem)
        if failures % FRESH_AFTER == 0 and isinstance(error, NetworkError):
            await self._connect_anew()
        return wait


@contextlib.contextmanager
def _words() -> Iterator[None]:
    """Telegram's errors as the gateway's; a moved group is the caller's affair."""
    try:
        yield
    except ChatMigrated:
        raise
    except (BadRequest, Forbidden) as error:
        raise RejectedError(f"Telegram refuses the message: {error.message}") from None
    except TelegramError as error:
        raise _not_now(error) from None


def _not_now(error: TelegramError) -> ChannelError:
    if isinstance(error, RetryAfter):
        return ChannelError("Telegram asks to slow down", _seconds(error))
    return ChannelError(f"Telegram did not take the message: {error.message}")


def _address(chat_id: str) -> tuple[int, int | None]:
    """The chat and its topic."""
    chat, _, topic = chat_id.partition(":")
    return int(chat), int(topic) if topic else None


def _of_form(error: BadRequest) -> bool:
    words = error.message.lower()
    return "entit" in words or "parse" in words


def _gone(error: BadRequest) -> bool:
    words = error.message.lower()
    return "message to edit not found" in words or "can't be edited" in words or "no text in the message" in words


def _seconds(error: RetryAfter) -> float:
    after = error.retry_after
    return after if isinstance(after, int | float) else after.total_seconds()
