"""Carrying a file between the workspace and the gateway, a piece at a time; each piece is a request of its own.

Nothing is kept between two pieces but the file itself, so the gateway says where it is, and is told when another file
stands in that place.
"""

# pathlib would cost the idle server 1 MB.
# ruff: noqa: PTH103, PTH108, PTH118, PTH119, PTH120, PTH123

import os
import stat
import time

from agent.sandbox import params
from agent.sandbox.params import RefusedError
from agent.sandbox.protocol import PIECE_BYTES

_SHOWN = 300
_PART = ".part"
# What a gateway that was killed has left half-way.
_FORGOTTEN_S = 3600.0


def open_regular(path: str) -> int:
    """A descriptor to read from; RefusedError for what is no regular file."""
    # Without O_NONBLOCK, opening a FIFO waits for its other end.
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
    require_regular(path, os.fstat(fd).st_mode)
    return fd


def require_regular(path: str, mode: int) -> None:
    """RefusedError for what is no regular file."""
    if stat.S_ISDIR(mode):
        raise RefusedError("is_directory", f"{path[:_SHOWN]} is a directory; list it instead.")
    if not stat.S_ISREG(mode):
        raise RefusedError("not_a_file", f"{path[:_SHOWN]} is a device, socket or FIFO, not a file.")


def get(request: dict[str, object]) -> dict[str, object]:
    """A piece of any file from byte `offset` on, and what tells whether the next piece is of the same file."""
    from binascii import b2a_base64

    path = params.path(request)
    offset = params.at_least(request, "offset", 0, 0)
    fd = open_regular(path)
    status = os.fstat(fd)
    data = os.pread(fd, PIECE_BYTES, offset)
    return {
        "data": b2a_base64(data, newline=False).decode(),
        "size_bytes": status.st_size,
        "file": f"{status.st_dev}:{status.st_ino}",
        "modified_ns": status.st_mtime_ns,
    }


def put(request: dict[str, object]) -> dict[str, object]:
    """Add a piece at byte `offset` to a new file; with `last` it gets its name, which nothing may have yet."""
    from binascii import Error, a2b_base64

    path = params.path(request)
    offset = params.at_least(request, "offset", 0, 0)
    try:
        data = a2b_base64(params.content(request, "data"), strict_mode=True)
    except Error:
        raise RefusedError("bad_request", "`data` is no base64.") from None
    folder = os.path.dirname(path) or "."
    part = _part_of(path)
    if offset == 0:
        os.makedirs(folder, exist_ok=True)
        _forget_old_parts(folder)
        fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_NONBLOCK, 0o644)
    else:
        fd = os.open(part, os.O_WRONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    status = os.fstat(fd)
    require_regular(part, status.st_mode)
    if status.st_size != offset:
        raise RefusedError("changed", f"{path[:_SHOWN]} was changed while it was written.")
    with open(fd, "ab") as file:
        file.write(data)
    if request.get("last") is True:
        _name(part, path)
    return {}


def drop(request: dict[str, object]) -> dict[str, object]:
    """Remove what pieces there are of a new file that will not become whole."""
    part = _part_of(params.path(request))
    require_regular(part, os.lstat(part).st_mode)
    os.unlink(part)
    return {}


def _part_of(path: str) -> str:
    return os.path.join(os.path.dirname(path) or ".", f".{os.path.basename(path)}{_PART}")


def _name(part: str, path: str) -> None:
    try:
        os.link(part, path, follow_symlinks=False)
    except FileExistsError:
        raise RefusedError("exists", f"{path[:_SHOWN]} exists already.") from None
    finally:
        os.unlink(part)


def _forget_old_parts(folder: str) -> None:
    now = time.time()
    with os.scandir(folder) as entries:
        for number, entry in enumerate(entries):
            if number > 1000:  # a flood of names is not ours to look through
                return
            if entry.name.startswith(".") and entry.name.endswith(_PART):
                old = now - entry.stat(follow_symlinks=False).st_mtime > _FORGOTTEN_S
                if old and not entry.is_dir(follow_symlinks=False):
                    os.unlink(entry.path)
