"""The build context: exactly what is shipped, and a tag that changes when and only when that changes."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from roles.common.names import REPOSITORY

_LEFT_OUT = ("__pycache__", ".pyc", ".pyo")
# What serves the operator's machine alone.
_STAYS_HERE = "agent/operator"


@dataclass(frozen=True)
class ContextFile:
    """A file of the build context. Its mode is 0755 or 0644: whatever else git or a umask made of it does not ship."""

    path: str
    mode: int
    data: bytes = field(repr=False)


def collect(recipe: Path, extra: Mapping[str, str], root: Path = REPOSITORY) -> list[ContextFile]:
    """Every file that is shipped.

    Args:
        recipe: the directory with the Dockerfile; what lies in it lies at the context's root.
        extra: files of this machine by their name in the context.
        root: the repository.
    """
    places = [
        *_below(recipe, recipe),
        *((name, path) for name, path in _below(root / "agent", root) if not name.startswith(f"{_STAYS_HERE}/")),
        *((name, root / name) for name in ("requirements/gateway.txt", "requirements/llm.txt")),
        *((name, Path(path).expanduser()) for name, path in extra.items()),
    ]
    return sorted((_read(name, path) for name, path in places), key=lambda file: file.path)


def _below(directory: Path, base: Path) -> Iterator[tuple[str, Path]]:
    for path in directory.rglob("*"):
        if path.is_file() and not any(part.endswith(_LEFT_OUT) for part in path.parts):
            yield path.relative_to(base).as_posix(), path


def _read(name: str, path: Path) -> ContextFile:
    executable = path.stat().st_mode & 0o100
    return ContextFile(name, 0o755 if executable else 0o644, path.read_bytes())


def tag(files: Iterable[ContextFile], arguments: Mapping[str, str]) -> str:
    """The first twelve hexadecimal digits of a hash over paths, modes, bytes and build arguments."""
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"{len(file.path)} {file.path} {file.mode:o} {len(file.data)} ".encode() + file.data)
    for name, value in sorted(arguments.items()):
        digest.update(f"{len(name)} {name}={len(value)} {value}".encode())
    return digest.hexdigest()[:12]


def archive(files: Sequence[ContextFile]) -> bytes:
    """A compressed tar file of them, the same bytes for the same files."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        # With modes of their own: COPY keeps a directory's mode, and the agent must be able to enter it.
        for directory in sorted({parent for file in files for parent in PurePosixPath(file.path).parents[:-1]}):
            entry = tarfile.TarInfo(f"{directory}/")
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(entry)
        for file in files:
            entry = tarfile.TarInfo(file.path)
            entry.mode, entry.size = file.mode, len(file.data)
            tar.addfile(entry, io.BytesIO(file.data))
    return gzip.compress(buffer.getvalue(), mtime=0)
