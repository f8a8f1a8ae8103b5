"""Attachments: where they lie, under addresses that hold for a while only."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Mapping
from typing import Any

from tests.fakes import defaults
from tests.fakes.discord.objects import StoredFile
from tests.fakes.telegram.errors import ApiError as NoPicture
from tests.fakes.telegram.pictures import checked_size

_DAY = 24 * 60 * 60
_NOT_IN_A_NAME = re.compile(r"[^\w.-]+", re.ASCII)


class Files:
    """Keeps contents; `link_s` is how long an address made from now on holds."""

    def __init__(self, address: Callable[[str], str]) -> None:
        """`address` tells where a host is served."""
        self.link_s: float = _DAY
        self._address = address
        self._key = 0
        self._files: dict[tuple[str, str], StoredFile] = {}

    def keep(self, number: str, channel_id: str, name: str, media_type: str, content: bytes) -> StoredFile:
        """Keeps a file, under a name without what Discord takes out of it."""
        name = _NOT_IN_A_NAME.sub("_", name).strip("_") or "unknown"
        file = StoredFile(number, channel_id, name, media_type, content, _size(content))
        self._files[channel_id, number] = file
        return file

    def as_object(self, file: StoredFile) -> dict[str, Any]:
        """Discord's Attachment, with addresses that hold from now on."""
        path = self._path(file)
        shown: dict[str, Any] = {
            "id": file.id,
            "filename": file.name,
            "size": len(file.content),
            "url": self._address(defaults.DISCORD_CDN_HOST) + path,
            "proxy_url": self._address(defaults.DISCORD_MEDIA_HOST) + path,
            "content_type": file.media_type,
        }
        return shown if file.size is None else shown | {"width": file.size[0], "height": file.size[1]}

    def at(self, channel_id: str, number: str, name: str, query: Mapping[str, str]) -> StoredFile | None:
        """The file of an address; None when there is none, the signature is wrong or it holds no more."""
        file = self._files.get((channel_id, number))
        ends = query.get("ex", "")
        if file is None or file.name != name or not re.fullmatch("[0-9a-f]{1,16}", ends):
            return None
        if query.get("hm") != self._signature(file, ends) or int(ends, 16) < time.time():
            return None
        return file

    def expire(self) -> None:
        """Lets the addresses that were given so far hold no more."""
        self._key += 1

    def _signature(self, file: StoredFile, ends: str) -> str:
        return hashlib.sha256(f"lab {self._key} {file.channel_id} {file.id} {ends}".encode()).hexdigest()

    def _path(self, file: StoredFile) -> str:
        now = time.time()
        ends = f"{int(now + self.link_s):x}"
        query = f"ex={ends}&is={int(now):x}&hm={self._signature(file, ends)}&"
        return f"/attachments/{file.channel_id}/{file.id}/{file.name}?{query}"


def _size(content: bytes) -> tuple[int, int] | None:
    try:
        return checked_size(content)
    except NoPicture:
        return None
