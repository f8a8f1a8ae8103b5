"""The reverse of agent.snapshot.pack: a tar stream, which may be anybody's, becomes a tree in a directory beside it.

A member is a file, a directory, a link, a named pipe or it is refused. Its directory has to be one that the walk is in,
opened without following a link, and it must not exist yet. Symbolic links are made as they were and never
followed. Everything belongs to who runs this; setuid and setgid bits go. The tree lies in RESERVED/new until
agent.snapshot.exchange puts it in the place of what was there.
"""

from __future__ import annotations

import errno
import os
import tarfile
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from typing import BinaryIO, cast

from agent.snapshot import tree
from agent.snapshot.errors import SnapshotError
from agent.snapshot.pack import RESERVED

_CHUNK = 256 * 1024
_SECTOR = 512
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_KEPT_BITS = 0o1777
_OWNERS = 0o700
# Left free on the host's disk, whatever the tree needs.
_RESERVE_BYTES = 128 * 1024 * 1024
# Bytes of the paths of directories that are closed to their owner, which is done at the end.
_MOST_REMEMBERED = 16 * 1024 * 1024


@dataclass
class Limits:
    """What a tree may take of the disk, as `du` counts it."""

    bytes: int
    files: int


@dataclass
class Report:
    """What was made: entries, bytes on the disk, and what was not, by reason (see agent.snapshot.pack)."""

    entries: int = 0
    bytes: int = 0
    files: int = 0
    left_out: Counter[str] = field(default_factory=Counter)


@dataclass
class _Open:
    """A directory that the walk is in."""

    fd: int
    parts: tuple[str, ...]
    member: tarfile.TarInfo | None


