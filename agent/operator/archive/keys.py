"""Passphrases, recipients and identities: where they come from. None of them is ever an argument but a public one."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import click
import pyrage
from pyrage import ssh, x25519

from agent.errors import ConfigError
from agent.operator import secrets
from agent.operator.archive import sealing
from agent.operator.archive.errors import ArchiveError
from agent.operator.archive.sealing import Identity, Recipient, Seal
from agent.operator.words import say, told

PASSPHRASE = "PICOCLAW_BACKUP_PASSPHRASE"  # noqa: S105 - the name of a variable
_COMMAND = "--passphrase-command"


@dataclass(frozen=True)
class Keys:
    """What the operator has given.

    Attributes:
        recipients: public keys, age1... or ssh-...
        identity: a file of secret keys.
        command: prints the passphrase.
        environ: may hold the passphrase, too.
        language: to ask in.
    """

    recipients: tuple[str, ...] = ()
    identity: Path | None = None
    command: str | None = None
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)
    language: str = "en"

    def seal(self, of_inventory: object = None) -> Seal:
        """For whom to encrypt: who was named, or a passphrase that was given, or the inventory's, or one that is asked.

        ArchiveError when nothing was given and nobody can be asked, or a key is none.
        """
        if self.recipients:
            if self.command:
                raise ArchiveError("archive_one_of_two")
            return Seal(recipients=_recipients(self.recipients))
        given = self._given()
        if given is None and of_inventory:
            listed = [of_inventory] if isinstance(of_inventory, str) else of_inventory
            return Seal(recipients=_recipients(listed if isinstance(listed, list | tuple) else [listed]))
        return Seal(passphrase=given if given is not None else self._asked(confirm=True))

    def opening(self, file: BinaryIO) -> tuple[list[Identity], Seal | None]:
        """What opens this file, which then stands where decryption begins; and the same for sealing another.

        The latter is None where a public key cannot be told from the secret one.
        """
        if sealing.sealed_by_passphrase(file):
            given = self._given()
            passphrase = given if given is not None else self._asked(confirm=False)
            return [sealing.unlocked(file, passphrase)], Seal(passphrase=passphrase)
        if self.identity is None:
            raise ArchiveError("archive_wants_identity")
        identities = read_identities(self.identity)
        public = [one.to_public() for one in identities if isinstance(one, x25519.Identity)]
        file.seek(0)
        return identities, Seal(recipients=tuple(public)) if public else None

    def _given(self) -> str | None:
        if self.command is not None:
            reference = {_COMMAND: {"command": self.command, "shell": True}}
            try:
                return _filled(str(secrets.resolved(reference, self.environ)[_COMMAND]))
            except ConfigError as error:
                raise ArchiveError(
                    "archive_said", sentence=told(error, self.language).removeprefix("config.json: ")
                ) from None
        given = self.environ.get(PASSPHRASE)
        return None if given is None else _filled(given)

    def _asked(self, *, confirm: bool) -> str:
        if sys.stdin is None or not sys.stdin.isatty():
            raise ArchiveError("archive_no_key", variable=PASSPHRASE)
        prompt = say("archive_passphrase", self.language)
        again = say("archive_again", self.language) if confirm else False
        return str(click.prompt(prompt, hide_input=True, confirmation_prompt=again, err=True))


def _filled(passphrase: str) -> str:
    if not passphrase:
        raise ArchiveError("archive_empty_passphrase")
    return passphrase


def _recipients(listed: Iterable[object]) -> tuple[Recipient, ...]:
    return tuple(_recipient(str(one)) for one in listed)


def _recipient(text: str) -> Recipient:
    try:
        if text.startswith("ssh-"):
            return ssh.Recipient.from_str(text)
        return x25519.Recipient.from_str(text)
    except pyrage.RecipientError:
        code = "archive_secret_recipient" if text.upper().startswith("AGE-SECRET") else "archive_bad_recipient"
        raise ArchiveError(code, recipient=ascii(text[:20])) from None


def read_identities(file: Path) -> list[Identity]:
    """Of an age identity file (comments allowed) or an OpenSSH private key without a passphrase."""
    try:
        data = file.read_bytes()
        if b"PRIVATE KEY-----" in data:
            return [ssh.Identity.from_buffer(data)]
        lines = [line.strip() for line in data.decode().splitlines()]
        found: list[Identity] = [x25519.Identity.from_str(line) for line in lines if line and not line.startswith("#")]
    except OSError as error:
        raise ArchiveError("unreadable", file=file, reason=error.strerror) from None
    except (pyrage.IdentityError, UnicodeError):
        found = []
    if not found:
        raise ArchiveError("archive_bad_identity", file=file)
    return found
