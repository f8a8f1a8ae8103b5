"""What the sandbox's operations give. The decoder checks every field's type: the sandbox is not trusted."""

from dataclasses import dataclass
from typing import Literal

EntryType = Literal["file", "dir", "link", "other"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecResult:
    """How a command ended. `exit_code` is None when a signal ended it, `signal` (as "SIGKILL") when none did.

    `output` is stdout and stderr as they came, at most 32 KiB: its start and its end, with a line in between that says
    how many bytes (`omitted_bytes`) are missing. `note` is one or more sentences for the model on what the sandbox had
    to do (ended it in time, ended everything), or empty.
    """

    exit_code: int | None
    signal: str | None
    timed_out: bool
    output: str
    omitted_bytes: int
    duration_s: float
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadResult:
    """Whole lines of a file, from `first_line` (1-based) on; `total_lines` is None for a file of over 256 MiB."""

    content: str
    first_line: int
    lines: int
    total_lines: int | None
    size_bytes: int
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteResult:
    """A file that was written whole; `created` when there was none before."""

    size_bytes: int
    created: bool
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EditResult:
    """How many occurrences were replaced."""

    replacements: int
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One name in a directory; links are not followed. `modified` is in seconds since 1970."""

    name: str
    type: EntryType
    size_bytes: int
    modified: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ListResult:
    """A directory by name, at most 1000 entries of `total`."""

    entries: tuple[Entry, ...]
    total: int
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A piece of a file, base64, and what the file was when it was read.

    `file` names the file itself, whatever its path: device and inode. `modified_ns` is in nanoseconds since 1970.
    """

    data: str
    size_bytes: int
    file: str
    modified_ns: int
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Put:
    """A piece was written."""

    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What the workspace held when it was last measured, and may hold; `full` also when the host's disk is.

    `memory` and `memory_limit` are the container's, in bytes; 0 for unknown or no limit.
    """

    bytes: int
    files: int
    bytes_limit: int
    files_limit: int
    full: bool
    memory: int = 0
    memory_limit: int = 0
