"""Files that came with a message: brought into the workspace before the model is asked, and named in its message."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Callable

from agent.channels.base import Channel, ChannelError, RejectedError
from agent.errors import PicoClawError
from agent.gateway.pictures import KINDS, LARGEST, picture_part
from agent.gateway.request import text_of
from agent.sandbox.client import SandboxLink, SandboxOperationError
from agent.store.mailbox import Attachment, Inbound
from agent.store.sessions import Message

log = logging.getLogger("attachments")

INBOX = "/workspace/inbox"
MOST_FILES = 10
MOST_BYTES = 20_000_000
_RETRY_S = 2.0
_LONGEST_NAME = 100  # bytes
_UNSAFE = re.compile(r"[\x00-\x1f\x7f/\\:*?\"<>|\u202a-\u202e\u2066-\u2069]+")


class Attachments:
    """Makes the model's message of what the owner wrote and attached.

    Args:
        channel: gives a channel by its name.
        sandbox: where the files go.
        sees: whether a model looks at pictures.
    """

    def __init__(self, channel: Callable[[str], Channel], sandbox: SandboxLink, sees: Callable[[], bool]) -> None:
        self._channel = channel
        self._sandbox = sandbox
        self._sees = sees

    async def user_message(self, message: Inbound) -> Message:
        """The request of a turn. What cannot be had is said in it, and ends nothing."""
        if not message.attachments:
            return {"role": "user", "content": text_of(message)}
        lines, pictures = [], []
        for number, attachment in enumerate(message.attachments[:MOST_FILES]):
            path = f"{INBOX}/{message.id}-{number + 1}-{safe_name(attachment.name)}"
            try:
                size = await self._bring(message.channel, attachment.reference, path)
            except PicoClawError as error:
                log.warning("turn %d: an attachment cannot be had: %s", message.id, error)
                lines.append(f"[{safe_name(attachment.name)} could not be brought here: {error}]")
                continue
            lines.append(f"[attached: {path}, {attachment.media_type}, {size} bytes]")
            if attachment.media_type in KINDS and self._sees():
                pictures.append(await self._picture(message.channel, attachment, path, size))
        if (more := len(message.attachments) - MOST_FILES) > 0:
            lines.append(f"[{more} more files were attached; at most {MOST_FILES} are taken from one message]")
        text = "\n".join(filter(None, [text_of(message), *lines]))
        shown = [picture_part(path) for path in pictures if path]
        if not shown:
            return {"role": "user", "content": text}
        return {"role": "user", "content": [{"type": "text", "text": text}, *shown]}

    async def _picture(self, channel: str, attachment: Attachment, path: str, size: int) -> str:
        """The path of what a model can look at; empty when there is nothing small enough."""
        if size <= LARGEST:
            return path
        if not attachment.preview:
            return ""
        smaller = f"{path}.preview"
        try:
            return smaller if await self._bring(channel, attachment.preview, smaller) <= LARGEST else ""
        except PicoClawError as error:
            log.info("no preview: %s", error)
            return ""

    async def _bring(self, channel: str, reference: str, path: str) -> int:
        """Carry a file into the workspace; its size. One that a restart has interrupted may be there already."""
        try:
            return await self._carry(channel, reference, path)
        except RejectedError:
            raise
        except ChannelError as error:
            log.info("an attachment is fetched again: %s", error)
            await asyncio.sleep(error.retry_after or _RETRY_S)
            return await self._carry(channel, reference, path)

    async def _carry(self, channel: str, reference: str, path: str) -> int:
        try:
            return await self._sandbox.put(path, _bounded(self._channel(channel).download(reference)))
        except SandboxOperationError as error:
            if error.code != "exists":
                raise
            size = 0
            async for piece in _bounded(self._sandbox.get(path)):
                size += len(piece)
            return size


async def _bounded(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    size = 0
    async for piece in pieces:
        size += len(piece)
        if size > MOST_BYTES:
            raise PicoClawError(f"it is larger than {MOST_BYTES // 1_000_000} MB")
        yield piece


def safe_name(name: str) -> str:
    """A file name that is no path, no option and no hidden file, whatever somebody called it."""
    cleaned = _UNSAFE.sub("_", name).strip(" .-_") or "file"
    stem, dot, extension = cleaned.rpartition(".")
    if not dot or len(extension) > 10:
        stem, extension = cleaned, ""
    room = _LONGEST_NAME - len(extension.encode()) - 1
    stem = stem.encode()[:room].decode("utf-8", "ignore") or "file"
    return f"{stem}.{extension}" if extension else stem
