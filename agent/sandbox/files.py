"""The file operations. They run in a forked child, because a FIFO, a device or a huge file may not harm the server.

A path may lead anywhere the sandbox can see: the container is the boundary, and commands can go there as well.
"""

# pathlib would cost the idle server 1 MB.
# ruff: noqa: PTH103, PTH104, PTH108, PTH116, PTH118, PTH120, PTH123

import errno
import os
import stat
from io import BufferedReader, FileIO

from agent.sandbox import params, wire
from agent.sandbox.params import RefusedError
from agent.sandbox.pieces import drop, get, open_regular, put, require_regular
from agent.sandbox.protocol import LIST_ENTRIES, READ_BYTES, READ_LINES
from agent.sandbox.spawn import enter

_CHUNK = 64 * 1024
# Counting the lines of more than this would outlast the deadline on a slow disk.
_COUNTED_BYTES = 256 * 1024 * 1024
_EDITED_BYTES = 16 * 1024 * 1024
_NEW_FILE_MODE = 0o644
_SHOWN = 300

_CODES = {
    errno.ENOENT: "not_found",
    errno.EISDIR: "is_directory",
    errno.ENOTDIR: "not_directory",
    errno.ELOOP: "not_found",
    errno.ENAMETOOLONG: "bad_request",
    errno.ENOSPC: "no_space",
    errno.EDQUOT: "no_space",
    errno.EFBIG: "too_large",
}
_DENIED = (errno.EACCES, errno.EPERM, errno.EROFS)


def answer(op: str, request: dict[str, object], workspace: str) -> bytes:
    """Carry out `op` and return the answer's JSON, all but the id of the request."""
    try:
        enter(workspace)
        result = _OPERATIONS[op](request)
    except RefusedError as error:
        return refusal(error.code, str(error))
    except OSError as error:
        code = _CODES.get(error.errno or 0, "denied" if error.errno in _DENIED else "io")
        return refusal(code, f"{str(request.get('path'))[:_SHOWN]}: {error.strerror}.")
    except MemoryError:
        return refusal("too_large", f"{str(request.get('path'))[:_SHOWN]}: too large for the sandbox's memory.")
    return wire.dumps({"ok": True, "result": result})


def refusal(code: str, message: str) -> bytes:
    """The JSON of an answer that says why there is no result."""
    return wire.dumps({"ok": False, "error": {"code": code, "message": message}})


def _read(request: dict[str, object]) -> dict[str, object]:
    path = params.path(request)
    first = params.positive(request, "offset", 1)
    limit = params.positive(request, "limit", READ_LINES)
    with BufferedReader(FileIO(open_regular(path)), _CHUNK) as file:
        size = os.fstat(file.fileno()).st_size
        if b"\0" in file.peek(_CHUNK):
            raise RefusedError(
                "binary", f"{path[:_SHOWN]} is a binary file of {size} bytes; use a command to look into it."
            )
        total = _count_lines(file)
        file.seek(0)
        _skip_lines(file, first - 1)
        content, lines, note = _take_lines(file, first, limit)
    return {
        "content": content.decode("utf-8", "replace"),
        "first_line": first,
        "lines": lines,
        "total_lines": total,
        "size_bytes": size,
        "note": note,
    }


def _count_lines(file: "BufferedReader[FileIO]") -> int | None:
    lines, scanned, last = 0, 0, b"\n"
    while chunk := file.read(_CHUNK):
        lines += chunk.count(b"\n")
        scanned += len(chunk)
        last = chunk[-1:]
        if scanned >= _COUNTED_BYTES:
            return None
    return lines + (last != b"\n")


def _skip_lines(file: "BufferedReader[FileIO]", count: int) -> None:
    while count and (piece := file.readline(_CHUNK)):
        count -= piece.endswith(b"\n")


