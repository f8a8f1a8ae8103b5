"""`picoclaw backup` and `picoclaw restore` on the operator's machine."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from agent.operator.options import lang_option


def key_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """What opens a backup."""
    identity = click.option(
        "--identity", type=click.Path(path_type=Path, dir_okay=False), help="File with the secret key of a recipient."
    )
    passphrase = click.option("--passphrase-command", metavar="COMMAND", help="What prints the passphrase.")
    return identity(passphrase(command))


@click.command()
@click.argument("host", required=False)
@click.option("--output", type=click.Path(path_type=Path), help="File or folder; picoclaw-HOST-TIME.age without.")
@click.option("--recipient", "recipients", multiple=True, metavar="age1...", help="Encrypt for this public key.")
@click.option("--list", "listed", type=click.Path(path_type=Path, dir_okay=False), help="Show what is in this file.")
@click.option("--force", is_flag=True, help="Replace the file.")
@key_options
@lang_option
def backup(  # noqa: PLR0913 - one for each option
    *,
    host: str | None,
    output: Path | None,
    recipients: tuple[str, ...],
    listed: Path | None,
    force: bool,
    identity: Path | None,
    passphrase_command: str | None,
    lang: str,
) -> None:
    """Save configuration, memory and workspace of HOST in one encrypted file, while it runs.

    For who holds the secret key of --recipient (or of picoclaw_backup_recipients in the inventory), or else for who
    knows a passphrase: typed, in PICOCLAW_BACKUP_PASSPHRASE, or from --passphrase-command.
    """
    from agent.operator.archive import commands, keys

    given = keys.Keys(recipients, identity, passphrase_command, os.environ, lang)
    if listed is not None:
        commands.show(listed, given, lang)
    else:
        commands.backup(host, output, given, force=force, language=lang)


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.argument("host", required=False)
@click.option("--dry", is_flag=True, help="Verify FILE and show what is in it; touch no host.")
@click.option("--force", is_flag=True, help="Replace what HOST has, after it is backed up beside FILE.")
@key_options
@lang_option
def restore(  # noqa: PLR0913 - one for each option
    *,
    file: Path,
    host: str | None,
    dry: bool,
    force: bool,
    identity: Path | None,
    passphrase_command: str | None,
    lang: str,
) -> None:
    """Put the backup FILE onto HOST, which is deployed already; its conversation goes on there.

    FILE is verified to its last byte before anything on the host is touched.
    """
    from agent.operator.archive import commands, keys

    given = keys.Keys((), identity, passphrase_command, os.environ, lang)
    if dry:
        commands.show(file, given, lang)
    else:
        commands.restore(file, host, given, force=force, language=lang)


COMMANDS: tuple[click.Command, ...] = (backup, restore)
