"""Files that came with a message: brought into the workspace before the model is asked, and named in its message."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
import secrets
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
_UNHEARD = {"audio": "; you cannot listen to it", "video": "; you cannot watch it"}
_LONGEST_NAME = 100  # bytes
# Paths, wildcards, what a screen obeys, and what a shell reads as more than a name where the model forgets the quotes.
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f/\\:*?\"<>|\[\]$`;&!'\u2028-\u202e\u2066-\u2069]+")
_MEDIA_TYPE = re.compile(r"[\w.+-]{1,100}/[\w.+-]{1,100}", re.ASCII)


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
                path, size = await self._bring(message.channel, attachment.reference, path)
            except PicoClawError as error:
                log.warning("turn %d: an attachment cannot be had: %s", message.id, error)
                lines.append(f"[{safe_name(attachment.name)} could not be brought here: {error}]")
                continue
            kind = attachment.media_type if _MEDIA_TYPE.fullmatch(attachment.media_type) else "unknown type"
            shown, note = await self._shown(message.channel, attachment, path, size)
            lines.append(f"[attached: {path}, {kind}, {size} bytes{note}]")
            pictures += shown
        if (more := len(message.attachments) - MOST_FILES) > 0:
            lines.append(f"[{more} more files were attached; at most {MOST_FILES} are taken from one message]")
        text = "\n".join(filter(None, [text_of(message), *lines]))
        if not pictures:
            return {"role": "user", "content": text}
        return {"role": "user", "content": [{"type": "text", "text": text}, *map(picture_part, pictures)]}

    async def _shown(self, channel: str, attachment: Attachment, path: str, size: int) -> tuple[list[str], str]:
        """The path of what the model looks at, if any, and what it is to know of that; or it may claim to have seen."""
        kind = attachment.media_type.partition("/")[0]
        if kind != "image":
            return [], _UNHEARD.get(kind, "")
        if not self._sees():
            return [], "; not shown to you: the model in use does not look at pictures"
        if attachment.media_type in KINDS and size <= LARGEST:
            return [path], ""
        if smaller := await self._preview(channel, attachment, path):
            return [smaller], "; shown to you smaller than it is"
        if attachment.media_type not in KINDS:
            return [], "; not shown to you: only JPEG, PNG, GIF and WebP can be"
        return [], f"; not shown to you: it is larger than {LARGEST / 1_000_000:g} MB"

    async def _preview(self, channel: str, attachment: Attachment, path: str) -> str:
        """The path of a smaller picture; empty when there is none that is small enough."""
        if not attachment.preview:
            return ""
        try:
            smaller, size = await self._bring(channel, attachment.preview, f"{path}.preview")
        except PicoClawError as error:
            log.info("no preview: %s", error)
            return ""
        return smaller if size <= LARGEST else ""

    async def _bring(self, channel: str, reference: str, path: str) -> tuple[str, int]:
        """Carry a file into the workspace: where it is and its size in bytes."""
        try:
            return await self._carry(channel, reference, path)
        except RejectedError:
            raise
        except ChannelError as error:
            log.info("an attachment is fetched again: %s", error)
            await asyncio.sleep(error.retry_after or _RETRY_S)
            return await self._carry(channel, reference, path)

    async def _carry(self, channel: str, reference: str, path: str) -> tuple[str, int]:
        fetched = _Seen()
        try:
            return path, await self._sandbox.put(path, fetched.through(self._channel(channel).download(reference)))
        except SandboxOperationError as error:
            if error.code != "exists":
                raise
        # From before a restart, from a state that was put back, or put there by the model.
        there = _Seen()
        async for _ in there.through(self._sandbox.get(path)):
            pass
        if there.digest.digest() == fetched.digest.digest():
            return path, fetched.size
        folder, _, name = path.rpartition("/")
        other = f"{folder}/{secrets.token_hex(4)}-{name}"
        return other, await self._sandbox.put(other, _Seen().through(self._channel(channel).download(reference)))


class _Seen:
    """Bounds what passes, and knows what it was."""

    def __init__(self) -> None:
        self.size = 0
        self.digest = hashlib.sha256()

    async def through(self, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        async for piece in pieces:
            self.size += len(piece)
            if self.size > MOST_BYTES:
                raise PicoClawError(f"it is larger than {MOST_BYTES // 1_000_000} MB")
            self.digest.update(piece)
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
