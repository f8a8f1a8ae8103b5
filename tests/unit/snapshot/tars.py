"""Tar streams as somebody else could have made them."""

from __future__ import annotations

import io
import tarfile

Entry = tuple[str, bytes | str | None] | tarfile.TarInfo


def tar_of(*entries: Entry) -> bytes:
    """A name with bytes is a file, with a text a symbolic link there, with None a directory; a TarInfo is itself."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for entry in entries:
            if isinstance(entry, tarfile.TarInfo):
                tar.addfile(entry)
                continue
            name, content = entry
            info = tarfile.TarInfo(name)
            info.mode = 0o644
            if isinstance(content, bytes):
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
                continue
            info.type = tarfile.DIRTYPE if content is None else tarfile.SYMTYPE
            info.mode, info.linkname = 0o755, content or ""
            tar.addfile(info)
    return buffer.getvalue()
