"""`picoclaw backup`: from a running host into one encrypted file, verified before it gets its name."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Generator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import click
from pyrage import x25519

from agent import __version__
from agent.operator.archive import contents, remote, sealing
from agent.operator.archive import format as layout
from agent.operator.archive.contents import Contents
from agent.operator.archive.errors import ArchiveError
from agent.operator.archive.progress import Progress
from agent.operator.archive.remote import Box
from agent.operator.archive.sealing import Seal
from agent.operator.reach import Host
from agent.operator.words import say


def default_name(host: str, suffix: str = "") -> str:
    """Of a backup made now."""
    return f"picoclaw-{host}-{datetime.now(UTC):%Y%m%d-%H%M%S}{suffix}.age"


def take(host: Host, target: Path, seal: Seal, *, force: bool, language: str) -> Contents:
    """Back a host up into `target`, 0600, whole or not at all.

    Raises:
        ArchiveError: it exists already and not `force`, the host has nothing, what was written does not verify, ...
        UnreachableError: ssh failed.
        OSError: of the target's disk; names the file.
    """
    if target.exists() and not force:
        raise ArchiveError("archive_exists", file=target)
    taking = _Taking(host, remote.gateways_image(host), language)
    descriptor, temporary = _temporary(target)
    try:
        with os.fdopen(descriptor, "w+b") as file:
            with closing(taking.stream()) as stream:
                identity = sealing.seal(stream, file, seal)
            file.flush()
            os.fsync(file.fileno())
            found = taking.verified(file, identity, seal)
        _publish(temporary, target, force=force)
    finally:
        temporary.unlink(missing_ok=True)
    return found


@dataclass
class _Taking:
    """One run; remembers what it read, to compare it with what was written."""

    host: Host
    image: str
    language: str
    writer: layout.Writer = field(default_factory=layout.Writer)

    def stream(self) -> Generator[bytes, None, None]:
        """The bytes of the tar file, as they come from the host."""
        state = Box(self.image, (remote.STATE_MOUNT,))
        held = remote.report(self.host, Box(self.image, (remote.STATE_MOUNT, remote.WORKSPACE_MOUNT)), *_LOOK)
        about = {
            "format": layout.VERSION, "created": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "host": self.host.name, "version": __version__, "schema": held.get("schema"),
        }  # fmt: skip
        yield from self.writer.member(layout.ABOUT, json.dumps(about).encode())
        config = remote.read_config(self.host)
        limits = contents.limits_of(config.decode(errors="replace"))
        yield from self.writer.member(layout.CONFIG, config)
        yield from self.writer.member(layout.STATE, self._state(state))
        packed = {}
        for part, directory, mount in (
            (layout.SPOOL, remote.SPOOL_DIR, remote.STATE_MOUNT),
            (layout.WORKSPACE, remote.TREE, remote.WORKSPACE_MOUNT),
        ):
            said: dict[str, Any] = {}
            box = Box(self.image, (mount,), read_only=True, reads_all=True)
            progress = Progress(say("archive_reading", self.language, part=part))
            script = box.script("pack", directory, str(limits.bytes), str(limits.files))
            with closing(remote.receive(self.host, script, said)) as stream:
                yield from self.writer.pieces(part, progress.over(stream))
            progress.done()
            packed[part] = contents.counted(said)
        yield from self.writer.member(layout.CONTENTS, json.dumps(packed).encode())
        yield from self.writer.end()

    def _state(self, box: Box) -> bytes:
        """The whole state file, found good before anything else is read."""
        held = bytearray()
        with closing(remote.receive(self.host, box.script("state", remote.STATE_FILE, "/tmp"))) as stream:  # noqa: S108
            for piece in stream:
                held += piece
                if len(held) > layout.LARGEST[layout.STATE]:
                    raise ArchiveError("archive_state_too_large", reason=f"{len(held)} bytes")
        contents.state(bytes(held))
        return bytes(held)

    def verified(self, file: BinaryIO, identity: x25519.Identity, seal: Seal) -> Contents:
        """Read the file back: authentic, whole, and every member what was read from the host."""
        file.seek(0)
        if seal.passphrase is not None and str(sealing.unlocked(file, seal.passphrase)) != str(identity):
            raise ArchiveError("archive_unverified")
        progress = Progress(say("archive_verifying", self.language))
        with sealing.opened(file, [identity]) as stream:
            found = contents.verified(Watched(stream, progress))
        progress.done()
        if found.sums != self.writer.sums:
            raise ArchiveError("archive_unverified")
        return found


class Watched:
    """A stream whose bytes are counted."""

    def __init__(self, stream: BinaryIO, progress: Progress) -> None:
        self._stream = stream
        self._progress = progress

    def read(self, size: int) -> bytes:
        data = self._stream.read(size)
        self._progress.add(len(data))
        return data


_LOOK = ("look", remote.STATE_FILE, remote.TREE)


def _temporary(target: Path) -> tuple[int, Path]:
    """Beside the target, so that it can be renamed; 0600 from the start."""
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".part")
    return descriptor, Path(name)


def _publish(temporary: Path, target: Path, *, force: bool) -> None:
    """Give it its name; another file that has got it meanwhile stays, without `force`."""
    if force:
        temporary.replace(target)
    else:
        try:
            os.link(temporary, target)  # fails where something is, which a rename would not
        except FileExistsError:
            raise ArchiveError("archive_exists", file=target) from None
        except OSError:  # a disk without links
            temporary.rename(target)
    with suppress(OSError):
        directory = os.open(target.parent, os.O_RDONLY)
        os.fsync(directory)
        os.close(directory)


def told(found: Contents, target: Path, language: str) -> None:
    """Say what was saved, and what was not."""
    click.echo(say("archive_taken", language, file=target, size=f"{target.stat().st_size / 1e6:.1f} MB"))
    for line in found.lines(language):
        click.echo(f"  {line}")
