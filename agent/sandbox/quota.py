"""How full the workspace is and may be: the arithmetic of the quota that PID 1 keeps.

The kernel's own quotas are not to be had in the LXC container of a small VPS: project quotas want an option of the
host's own file system, quotactl a capability, a file system in a file the loop devices. So the server watches how the
free space of the workspace's file system falls while anything runs, takes all of that for the sandbox's doing, and has
it measured only when it would be too much. Whatever a command holds space by (files, open files without a name,
directories, attributes) shows in the free space.

A reserve of the host's disk is left alone even when the quota itself is larger than the disk.
"""

import os

from agent.sandbox.limits import MEGABYTE

_DEFAULT_MB = 1024
_DEFAULT_FILES = 200_000
_GIGABYTE = 1024 * MEGABYTE

# Of the host's disk: a twentieth, so that logs, packages and the database go on, within these bounds, and of a very
# small one a tenth.
_RESERVE_BYTES = (256 * MEGABYTE, _GIGABYTE)
_RESERVE_SHARE, _RESERVE_SHARE_AT_MOST = 20, 10

# What a hostile writer can reach on one CPU (page cache, empty files): how long it is safe not to look.
_BYTES_A_SECOND = 4 * _GIGABYTE
_FILES_A_SECOND = 400_000
_SHORTEST_S, _LONGEST_S = 0.005, 0.25

# Growth within this is the rest of the host's, and the directories and journals of who deletes.
_SLACK_BYTES = MEGABYTE // 4
_SLACK_FILES = 64
_MOST_PATIENCE = 16
# Beyond the quota by this, nothing runs any more: what slips through while commands may only delete has an end, too.
_MARGIN_BYTES = 256 * MEGABYTE
_MARGIN_FILES = 10_000


class Measured:
    """What the workspace was found to hold."""

    __slots__ = ("bytes", "files")

    def __init__(self, size: int = 0, files: int = 0) -> None:
        self.bytes = size
        self.files = files

    def exceeds(self, other: "Measured", slacks: int = 1) -> bool:
        """Whether this is noticeably more."""
        return self.bytes > other.bytes + slacks * _SLACK_BYTES or self.files > other.files + slacks * _SLACK_FILES


