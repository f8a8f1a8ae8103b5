"""What is put into Discord's channels: texts, in place of a draft or new, and files."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import zlib
from typing import Any

from agent.channels.base import Outbound, RejectedError
from agent.channels.discord import format as discord_format
from agent.channels.discord.parts import File
from agent.channels.discord.rest import FormError, GoneError, Rest, id_of
from agent.channels.words import Sentence

log = logging.getLogger("discord")

MESSAGES = "/channels/{channel_id}/messages"
MESSAGE = "/channels/{channel_id}/messages/{message_id}"
# Discord fetches every address in a text to show a preview of it: what a hostile model put into one would be told.
_NO_PREVIEWS = 1 << 2
_NOBODY = {"parse": [], "replied_user": True}


class Sender:
    """Sends over one Rest."""

    def __init__(self, rest: Rest) -> None:
        self._rest = rest

    async def show(
        self, chat_id: str, body: str, shown: str | None = None, reply_to: str | None = None, nonce: str | None = None
    ) -> str:
        """A text, in place of `shown` where that is still there; the message's id."""
        content: dict[str, Any] = {"content": body, "allowed_mentions": _NOBODY, "flags": _NO_PREVIEWS}
        if shown is not None:
            try:
                await self._rest.call("PATCH", MESSAGE, {"channel_id": chat_id, "message_id": shown}, json=content)
            except GoneError:
                log.debug("the message to edit is gone, a new one takes its place")
            else:
                return shown
        return await self._new(chat_id, content | _nonce(nonce), reply_to)

    async def file(self, message: Outbound) -> None:
        """A file from the spool, streamed."""
        try:
            file = await asyncio.to_thread(File, str(message.file), filename=message.file_name or "file")
        except OSError as error:
            raise RejectedError(Sentence("file_gone", why=error.strerror)) from None
        caption = next(iter(discord_format.bodies(message.text)), "")
        payload = {"content": caption, "allowed_mentions": _NOBODY, "flags": _NO_PREVIEWS}
        payload |= _nonce(nonce_of(message)) | _reference(message.reply_to)
        await self._upload(message.chat_id, payload, file)

    async def _new(self, chat_id: str, content: dict[str, Any], reply_to: str | None) -> str:
        """A new message; without what Discord refuses, and as a file in the end, rather than not at all."""
        place = {"channel_id": chat_id}
        try:
            sent = await self._rest.call("POST", MESSAGES, place, json=content | _reference(reply_to))
        except FormError as error:
            log.warning("a message is sent in another form: %s", error)
            try:
                sent = await self._rest.call("POST", MESSAGES, place, json=content)
            except FormError:
                file = File(io.BytesIO(str(content.pop("content")).encode()), filename="message.md")
                sent = await self._upload(chat_id, content, file)
        return id_of(sent)

    async def _upload(self, chat_id: str, payload: dict[str, Any], file: File) -> Any:  # noqa: ANN401 - JSON
        described = {**payload, "attachments": [{"id": 0, "filename": file.filename}]}
        form = [
            {"name": "payload_json", "value": json.dumps(described)},
            {
                "name": "files[0]",
                "value": file.fp,
                "filename": file.filename,
                "content_type": "application/octet-stream",
            },
        ]
        try:
            return await self._rest.call("POST", MESSAGES, {"channel_id": chat_id}, form=form, files=[file])
        finally:
            file.close()


def nonce_of(message: Outbound) -> str:
    """By which Discord knows a message that is sent again after a crash; another outbox's has another text."""
    return f"{message.id}-{zlib.crc32(f'{message.chat_id} {message.text} {message.file}'.encode()):08x}"


def _nonce(nonce: str | None) -> dict[str, Any]:
    return {} if nonce is None else {"nonce": nonce, "enforce_nonce": True}


def _reference(reply_to: str | None) -> dict[str, Any]:
    if not reply_to:
        return {}
    return {"message_reference": {"message_id": reply_to, "fail_if_not_exists": False}}
