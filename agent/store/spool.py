"""Files on their way to a chat: kept whole beside the state file from the moment they are promised until they are sent.

Names are ours, never the model's. What no message refers to any more is removed at the next start.
"""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import BinaryIO

from agent.errors import PicoClawError

# All that waits together: as much again as the largest file that a channel takes.
MOST_BYTES = 200_000_000


class SpoolError(PicoClawError):
    """A file cannot be kept."""


class Spool:
    """The directory of files that are to be sent.

    Args:
        directory: made when it is missing, readable by nobody else.
        most_bytes: what all files together may take.
    """

    def __init__(self, directory: Path, most_bytes: int = MOST_BYTES) -> None:
        self._directory = directory
        self._most_bytes = most_bytes
        directory.mkdir(mode=0o700, exist_ok=True)

    async def keep(self, pieces: AsyncIterator[bytes], most_bytes: int) -> Path:
        """Write a file of at most `most_bytes` bytes down, whole and durable.

        Raises:
            SpoolError: it is larger, or there is no room; nothing of it stays. What `pieces` raises goes on.
        """
        path = self._directory / secrets.token_hex(16)
        try:
            await self._write(path, pieces, most_bytes)
        except BaseException:
            self.remove(path)
            raise
        return path

    def keep_text(self, text: str) -> Path:
        """Write a text of the assistant's own down."""
        path = self._directory / secrets.token_hex(16)
        with _created(path) as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        return path

    def remove(self, path: Path | str) -> None:
        """Forget a file that was sent or given up."""
        Path(path).unlink(missing_ok=True)

    def tidy(self, wanted: Iterable[str]) -> None:
        """Remove every file but these."""
        kept = set(wanted)
        for path in self._directory.iterdir():
            if str(path) not in kept and not path.is_dir():  # of which a backup that was made by hand may have some
                path.unlink()

    async def _write(self, path: Path, pieces: AsyncIterator[bytes], most_bytes: int) -> None:
        size = 0
        try:
            with _created(path) as file:
                async for piece in pieces:
                    size += len(piece)
                    if size > most_bytes:
                        raise SpoolError(f"it is larger than {most_bytes / 1e6:.0f} MB, the most that can be sent here")
                    if self._bytes() + len(piece) > self._most_bytes:
                        raise SpoolError("too many files wait to be sent already; try again when they are through")
                    file.write(piece)
                    file.flush()  # counted by those who write beside it
                await asyncio.to_thread(os.fsync, file.fileno())
        except OSError as error:
            raise SpoolError(f"it cannot be kept until it is sent: {error.strerror}") from None

    def _bytes(self) -> int:
        return sum(path.stat().st_size for path in self._directory.iterdir())


def _created(path: Path) -> BinaryIO:
    """A new file, open to write, that nobody else can read."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode=0o600), "wb")
