"""Putting messages and files into Telegram's chats, whatever has become of the chat, the topic or the draft."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import BinaryIO

from telegram import InputFile, LinkPreviewOptions, MessageEntity
from telegram.constants import FileSizeLimit, MessageLimit
from telegram.error import BadRequest, ChatMigrated

from agent.channels.base import Outbound, RejectedError
from agent.channels.telegram import format as telegram_format
from agent.channels.telegram.link import Link
from agent.channels.telegram.split import units
from agent.channels.telegram.trouble import told
from agent.channels.words import Sentence

log = logging.getLogger("telegram")

# What belongs to a topic that is gone, or closed to all but administrators, goes beside it rather than nowhere.
_NO_TOPIC = ("thread not found", "topic_closed", "topic_deleted")
_PHOTO_NAMES = (".jpg", ".jpeg", ".png", ".webp")
# Telegram would fetch what a model links to: a secret in the address would have left the host.
_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
_UPLOAD_ANSWER_S = 60.0  # Telegram looks at a file before it answers


class Sending:
    """What the bot writes."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._moved: dict[int, int] = {}

    def address(self, chat_id: str) -> tuple[int, int | None]:
        """The chat as it is now, and its topic."""
        chat, _, topic = chat_id.partition(":")
        return self._moved.get(int(chat), int(chat)), int(topic) if topic else None

    async def show(self, chat_id: str, body: str, shown: str | None = None, reply_to: str | None = None) -> str:
        """Put a body into a chat, in place of `shown` if that is still there; the message's id."""
        text, entities = telegram_format.parse(body)
        with told():
            try:
                return await self._formatted(chat_id, text, entities, shown, reply_to)
            except ChatMigrated as error:
                self._follow(chat_id, error)
                # The messages of the old group have other numbers in the new one.
                return await self._formatted(chat_id, text, entities, None, None)

    async def file(self, message: Outbound, path: Path) -> None:
        """Send a file: a picture as one, if Telegram takes it for one."""
        try:
            with path.open("rb") as file, told():
                try:
                    await self._picture_or_file(message, file)
                except ChatMigrated as error:
                    self._follow(message.chat_id, error)
                    await self._picture_or_file(message, file)
        except OSError as error:
            raise RejectedError(Sentence("file_gone", why=error.strerror)) from None

    def _follow(self, chat_id: str, error: ChatMigrated) -> None:
        old = int(chat_id.partition(":")[0])
        log.info("the group %d is the supergroup %d now", old, error.new_chat_id)
        self._moved[old] = error.new_chat_id

    async def _formatted(
        self, chat_id: str, text: str, entities: list[MessageEntity], shown: str | None, reply_to: str | None
    ) -> str:
        try:
            return await self._put(chat_id, text, entities, shown, reply_to)
        except BadRequest as error:
            if not entities or not _says(error, "entit", "parse"):
                raise
            log.warning("Telegram refuses the formatting of a message, sent without: %s", error.message)
            return await self._put(chat_id, text, [], shown, reply_to)

    async def _put(
        self, chat_id: str, text: str, entities: list[MessageEntity], shown: str | None, reply_to: str | None
    ) -> str:
        if shown is not None and await self._changed(chat_id, text, entities, shown):
            return shown
        chat, topic = self.address(chat_id)
        try:
            return await self._sent(chat, topic, text, entities, reply_to)
        except BadRequest as error:
            if topic is None or not _says(error, *_NO_TOPIC):
                raise
            log.warning("topic %d of chat %d is gone or closed, sent beside it", topic, chat)
            return await self._sent(chat, None, text, entities, reply_to)

    async def _changed(self, chat_id: str, text: str, entities: list[MessageEntity], shown: str) -> bool:
        """Whether the message shows the text now; it does not when it is gone."""
        try:
            with self._link.call() as bot:
                await bot.edit_message_text(
                    text,
                    self.address(chat_id)[0],
                    int(shown),
                    entities=entities,
                    link_preview_options=_NO_PREVIEW,
                )
        except BadRequest as error:
            if _says(error, "not modified"):
                return True
            if not _says(error, "message to edit not found", "can't be edited", "no text in the message", "id_invalid"):
                raise
            return False
        return True

    async def _sent(
        self, chat: int, topic: int | None, text: str, entities: list[MessageEntity], reply_to: str | None
    ) -> str:
        with self._link.call() as bot:
            sent = await bot.send_message(
                chat,
                text,
                entities=entities,
                link_preview_options=_NO_PREVIEW,
                message_thread_id=topic,
                reply_to_message_id=int(reply_to) if reply_to else None,
                allow_sending_without_reply=True,
            )
        return str(sent.message_id)

    async def _picture_or_file(self, message: Outbound, file: BinaryIO) -> None:
        if message.file_name.lower().endswith(_PHOTO_NAMES) and _size(file) <= FileSizeLimit.PHOTOSIZE_UPLOAD:
            try:
                await self._upload(message, file, photo=True)
            except BadRequest as error:
                log.info("sent as a file, since Telegram does not take it as a photo: %s", error.message)
            else:
                return
        await self._upload(message, file, photo=False)

    async def _upload(self, message: Outbound, file: BinaryIO, *, photo: bool) -> None:
        chat, topic = self.address(message.chat_id)
        try:
            await self._uploaded(chat, topic, message, file, photo=photo)
        except BadRequest as error:
            if topic is None or not _says(error, *_NO_TOPIC):
                raise
            await self._uploaded(chat, None, message, file, photo=photo)

    async def _uploaded(self, chat: int, topic: int | None, message: Outbound, file: BinaryIO, *, photo: bool) -> None:
        file.seek(0)
        # Read in pieces while it is sent; the caption is cut by Telegram's measure.
        content = InputFile(file, filename=message.file_name or "file", read_file_handle=False, attach=True)
        caption = _cut(message.text) or None
        with self._link.call() as bot:
            if photo:
                await bot.send_photo(
                    chat, content, caption=caption, message_thread_id=topic, read_timeout=_UPLOAD_ANSWER_S
                )
                return
            await bot.send_document(
                chat,
                content,
                caption=caption,
                message_thread_id=topic,
                disable_content_type_detection=True,
                read_timeout=_UPLOAD_ANSWER_S,
            )


def _cut(caption: str) -> str:
    if units(caption) <= MessageLimit.CAPTION_LENGTH:
        return caption
    cut = caption.encode("utf-16-le", "surrogatepass")[: 2 * (MessageLimit.CAPTION_LENGTH - 1)]
    return cut.decode("utf-16-le", "ignore") + "…"


def _size(file: BinaryIO) -> int:
    return os.fstat(file.fileno()).st_size


def _says(error: BadRequest, *parts: str) -> bool:
    words = error.message.lower()
    return any(part in words for part in parts)
