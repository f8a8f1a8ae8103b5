"""Encryption by age (pyrage, the Rust implementation), as streams: memory does not grow with the file.

A file for recipients is an ordinary age file. Every file is also encrypted to an identity of its own, which the taking
process alone has, and forgets: with it a backup is read back and verified where the owner's identity is not at hand.

With a passphrase that identity is kept, encrypted with the passphrase (scrypt) and armored, at the head of the file:
what `age` calls an encrypted identity file. Whoever does not have this program opens it so:

    sed '/END AGE/q' FILE > key.age; sed '1,/END AGE/d' FILE | age -d -i key.age | tar x
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedIOBase
from typing import BinaryIO, cast

import pyrage
from pyrage import passphrase as scrypt
from pyrage import ssh, x25519

from agent.operator.archive.errors import ArchiveError

Identity = x25519.Identity | ssh.Identity
Recipient = x25519.Recipient | ssh.Recipient

_MAGIC = b"age-encryption.org/v1\n"
_ARMOR = b"-----BEGIN AGE ENCRYPTED FILE-----\n"
_ARMOR_END = b"-----END AGE ENCRYPTED FILE-----\n"
_LONGEST_HEAD = 4096
_BUFFER = 1024 * 1024


@dataclass(frozen=True)
class Seal:
    """For whom a backup is encrypted: recipients, or who knows the passphrase."""

    recipients: tuple[Recipient, ...] = ()
    passphrase: str | None = None


def seal(chunks: Iterable[bytes], target: BinaryIO, to: Seal) -> x25519.Identity:
    """Encrypt the chunks into `target`; the identity by which this very file can be read back.

    Whatever `chunks` or the target raises goes on as it is, and then `target` is no backup.
    """
    identity = x25519.Identity.generate()
    if to.passphrase is not None:
        target.write(scrypt.encrypt(f"{identity}\n".encode(), to.passphrase, armored=True))
    source, sink = _Source(chunks), _Sink(target)
    reads, writes = cast("BufferedIOBase", source), cast("BufferedIOBase", sink)
    try:
        pyrage.encrypt_io(reads, writes, [*to.recipients, identity.to_public()])
    except (pyrage.EncryptError, OSError):
        # pyrage keeps of an error that came from here only its text.
        if problem := source.problem or sink.problem:
            raise problem from None
        raise
    return identity


def sealed_by_passphrase(file: BinaryIO) -> bool:
    """Whether it takes a passphrase to open this file; ArchiveError when it is no backup at all."""
    file.seek(0)
    head = file.read(len(_ARMOR))
    if head != _ARMOR and not head.startswith(_MAGIC):
        raise ArchiveError("archive_not_one")
    return head == _ARMOR


def unlocked(file: BinaryIO, passphrase: str) -> x25519.Identity:
    """The identity at the head of such a file; the file then stands where the rest begins."""
    file.seek(0)
    head = file.read(_LONGEST_HEAD)
    head, end, _ = head.partition(_ARMOR_END)
    if not end:
        raise ArchiveError("archive_not_one")
    try:
        identity = x25519.Identity.from_str(scrypt.decrypt(head + end, passphrase).decode().strip())
    except (pyrage.DecryptError, pyrage.IdentityError, UnicodeError, OSError):
        raise ArchiveError("archive_wrong_passphrase") from None
    file.seek(len(head + end))
    return identity


@contextmanager
def opened(file: BinaryIO, identities: Iterable[Identity]) -> Iterator[BinaryIO]:
    """Decrypt from where the file stands: a stream to be read up to its end, for only there it is known to be whole.

    Raises:
        ArchiveError: `archive_wrong_key` or `archive_bad`, at the first read that meets it or at the end.
    """
    into, out = os.pipe()
    work = _Decryption(file, list(identities), out)
    stream = os.fdopen(into, "rb", buffering=_BUFFER)
    work.start()
    try:
        yield _Checked(stream, work)  # type: ignore[misc]  # of a file it has what is needed here
    finally:
        stream.close()
        work.join()


class _Decryption(threading.Thread):
    """pyrage pushes, the format's reader pulls: a pipe lies between."""

    def __init__(self, file: BinaryIO, identities: list[Identity], out: int) -> None:
        super().__init__(name="decryption", daemon=True)
        self._file = file
        self._identities = identities
        self._out = out
        self.problem: ArchiveError | None = None

    def run(self) -> None:
        try:
            with os.fdopen(self._out, "wb", buffering=_BUFFER) as target:
                pyrage.decrypt_io(cast("BufferedIOBase", self._file), cast("BufferedIOBase", target), self._identities)
        except pyrage.DecryptError as error:
            key = "matching keys" in str(error)
            self.problem = ArchiveError("archive_wrong_key") if key else _damaged()
        except OSError:  # of the pipe, when nobody reads any more; of pyrage, when a piece is not authentic
            self.problem = _damaged()


def _damaged() -> ArchiveError:
    return ArchiveError("archive_bad", reason="age")


class _Checked:
    """The decrypted stream, at whose end the decryption must have ended well."""

    def __init__(self, stream: BinaryIO, work: _Decryption) -> None:
        self._stream = stream
        self._work = work

    def read(self, size: int) -> bytes:
        data = self._stream.read(size)
        if len(data) < size:
            self._work.join()
            if self._work.problem is not None:
                raise self._work.problem
        return data


class _Source:
    """Chunks as pyrage reads them."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._left = memoryview(b"")
        self.problem: BaseException | None = None

    def read(self, size: int) -> bytes:
        try:
            while not self._left:
                chunk = next(self._chunks, None)
                if chunk is None:
                    return b""
                self._left = memoryview(chunk)
        except BaseException as error:
            self.problem = error
            raise
        piece = bytes(self._left[:size])
        self._left = self._left[size:]
        return piece


class _Sink:
    """The file, as pyrage writes it."""

    def __init__(self, target: BinaryIO) -> None:
        self._write: Callable[[bytes], int] = target.write
        self._flush: Callable[[], None] = target.flush
        self.problem: BaseException | None = None

    def write(self, data: bytes) -> int:
        try:
            return self._write(data)
        except BaseException as error:
            self.problem = error
            raise

    def flush(self) -> None:
        try:
            self._flush()
        except BaseException as error:
            self.problem = error
            raise
