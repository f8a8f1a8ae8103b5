"""Moving and removing trees that a hostile command has made, of any depth, without following a link.

Nobody else may work in them meanwhile: the sandbox is stopped.
"""

# ruff: noqa: PTH208

from __future__ import annotations

import os
import secrets
import stat
from collections import deque

DIRECTORY = os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY | os.O_CLOEXEC
_OPEN = stat.S_IRWXU


def move(name: str, source: int, target: int, new_name: str | None = None) -> None:
    """Move an entry from one directory (descriptor) to another; a closed directory is opened for it and closed again.

    Its owner needs write permission on a directory to give it another parent.
    """
    mode = os.stat(name, dir_fd=source, follow_symlinks=False).st_mode
    closed = stat.S_ISDIR(mode) and mode & _OPEN != _OPEN
    if closed:
        os.chmod(name, stat.S_IMODE(mode) | _OPEN, dir_fd=source)
    os.rename(name, new_name or name, src_dir_fd=source, dst_dir_fd=target)
    if closed:
        os.chmod(new_name or name, stat.S_IMODE(mode), dir_fd=target)


def remove(name: str, parent: int) -> None:
    """Remove a tree, or whatever else has its name, if it is there.

    Every directory found in it is first moved up to the tree's own root, so that no depth needs memory or descriptors.
    """
    try:
        if not _is_directory(name, parent):
            os.unlink(name, dir_fd=parent)
            return
        top = _opened(name, parent)
    except FileNotFoundError:
        return
    try:
        count, unguessable = 0, secrets.token_hex(16)
        waiting: deque[str] = deque()
        for entry in os.listdir(top):
            if _is_directory(entry, top):
                waiting.append(entry)
            else:
                os.unlink(entry, dir_fd=top)
        while waiting:
            directory = waiting.popleft()
            fd = _opened(directory, top)
            try:
                with os.scandir(fd) as entries:
                    for entry in [found.name for found in entries]:
                        if _is_directory(entry, fd):
                            count += 1
                            free = f"{unguessable}{count}"  # hostile names stand beside it
                            move(entry, fd, top, free)
                            waiting.append(free)
                        else:
                            os.unlink(entry, dir_fd=fd)
            finally:
                os.close(fd)
            os.rmdir(directory, dir_fd=top)
    finally:
        os.close(top)
    os.rmdir(name, dir_fd=parent)


def _opened(name: str, parent: int) -> int:
    """A directory, made accessible to its owner first."""
    mode = os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode
    if stat.S_ISDIR(mode) and mode & _OPEN != _OPEN:
        os.chmod(name, _OPEN, dir_fd=parent)
    return os.open(name, DIRECTORY, dir_fd=parent)


def _is_directory(name: str, parent: int) -> bool:
    return stat.S_ISDIR(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode)