def _take_lines(file: "BufferedReader[FileIO]", first: int, limit: int) -> tuple[bytes, int, str]:
    """Up to `limit` whole lines within the ceiling; the start of a single line that is longer than that."""
    taken, lines, whole = bytearray(), 0, 0
    while lines < limit and (piece := file.readline(_CHUNK)):
        taken += piece
        if len(taken) > READ_BYTES:
            if lines:
                return bytes(taken[:whole]), lines, f"Cut at {READ_BYTES} bytes; go on at line {first + lines}."
            return bytes(taken[:READ_BYTES]), 1, f"Line {first} is longer than {READ_BYTES} bytes and was cut."
        if piece.endswith(b"\n"):
            lines, whole = lines + 1, len(taken)
    return bytes(taken), lines + (len(taken) > whole), ""


def _write(request: dict[str, object]) -> dict[str, object]:
    path = params.path(request)
    content = params.content(request, "content")
    created = _replace(path, content)
    return {"size_bytes": len(content), "created": created}


def _edit(request: dict[str, object]) -> dict[str, object]:
    path = params.path(request)
    old, new = params.content(request, "old"), params.content(request, "new")
    every = request.get("count", 1) == "all"
    if not old or old == new:
        raise RefusedError("bad_request", "`old` must not be empty, and must differ from `new`.")
    with open(open_regular(path), "rb") as file:
        data = file.read(_EDITED_BYTES + 1)
    if len(data) > _EDITED_BYTES:
        raise RefusedError("too_large", f"{path[:_SHOWN]} is larger than {_EDITED_BYTES} bytes; edit it by a command.")
    found = data.count(old)
    if not found:
        hint = " The file's lines end in CR LF." if b"\r\n" in data and b"\n" in old and b"\r\n" not in old else ""
        raise RefusedError(
            "no_match", f"`old` does not occur in {path[:_SHOWN]}; it must match exactly, spaces too.{hint}"
        )
    if found > 1 and not every:
        message = (
            f'`old` occurs {found} times in {path[:_SHOWN]}; add text around it to make it unique, or pass count "all".'
        )
        raise RefusedError("not_unique", message)
    _replace(path, data.replace(old, new))
    return {"replacements": found}


def _replace(path: str, content: bytes) -> bool:
    """Write a file in one step; whether it is new. Through symbolic links, keeping an old file's mode."""
    target = os.path.realpath(path)
    folder = os.path.dirname(target)
    try:
        os.makedirs(folder, exist_ok=True)
    except FileExistsError as error:
        raise RefusedError("not_directory", f"A part of {path[:_SHOWN]} is a file and no directory.") from error
    mode, created = _NEW_FILE_MODE, True
    if os.path.lexists(target):
        status = os.stat(target)
        require_regular(path, status.st_mode)
        mode, created = stat.S_IMODE(status.st_mode), False
    temporary = os.path.join(folder, f".picoclaw-{os.getpid()}-{os.urandom(4).hex()}")
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with open(fd, "wb") as file:
            file.write(content)
            os.fchmod(file.fileno(), mode)
        os.rename(temporary, target)
    except BaseException:
        os.unlink(temporary)
        raise
    return created


def _list(request: dict[str, object]) -> dict[str, object]:
    path = params.path(request, ".")
    total = 0
    names: list[str] = []
    with os.scandir(path) as entries:
        for entry in entries:
            total += 1
            names.append(entry.name)
            if len(names) > 2 * LIST_ENTRIES:
                names = sorted(names)[:LIST_ENTRIES]
    entries_found = [_entry(path, name) for name in sorted(names)[:LIST_ENTRIES]]
    return {"entries": [entry for entry in entries_found if entry is not None], "total": total}


def _entry(folder: str, name: str) -> dict[str, object] | None:
    try:
        status = os.lstat(os.path.join(folder, name))
    except OSError:  # removed since
        return None
    return {
        # A name need not be UTF-8, but the answer must be.
        "name": os.fsencode(name).decode("utf-8", "replace"),
        "type": _type(status.st_mode),
        "size_bytes": status.st_size,
        "modified": round(status.st_mtime, 3),
    }


def _type(mode: int) -> str:
    if stat.S_ISLNK(mode):
        return "link"
    if stat.S_ISDIR(mode):
        return "dir"
    return "file" if stat.S_ISREG(mode) else "other"


_OPERATIONS = {"read": _read, "write": _write, "edit": _edit, "list": _list, "get": get, "put": put, "drop": drop}
