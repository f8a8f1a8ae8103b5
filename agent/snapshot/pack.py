"""A directory as a tar stream, read while hostile commands may be changing it.

Nothing is followed: every name is opened relative to the directory that it was listed in. What vanishes is left out,
what shrinks is filled up with zeros, what grows is cut off, and all of it is counted. Holes stay holes (GNU's sparse
format 1.0), further names of a file become hard links. Extended attributes are not kept.

The order is that of a walk: a directory, what it holds, then the next one. agent.snapshot.unpack relies on it.
"""

# os.path and os.stat work on descriptors and cost little.

from __future__ import annotations

import errno
import os
import stat
import tarfile
from array import array
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

# The name of the directory in which unpack prepares what will replace a tree; never part of one.
RESERVED = ".picoclaw-restore"

_CHUNK = 256 * 1024
# Bytes: PATH_MAX. Deeper is reachable by changing directory after directory only, and its names add up without bound.
_LONGEST_PATH = 4095
# Bytes of the paths remembered for files of several names, so that hostile ones fit in the container's memory.
_MOST_REMEMBERED = 32 * 1024 * 1024
# Each costs 16 bytes here and some 100 in Python's reader.
_MOST_EXTENTS = 300_000
_FILE_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_DIRECTORY_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY | os.O_CLOEXEC
# Of a name that is no longer what it was when it was listed.
_GONE = (errno.ENOENT, errno.ELOOP, errno.ENOTDIR, errno.ENXIO, errno.ESTALE)
_DENIED = (errno.EACCES, errno.EPERM, errno.EAGAIN)  # EAGAIN: somebody holds a lease on it
# What a file or directory takes on a disk is a multiple of it.
_BLOCK = 4096


@dataclass
class Report:
    """What was written.

    Attributes:
        entries: files, directories and links.
        bytes: of the files' contents.
        left_out: how many were not, or not wholly, by reason: vanished, changed, unreadable, special (sockets and
            devices), too_deep, too_many_links, too_fragmented, over_limit.
    """

    entries: int = 0
    bytes: int = 0
    left_out: Counter[str] = field(default_factory=Counter)


class Limits(NamedTuple):
    """What unpack will take, of which no more is written: a tree that is moved on while it is read has no end."""

    bytes: int
    entries: int


@dataclass
class _Level:
    """An open directory and those of its directories that are still to be walked."""

    fd: int
    path: str
    pending: list[str]


