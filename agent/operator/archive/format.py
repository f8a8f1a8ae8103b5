"""What is in a backup before it is encrypted: a tar file that any `tar` unpacks, of these members in this order.

    about.json              when, of which host, by which version
    config.json             the host's
    state.db                the assistant's memory, one SQLite file
    spool.tar.00000 ...     files on their way to a chat: pieces of a tar file (`cat spool.tar.* | tar x`)
    workspace.tar.00000 ... the workspace, likewise
    contents.json           what the host counted while it packed those two
    SHA256SUMS              of every member before it (`sha256sum -c SHA256SUMS`)

Pieces, since how long a tar file gets is known only when it ends, and a member says its size first. Reading is stricter
than tar: a plain file of the next expected name, of a bounded size, or the file is refused. Nothing is unpacked.
"""

from __future__ import annotations

import hashlib
import re
import tarfile
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from agent.operator.archive.errors import ArchiveError

VERSION = 1
PIECE = 4 * 1024 * 1024
ABOUT, CONFIG, STATE, SPOOL, WORKSPACE = "about.json", "config.json", "state.db", "spool.tar", "workspace.tar"
CONTENTS, SUMS = "contents.json", "SHA256SUMS"
# Bytes. The state is held in memory while it is checked.
LARGEST = {ABOUT: 64 * 1024, CONFIG: 1024 * 1024, STATE: 256 * 1024 * 1024, SPOOL: PIECE, WORKSPACE: PIECE,
           CONTENTS: 64 * 1024, SUMS: 64 * 1024 * 1024}  # fmt: skip
ORDER = list(LARGEST)
_PIECES = (SPOOL, WORKSPACE)
_NAME = re.compile(rf"({'|'.join(map(re.escape, ORDER))})(?:\.([0-9]{{5}}))?")
_BLOCK = tarfile.BLOCKSIZE


class Readable(Protocol):
    """What can be read from."""

    def read(self, size: int, /) -> bytes:
        """At most so many bytes; none at the end."""


@dataclass(frozen=True)
class Member:
    """One member; `part` is its name without the number of a piece."""

    name: str
    part: str
    data: bytes = field(repr=False)

    @property
    def digest(self) -> str:
        """SHA-256, hexadecimal."""
        return hashlib.sha256(self.data).hexdigest()


class Writer:
    """Makes the bytes of the tar file, and remembers the digest of every member."""

    def __init__(self) -> None:
        self.sums: dict[str, str] = {}

    def member(self, name: str, data: bytes) -> Generator[bytes, None, None]:
        """One member; ArchiveError when it is larger than may be."""
        part = _part(name, data)
        header = tarfile.TarInfo(name)
        header.size, header.mode = len(data), 0o600
        self.sums[name] = Member(name, part, data).digest
        yield header.tobuf(tarfile.USTAR_FORMAT)
        yield data
        yield bytes(-len(data) % _BLOCK)

    def pieces(self, part: str, stream: Iterable[bytes]) -> Generator[bytes, None, None]:
        """A stream of any length as members of at most PIECE bytes."""
        number, waiting = 0, bytearray()
        for chunk in stream:
            waiting += chunk
            while len(waiting) >= PIECE:
                yield from self.member(f"{part}.{number:05}", bytes(waiting[:PIECE]))
                del waiting[:PIECE]
                number += 1
        if waiting:
            yield from self.member(f"{part}.{number:05}", bytes(waiting))

    def end(self) -> Generator[bytes, None, None]:
        """The digests and the end mark."""
        yield from self.member(SUMS, sums_text(self.sums))
        yield bytes(2 * _BLOCK)


def sums_text(sums: dict[str, str]) -> bytes:
    """As `sha256sum` writes them."""
    return "".join(f"{digest}  {name}\n" for name, digest in sums.items()).encode()


def members(stream: Readable) -> Iterator[Member]:
    """The members of a whole backup, each in memory; SUMS comes last, checked.

    Raises:
        ArchiveError: `archive_bad`: it is not one, or not whole, or a digest differs.
    """
    sums: dict[str, str] = {}
    expected = [ABOUT]
    while expected:
        header = _header(_exactly(stream, _BLOCK))
        part, number = _named(header.name)
        if header.name not in expected or header.size > LARGEST[part]:
            raise ArchiveError("archive_bad", reason=f"{_shown(header.name)}, {header.size} bytes")
        member = Member(header.name, part, _exactly(stream, header.size))
        _exactly(stream, -header.size % _BLOCK)
        if part != SUMS:
            sums[member.name] = member.digest
        elif member.data != sums_text(sums):
            raise ArchiveError("archive_bad", reason=SUMS)
        yield member
        expected = _next(part, number)
    if stream.read(2 * _BLOCK) != bytes(2 * _BLOCK) or stream.read(1):
        raise ArchiveError("archive_bad", reason="end")


def _next(part: str, number: int) -> list[str]:
    """The names of which one may follow."""
    if part == SUMS:
        return []
    following = ORDER[ORDER.index(part) + 1]
    first = f"{following}.00000" if following in _PIECES else following
    return [f"{part}.{number + 1:05}", first] if part in _PIECES else [first]


def _named(name: str) -> tuple[str, int]:
    found = _NAME.fullmatch(name)
    if found is None or (found[1] in _PIECES) != (found[2] is not None):
        raise ArchiveError("archive_bad", reason=_shown(name))
    return found[1], int(found[2] or 0)


def _part(name: str, data: bytes) -> str:
    part, _ = _named(name)
    if len(data) > LARGEST[part]:
        raise ArchiveError("archive_member_too_large", name=name, megabytes=LARGEST[part] // 1024**2)
    return part


def _header(block: bytes) -> tarfile.TarInfo:
    try:
        header = tarfile.TarInfo.frombuf(block, "ascii", "strict")
    except (tarfile.HeaderError, UnicodeError, ValueError):
        raise ArchiveError("archive_bad", reason="header") from None
    if header.type != tarfile.REGTYPE or header.size < 0:
        raise ArchiveError("archive_bad", reason=_shown(header.name))
    return header


def _exactly(stream: Readable, size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        piece = stream.read(min(size - len(data), PIECE))
        if not piece:
            raise ArchiveError("archive_bad", reason="end")
        data += piece
    return bytes(data)


def _shown(name: str) -> str:
    return ascii(name[:60])
