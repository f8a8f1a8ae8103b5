"""What `picoclaw backup` and `picoclaw restore` do, with every failure as one sentence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import click

from agent.errors import ConfigError
from agent.operator import reach
from agent.operator.archive import putting, taking
from agent.operator.archive.errors import ArchiveError
from agent.operator.archive.keys import Keys
from agent.operator.reach import Host, UnreachableError
from agent.operator.words import say, told
from roles.common.names import BACKUP_RECIPIENTS


def backup(name: str | None, output: Path | None, keys: Keys, *, force: bool, language: str) -> None:
    """Back a host up; the only one of the inventory without a name."""
    with _in_words(language), _host(name, language) as host:
        target = output or Path()
        if target.is_dir():
            target /= taking.default_name(host.name)
        if target.exists() and not force:
            raise ArchiveError("archive_exists", file=target)
        seal = keys.seal(host.data.get(BACKUP_RECIPIENTS))
        with _on_disk(target):
            found = taking.take(host, target, seal, force=force, language=language)
        taking.told(found, target, language)


def show(file: Path, keys: Keys, language: str) -> None:
    """Verify a backup and say what is in it."""
    with _in_words(language), _read(file) as stream:
        found = putting.opened(stream, keys, language)
        click.echo(say("archive_whole", language, file=file))
        for line in found.contents.lines(language):
            click.echo(f"  {line}")


def restore(file: Path, name: str | None, keys: Keys, *, force: bool, language: str) -> None:
    """Put a backup onto a host."""
    with _in_words(language), _read(file) as stream:
        found = putting.opened(stream, keys, language)
        with _host(name, language) as host, _on_disk(file.parent):
            putting.put(found, host, file.parent, force=force, language=language)


@contextmanager
def _in_words(language: str) -> Iterator[None]:
    try:
        yield
    except ArchiveError as error:
        raise click.ClickException(error.said(language)) from None
    except ConfigError as error:
        raise click.ClickException(told(error, language)) from None


@contextmanager
def _host(name: str | None, language: str) -> Iterator[Host]:
    with reach.inventory_hosts(language, *([name] if name else [])) as hosts:
        if len(hosts) != 1:
            raise ArchiveError("archive_which_host", known=", ".join(host.name for host in hosts) or "-")
        try:
            yield hosts[0]
        except UnreachableError as error:
            raise ArchiveError("archive_unreachable", host=hosts[0].name, reason=error) from None


@contextmanager
def _read(file: Path) -> Iterator[BinaryIO]:
    try:
        stream = file.open("rb")
    except OSError as error:
        raise ArchiveError("unreadable", file=file, reason=error.strerror) from None
    with stream:
        yield stream


@contextmanager
def _on_disk(target: Path) -> Iterator[None]:
    """An OSError in the block is one of the operator's own disk."""
    try:
        yield
    except OSError as error:
        raise ArchiveError("archive_disk", file=target, reason=error.strerror or error) from None