class Packer:
    """Writes the tar stream of one directory.

    Args:
        root: the directory; itself it is no member, and it need not exist.
        write: takes the stream's bytes.
        limits: of the whole.
    """

    def __init__(self, root: str, write: Callable[[bytes], object], limits: Limits) -> None:
        self._root = root
        self._write = write
        self._limits = limits
        self._taken = 0
        self._walked: set[int] = set()
        self._links: dict[int, tuple[str, int]] = {}  # path and names still to come, by inode
        self._remembered = 0
        self.report = Report()

    def run(self) -> Report:
        """Write it all, with the end mark. OSError when the disk itself fails."""
        stack = [self._enter(os.open(self._root, _DIRECTORY_FLAGS), "")] if os.path.lexists(self._root) else []
        while stack:
            level = stack[-1]
            if not level.pending:
                os.close(level.fd)
                stack.pop()
                continue
            name = level.pending.pop()
            fd = self._opened(name, level.fd, _DIRECTORY_FLAGS)
            if fd is None:
                continue
            path, status = _joined(level.path, name), os.fstat(fd)
            if status.st_ino in self._walked:  # it was moved to where the walk had not been yet
                self.report.left_out["changed"] += 1
                os.close(fd)
            elif self._fits(_BLOCK):
                self._walked.add(status.st_ino)
                self._header(_info(path, status, tarfile.DIRTYPE))
                stack.append(self._enter(fd, path))
            else:
                os.close(fd)
        self._write(bytes(2 * tarfile.BLOCKSIZE))
        return self.report

    def _enter(self, fd: int, path: str) -> _Level:
        """Write everything of a directory that is no directory itself."""
        level = _Level(fd, path, [])
        with os.scandir(fd) as entries:
            for entry in entries:
                if not path and entry.name == RESERVED:
                    continue
                if len(os.fsencode(path)) + len(os.fsencode(entry.name)) >= _LONGEST_PATH:
                    self.report.left_out["too_deep"] += 1
                else:
                    self._add(level, entry.name)
        return level

    def _add(self, level: _Level, name: str) -> None:
        path = _joined(level.path, name)
        try:
            status = os.stat(name, dir_fd=level.fd, follow_symlinks=False)
            if stat.S_ISDIR(status.st_mode):
                level.pending.append(name)
            elif stat.S_ISLNK(status.st_mode):
                if self._fits():
                    self._header(_info(path, status, tarfile.SYMTYPE, os.readlink(name, dir_fd=level.fd)))
            elif stat.S_ISFIFO(status.st_mode):
                if self._fits():
                    self._header(_info(path, status, tarfile.FIFOTYPE))
            elif stat.S_ISREG(status.st_mode):
                self._file(level, name, path)
            else:
                self.report.left_out["special"] += 1
        except OSError as error:
            self._excuse(error)

    def _opened(self, name: str, directory: int, flags: int) -> int | None:
        try:
            return os.open(name, flags, dir_fd=directory)
        except OSError as error:
            self._excuse(error)
            return None

    def _excuse(self, error: OSError) -> None:
        """Count what a hostile neighbour can cause; the rest goes on as it is."""
        if error.errno in _GONE:
            self.report.left_out["vanished"] += 1
        elif error.errno in _DENIED:
            self.report.left_out["unreadable"] += 1
        else:
            raise error

    def _file(self, level: _Level, name: str, path: str) -> None:
        fd = self._opened(name, level.fd, _FILE_FLAGS)
        if fd is None:
            return
        try:
            status = os.fstat(fd)
            if not stat.S_ISREG(status.st_mode):
                self.report.left_out["vanished"] += 1
            elif status.st_nlink == 1 and status.st_ino in self._walked:
                self.report.left_out["changed"] += 1
            elif status.st_nlink == 1 or self._first_name(status, path):
                self._walked.add(status.st_ino)
                if not self._content(fd, _info(path, status, tarfile.REGTYPE)):
                    self._forget(status)
        finally:
            os.close(fd)

    def _first_name(self, status: os.stat_result, path: str) -> bool:
        """Whether the file's content is to be written under this name; under a further one, a link is."""
        known = self._links.pop(status.st_ino, None)
        if known is None:
            size = len(os.fsencode(path))
            if self._remembered + size > _MOST_REMEMBERED:
                self.report.left_out["too_many_links"] += 1
                return False
            self._remembered += size
            self._links[status.st_ino] = (path, status.st_nlink - 1)
            return True
        first, left = known
        if self._fits():
            self._header(_info(path, status, tarfile.LNKTYPE, first))
        if left > 1:
            self._links[status.st_ino] = (first, left - 1)
        else:
            self._remembered -= len(os.fsencode(first))
        return False

    def _forget(self, status: os.stat_result) -> None:
        """No content was written for a link to stand for."""
        known = self._links.pop(status.st_ino, None)
        if known is not None:
            self._remembered -= len(os.fsencode(known[0]))

    def _fits(self, size: int = 0) -> bool:
        """Whether another entry may be written, and count it."""
        if self._taken + size > self._limits.bytes or self.report.entries >= self._limits.entries:
            self.report.left_out["over_limit"] += 1
            return False
        self._taken += size
        return True

    def _content(self, fd: int, info: tarfile.TarInfo) -> bool:
        """Whether it was written, be it cut off."""
        size = os.fstat(fd).st_size
        extents = _extents(fd, size)
        held = sum(extents[1::2])
        if len(extents) > 2 * _MOST_EXTENTS:
            self.report.left_out["too_fragmented"] += 1
            return False
        if not self._fits(held + -held % _BLOCK):
            return False
        places = b""
        if held < size:
            numbers = [len(extents) // 2, *extents]
            places = _padded("".join(f"{number}\n" for number in numbers).encode())
            info.pax_headers = {
                **info.pax_headers,
                "GNU.sparse.major": "1", "GNU.sparse.minor": "0",
                "GNU.sparse.name": info.name, "GNU.sparse.realsize": str(size),
            }  # fmt: skip
            info.name = "GNUSparseFile.0/file"
        info.size = len(places) + held
        self._header(info)
        self._write(places)
        short = 0
        for offset, count in zip(extents[::2], extents[1::2], strict=True):
            short += not self._copy(fd, offset, count)
        if short:
            self.report.left_out["changed"] += 1
        self._write(bytes(-held % tarfile.BLOCKSIZE))
        self.report.bytes += held
        return True

    def _copy(self, fd: int, offset: int, count: int) -> bool:
        """Exactly `count` bytes; False when there were fewer, and zeros took their place."""
        while count:
            piece = os.pread(fd, min(_CHUNK, count), offset)
            if not piece:
                for size in _sizes(count):
                    self._write(bytes(size))
                return False
            self._write(piece)
            offset += len(piece)
            count -= len(piece)
        return True

    def _header(self, info: tarfile.TarInfo) -> None:
        self._write(info.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape"))
        self.report.entries += 1


def _joined(path: str, name: str) -> str:
    return f"{path}/{name}" if path else name


def _info(path: str, status: os.stat_result, kind: bytes, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(path)
    info.type, info.linkname = kind, target
    info.mode, info.uid, info.gid = stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid
    seconds, rest = divmod(status.st_mtime_ns, 10**9)
    info.mtime = max(0, seconds)
    info.pax_headers = {"mtime": f"{seconds}.{rest:09}"} if seconds >= 0 else {}
    return info


def _extents(fd: int, size: int) -> array[int]:
    """Offset and length of each stretch of data, one after the other."""
    found = array("q")
    offset = 0
    while offset < size and len(found) <= 2 * _MOST_EXTENTS:
        try:
            start = os.lseek(fd, offset, os.SEEK_DATA)
        except OSError as error:
            if error.errno == errno.ENXIO:  # nothing but a hole up to the end
                found.extend((size, 0))  # by which GNU tar knows that, too
                break
            raise
        offset = min(os.lseek(fd, start, os.SEEK_HOLE), size)
        if start < offset:
            found.extend((start, offset - start))
    return found


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % tarfile.BLOCKSIZE)


def _sizes(count: int) -> Iterator[int]:
    while count:
        size = min(_CHUNK, count)
        yield size
        count -= size
