"""Pictures for models that see. A conversation holds their paths; their content joins a request at the last moment."""

from __future__ import annotations

import binascii
import logging
from collections.abc import Sequence
from typing import Any

from agent.errors import PicoClawError
from agent.sandbox.client import SandboxLink
from agent.store.sessions import Message

log = logging.getLogger("pictures")

# A request is in memory some five times over, and base64 makes a picture a third larger.
LARGEST = 1_500_000
MOST_BYTES = 3_000_000
MOST = 4
_PART = "picture"
# What every provider takes, by how it begins.
KINDS = {
    "image/jpeg": (b"\xff\xd8\xff", b""),
    "image/png": (b"\x89PNG\r\n\x1a\n", b""),
    "image/gif": (b"GIF8", b""),
    "image/webp": (b"RIFF", b"WEBP"),
}


def picture_part(path: str) -> dict[str, Any]:
    """A part of a message that stands for the picture at `path` of the workspace."""
    return {"type": _PART, "path": path}


class Pictures:
    """Puts pictures into the messages of one turn's requests; each is read once."""

    def __init__(self, sandbox: SandboxLink) -> None:
        self._sandbox = sandbox
        self._known: dict[str, dict[str, Any]] = {}

    async def shown(self, messages: Sequence[Message]) -> list[Message]:
        """The messages with the newest pictures in them, and the paths of older ones in words."""
        wanted = [path for message in messages for path in _paths(message)][-MOST:]
        if not wanted:
            return [_in_words(message) for message in messages]
        room = MOST_BYTES
        parts: dict[str, dict[str, Any]] = {}
        for path in reversed(wanted):
            if path in parts:
                continue
            part = self._known.pop(path, None) or (await self._read(path) if room > 0 else _text(f"[picture {path}]"))
            if "image_url" in part:
                room -= len(part["image_url"]["url"])
                if room < 0:
                    part = _text(f"[picture {path}]")
            parts[path] = part
        self._known = {path: part for path, part in parts.items() if "image_url" in part}
        return [_in_words(message, parts) for message in messages]

    async def _read(self, path: str) -> dict[str, Any]:
        content = bytearray()
        try:
            async for piece in self._sandbox.get(path):
                content += piece
                if len(content) > LARGEST:
                    return _text(f"[picture {path} is too large to be looked at]")
        except PicoClawError as error:
            log.info("%s: %s", path, error)
            return _text(f"[picture {path} is not there any more]")
        kind = kind_of(bytes(content[:16]))
        if kind is None:
            return _text(f"[{path} is no JPEG, PNG, GIF or WebP picture]")
        data = binascii.b2a_base64(content, newline=False).decode()
        return {"type": "image_url", "image_url": {"url": f"data:{kind};base64,{data}"}}


def kind_of(beginning: bytes) -> str | None:
    """The media type by how a file begins, whatever anybody says that it is."""
    for kind, (start, later) in KINDS.items():
        if beginning.startswith(start) and beginning[8:].startswith(later):
            return kind
    return None


def _paths(message: Message) -> list[str]:
    content = message.get("content")
    parts = content if isinstance(content, list) else []
    return [str(part["path"]) for part in parts if part.get("type") == _PART]


def _in_words(message: Message, parts: dict[str, dict[str, Any]] | None = None) -> Message:
    content = message.get("content")
    if not isinstance(content, list):
        return message
    shown = [
        (parts or {}).get(str(part["path"]), _text(f"[picture {part['path']}]")) if part.get("type") == _PART else part
        for part in content
    ]
    return {**message, "content": shown}


def _text(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}
