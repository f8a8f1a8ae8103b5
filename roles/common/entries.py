"""Files and directories as they should be, as they are, and how the two differ. Nothing here touches a host."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from roles.common.diff import difference
from roles.common.words import sentence

Kind = Literal["file", "directory", "absent"]


@dataclass(frozen=True)
class Entry:
    """One path as it should be.

    A file whose `content` is None must exist and is only given its owner and mode. The content may be secret: it is
    neither shown by `repr` nor named in a difference.
    """

    path: str
    kind: Kind = "file"
    mode: int = 0o644
    uid: int = 0
    gid: int = 0
    content: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        """End the text with a newline, as pyinfra's standard input does."""
        if self.content is not None and not self.content.endswith("\n"):
            object.__setattr__(self, "content", self.content + "\n")


@dataclass(frozen=True)
class Seen:
    """One path as it is; `sha256` only for what can be read as a file."""

    kind: str
    mode: int
    uid: int
    gid: int
    sha256: str | None = None


def parse(lines: Iterable[str]) -> dict[str, Seen]:
    """Read the lines of `stat -c '%f %u %g %n'` and of `sha256sum`, by path.

    Raises:
        ValueError: a line is neither.
    """
    seen: dict[str, Seen] = {}
    digests: dict[str, str] = {}
    for line in lines:
        first, _, rest = line.partition(" ")
        if len(first) == 64:
            digests[rest.lstrip(" *")] = first
            continue
        uid, gid, path = rest.split(" ", 2)
        raw = int(first, 16)
        seen[path] = Seen(_kind(raw), stat.S_IMODE(raw), int(uid), int(gid))
    return {path: Seen(entry.kind, entry.mode, entry.uid, entry.gid, digests.get(path)) for path, entry in seen.items()}


def _kind(raw: int) -> str:
    if stat.S_ISREG(raw):
        return "file"
    if stat.S_ISDIR(raw):
        return "directory"
    return "symbolic link" if stat.S_ISLNK(raw) else "special file"


def differences(entry: Entry, seen: Seen | None) -> list[str]:
    """Say what is not as it should be, one line each; none when nothing is to be done."""
    if entry.kind == "absent":
        return [] if seen is None else [difference(entry.path, None, kind_in_words(seen.kind))]
    if seen is None or seen.kind != entry.kind:
        return [difference(entry.path, kind_in_words(entry.kind), kind_in_words(seen.kind) if seen else None)]
    path, found = entry.path, []
    if (entry.uid, entry.gid) != (seen.uid, seen.gid):
        owners = {"wanted": f"{entry.uid}:{entry.gid}", "found": f"{seen.uid}:{seen.gid}"}
        found.append(sentence("owner_differs", path=path, **owners))
    if entry.mode != seen.mode:
        found.append(sentence("mode_differs", path=path, wanted=f"{entry.mode:04o}", found=f"{seen.mode:04o}"))
    if entry.content is not None and hashlib.sha256(entry.content.encode()).hexdigest() != seen.sha256:
        found.append(sentence("content_differs", path=path))
    return found


def kind_in_words(kind: str) -> str:
    """What a path is, as a person reads it."""
    return sentence(f"kind_{kind}")