def utmost(limit: Measured) -> Measured:
    """What a workspace of this limit may come to hold before nothing runs in it any more."""
    size = limit.bytes + max(_MARGIN_BYTES, limit.bytes // 4)
    return Measured(size, limit.files + max(_MARGIN_FILES, limit.files // 4))


class Quota:
    """The workspace's limits, its last measurement and what has been taken from the disk since."""

    __slots__ = (
        "_before",
        "_directory",
        "_free",
        "_lowest",
        "_patience",
        "_room",
        "full",
        "grown",
        "limit",
        "returned",
        "used",
    )

    def __init__(self, workspace: str) -> None:
        self._directory = os.open(workspace, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        self.limit = Measured(_DEFAULT_MB * MEGABYTE, _DEFAULT_FILES)
        self.used = Measured()
        # Since `used` was measured; what was `returned`, by whomever, is never credited.
        self.grown = Measured()
        self.returned = Measured()
        self.full = False
        self._lowest = Measured()
        self._before = Measured()
        self._free = (0, 0)
        # Grows with each time that it was others: where much happens on the disk, commands get on nevertheless.
        self._patience = 1
        self._room = Measured()
        self.rebase()

    def rebase(self) -> None:
        """Forget what others did to the disk while nothing ran here."""
        self._patience = 1
        self._free = self._look()

    def sample(self) -> None:
        """Count what has been taken from the disk since the last look."""
        before, self._free = self._free, self._look()
        size, files = before[0] - self._free[0], before[1] - self._free[1]
        self.grown.bytes += max(0, size)
        self.grown.files += max(0, files)
        self.returned.bytes += max(0, -size)
        self.returned.files += max(0, -files)

    def _look(self) -> tuple[int, int]:
        disk = os.statvfs(self._directory)
        self._room.bytes = disk.f_bavail * disk.f_frsize - _reserve(disk.f_blocks * disk.f_frsize, *_RESERVE_BYTES)
        # btrfs has no number of files, and no end of them.
        self._room.files = disk.f_favail - disk.f_files // _RESERVE_SHARE if disk.f_files else 1 << 40
        # Where inodes are made as needed (XFS, ZFS) the free ones fall with the free space, the used ones do not.
        return disk.f_bfree * disk.f_frsize, disk.f_ffree - disk.f_files

    def estimate(self) -> Measured:
        """At most so much is used, as far as the free space shows."""
        return Measured(self.used.bytes + self.grown.bytes, self.used.files + self.grown.files)

    def _left(self) -> tuple[int, int]:
        now = self.estimate()
        size = min(self.limit.bytes - now.bytes, self._room.bytes)
        return size, min(self.limit.files - now.files, self._room.files)

    def suspect(self) -> bool:
        """Whether what runs may have taken too much."""
        grown = self.grown.exceeds(Measured(), self._patience)
        return grown and (self.full or min(self._left()) < 0)

    def tight(self) -> bool:
        """Whether little is left, so that what is used must be known well."""
        size, files = self._left()
        return size < self.limit.bytes // 4 or files < self.limit.files // 4

    def interval(self) -> float:
        """For how many seconds nobody needs to look."""
        size, files = self._left()
        seconds = min(size / _BYTES_A_SECOND, files / _FILES_A_SECOND)
        return _SHORTEST_S if self.full else min(max(seconds, _SHORTEST_S), _LONGEST_S)

    def measuring(self) -> None:
        """A measurement begins: what is taken from now on is not in it, perhaps."""
        self._before = Measured(self.grown.bytes, self.grown.files)
        self.returned = Measured()

    def changed(self) -> bool:
        """Whether another measurement would tell something new."""
        seen = (self.grown, self.returned)
        return any(change.exceeds(Measured()) or (self.full and (change.bytes or change.files)) for change in seen)

    def grown_meanwhile(self) -> int:
        """Bytes taken from the disk since the measurement began."""
        return self.grown.bytes - self._before.bytes

    def settle(self, found: Measured | None) -> bool:
        """Take what was measured (None: it could not be, which counts as full); whether what runs is to blame."""
        if found is None:
            found = self.estimate()
            found.bytes = max(found.bytes, self.limit.bytes + 1)
        used, self.used = self.used, found
        self.grown = Measured(self.grown.bytes - self._before.bytes, self.grown.files - self._before.files)
        lowest, was_full = self._lowest, self.full
        self._judge()
        if not was_full or not self.full:
            self._lowest = found
        elif lowest.exceeds(found):
            self._lowest = Measured(min(lowest.bytes, found.bytes), min(lowest.files, found.files))
        grew = found.bytes > used.bytes or found.files > used.files
        blamed = self.full and grew and found.exceeds(lowest)
        self._patience = 1 if blamed else min(2 * self._patience, _MOST_PATIENCE)
        return blamed

    def set_limit(self, size: int, files: int) -> None:
        """From now on the workspace may hold so many bytes and files."""
        self.limit = Measured(size, files)
        self._judge()

    def _judge(self) -> None:
        over = self.used.bytes > self.limit.bytes or self.used.files > self.limit.files
        self.full = over or min(self._room.bytes, self._room.files) < 0

    def locked(self) -> bool:
        """Whether even deleting has to be done from outside."""
        most = utmost(self.limit)
        return self.used.bytes > most.bytes or self.used.files > most.files

    def fits(self, size: int) -> bool:
        """Whether a file of this size can be written."""
        return not self.full and self.used.bytes + size <= self.limit.bytes

    def report(self) -> dict[str, object]:
        """Usage and limits, for the owner."""
        return {
            "bytes": self.used.bytes,
            "files": self.used.files,
            "bytes_limit": self.limit.bytes,
            "files_limit": self.limit.files,
            "full": self.full,
        }

    def describe(self) -> str:
        """How it is full, for the model; without a stop."""
        if self.used.files > self.limit.files:
            return f"The workspace is full ({self.used.files} of {self.limit.files} files)"
        if self.full and self.used.bytes <= self.limit.bytes:
            return "The disk of the host is nearly full"
        return f"The workspace is full ({_size(self.used.bytes)} of {_size(self.limit.bytes)})"


def _reserve(total: int, at_least: int, at_most: int) -> int:
    return min(max(total // _RESERVE_SHARE, at_least), at_most, total // _RESERVE_SHARE_AT_MOST)


def _size(count: int) -> str:
    return f"{count / _GIGABYTE:.1f} GB" if count >= _GIGABYTE else f"{count / MEGABYTE:.0f} MB"