class _Counted:
    """Standard input that knows how much of it has come."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.bytes = 0

    def read(self, size: int) -> bytes:
        data = self._stream.read(size)
        self.bytes += len(data)
        return data

    def drain(self) -> None:
        while self.read(_CHUNK):
            pass


def unpack(stream: BinaryIO, expected: int, root: str, name: str, limits: Limits) -> Report:
    """Make the tree `root/RESERVED/new/name` (`name` empty: `new` itself).

    Args:
        stream: a tar stream of `expected` bytes.
        expected: how many are to come; fewer are a transmission that broke.
        root: a directory of this process's own.
        name: of the tree, one component.
        limits: what it may take.

    Raises:
        SnapshotError: bad_tar, cut_off, too_large, disk_full.
    """
    counted = _Counted(stream)
    fd = _prepared(root, name)
    unpacker = _Unpacker(fd, limits)
    try:
        with tarfile.open(
            fileobj=cast("BinaryIO", counted), mode="r|", encoding="utf-8", errors="surrogateescape"
        ) as tar:
            for member in tar:
                unpacker.add(tar, member)
                tar.members = []  # type: ignore[attr-defined]  # or it keeps them all
        counted.drain()
        unpacker.finish()
    except (tarfile.TarError, ValueError, OverflowError, RecursionError) as error:
        raise SnapshotError("cut_off" if counted.bytes < expected else "bad_tar", str(error)) from None
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise SnapshotError("disk_full") from None
        raise SnapshotError("bad_tar", str(error.strerror)) from None
    if counted.bytes != expected:
        raise SnapshotError("cut_off", f"{counted.bytes} of {expected} bytes")
    return unpacker.report


def stage(stream: BinaryIO, expected: int, root: str, name: str) -> None:
    """Write one file `root/RESERVED/new/name`; SnapshotError as `unpack`."""
    fd = _prepared(root, "")
    try:
        with os.fdopen(os.open(name, _NEW, mode=0o600, dir_fd=fd), "wb") as target:
            left = expected
            while left and (piece := stream.read(min(_CHUNK, left))):
                target.write(piece)
                left -= len(piece)
            target.flush()
            os.fsync(target.fileno())
    except OSError as error:
        raise SnapshotError("disk_full" if error.errno == errno.ENOSPC else "failed", str(error.strerror)) from None
    finally:
        os.close(fd)
    if left or stream.read(1):
        raise SnapshotError("cut_off", f"{left} of {expected} bytes are missing")


def _prepared(root: str, name: str) -> int:
    """The open directory for a tree, empty."""
    fd = os.open(root, tree.DIRECTORY)
    for part in filter(None, (RESERVED, "new", name)):
        with suppress(FileExistsError):
            os.mkdir(part, _OWNERS, dir_fd=fd)
        inner = os.open(part, tree.DIRECTORY, dir_fd=fd)
        os.close(fd)
        fd = inner
    return fd


class _Unpacker:
    def __init__(self, root: int, limits: Limits) -> None:
        self._limits = limits
        self._root = root
        self._walk = [_Open(root, (), None)]
        self._closed: list[tuple[tuple[str, ...], tarfile.TarInfo]] = []
        self._remembered = 0
        self.report = Report()

    def add(self, tar: tarfile.TarFile, member: tarfile.TarInfo) -> None:
        """Make one member."""
        parts = _parts(member.name)
        while self._walk[-1].parts != parts[:-1]:
            if len(self._walk) == 1:
                raise tarfile.TarError("a member outside of the walk")
            self._leave()
        self._make(tar, member, parts)
        self.report.entries += 1
        self._check()

    def finish(self) -> None:
        """Leave every directory, and close those that are to be."""
        while len(self._walk) > 1:
            self._leave()
        for parts, member in reversed(self._closed):
            with self._reached(parts[:-1]) as parent:
                _finish(parts[-1], parent.fd, member)

    def _make(self, tar: tarfile.TarFile, member: tarfile.TarInfo, parts: tuple[str, ...]) -> None:
        name, directory = parts[-1], self._walk[-1].fd
        self.report.files += not member.islnk()
        if member.isdir():
            os.mkdir(name, _OWNERS, dir_fd=directory)
            fd = os.open(name, tree.DIRECTORY, dir_fd=directory)
            self._take(os.fstat(fd).st_blocks * _SECTOR)
            self._walk.append(_Open(fd, parts, member))
        elif member.isreg():  # sparse ones included
            self._file(tar, member, name, directory)
        elif member.issym():
            os.symlink(member.linkname, name, dir_fd=directory)
            os.utime(name, ns=_times(member), dir_fd=directory, follow_symlinks=False)
        elif member.islnk():
            self._link(_parts(member.linkname), name, directory)
        elif member.isfifo():
            os.mkfifo(name, 0o600, dir_fd=directory)
            _finish(name, directory, member)
        else:
            raise tarfile.TarError(f"a member of type {member.type!r}")

    def _file(self, tar: tarfile.TarFile, member: tarfile.TarInfo, name: str, directory: int) -> None:
        source = tar.fileobj
        if source is None:
            raise tarfile.TarError("closed")
        source.seek(member.offset_data)
        # A list of offsets and lengths, whatever typeshed says.
        sparse = cast("list[tuple[int, int]] | None", member.sparse)
        extents = sparse if sparse is not None else [(0, member.size)]
        fd = os.open(name, _NEW, mode=0o600, dir_fd=directory)
        try:
            for offset, size in extents:
                self._copy(source, fd, offset, size)
            os.ftruncate(fd, member.size)
            self._take(os.fstat(fd).st_blocks * _SECTOR)
            os.fchmod(fd, member.mode & _KEPT_BITS)
            os.utime(fd, ns=_times(member))
        finally:
            os.close(fd)

    def _copy(self, source: object, fd: int, offset: int, size: int) -> None:
        while size:
            piece = source.read(min(_CHUNK, size))  # type: ignore[attr-defined]
            if not piece:
                raise tarfile.TarError("unexpected end of data")
            self._check(len(piece))
            os.pwrite(fd, piece, offset)
            offset += len(piece)
            size -= len(piece)

    def _link(self, target: tuple[str, ...], name: str, directory: int) -> None:
        with self._reached(target[:-1]) as parent:
            os.link(target[-1], name, src_dir_fd=parent.fd, dst_dir_fd=directory, follow_symlinks=False)

    def _reached(self, parts: tuple[str, ...]) -> _Reached:
        return _Reached(self._root, parts)

    def _leave(self) -> None:
        """Give a directory the mode and time it had; one closed to its owner must stay open until all is done."""
        left = self._walk.pop()
        if left.member is None:
            return
        if left.member.mode & _OWNERS == _OWNERS:
            os.fchmod(left.fd, left.member.mode & _KEPT_BITS)
            os.utime(left.fd, ns=_times(left.member))
        else:
            self._remembered += len(left.member.name) + 200
            if self._remembered > _MOST_REMEMBERED:
                self.report.left_out["modes"] += 1
            else:
                self._closed.append((left.parts, left.member))
        os.close(left.fd)

    def _take(self, size: int) -> None:
        self.report.bytes += size

    def _check(self, more: int = 0) -> None:
        """SnapshotError when it is too much, or would be with `more` bytes."""
        if self.report.bytes + more > self._limits.bytes or self.report.files > self._limits.files:
            raise SnapshotError("too_large")
        disk = os.fstatvfs(self._root)
        if disk.f_bavail * disk.f_frsize - more < _RESERVE_BYTES:
            raise SnapshotError("disk_full")


class _Reached:
    """A directory below the root, open while the block runs; no link on the way is followed."""

    def __init__(self, root: int, parts: tuple[str, ...]) -> None:
        self.fd = os.dup(root)
        for part in parts:
            inner = os.open(part, tree.DIRECTORY, dir_fd=self.fd)
            os.close(self.fd)
            self.fd = inner

    def __enter__(self) -> _Reached:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.fd)


def _parts(name: str) -> tuple[str, ...]:
    """The components of a member's name; TarError for one that does not simply lead downwards."""
    parts = tuple(name.split("/"))
    if any(part in ("", ".", "..") or "\0" in part for part in parts) or parts[0] == RESERVED:
        raise tarfile.TarError("a name that leads elsewhere")
    return parts


def _finish(name: str, directory: int, member: tarfile.TarInfo) -> None:
    """Time, then mode: of what was made here, and is no link."""
    os.utime(name, ns=_times(member), dir_fd=directory, follow_symlinks=False)
    os.chmod(name, member.mode & _KEPT_BITS, dir_fd=directory)


def _times(member: tarfile.TarInfo) -> tuple[int, int]:
    """Nanoseconds, as pack wrote them."""
    written = member.pax_headers.get("mtime", "")
    seconds, _, rest = written.partition(".")
    if seconds.isdecimal() and len(seconds) < 12 and len(rest) == 9 and rest.isdecimal():
        time = int(seconds) * 10**9 + int(rest)
    else:
        time = int(min(max(member.mtime, 0), 10**11)) * 10**9
    return time, time
