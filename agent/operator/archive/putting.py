"""`picoclaw restore`: from a file onto a deployed host. The file is verified to its end before the host is touched."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import click

from agent.operator import checking
from agent.operator.archive import contents, hold, remote, sealing, taking
from agent.operator.archive import format as layout
from agent.operator.archive.contents import Contents
from agent.operator.archive.errors import ArchiveError
from agent.operator.archive.keys import Keys
from agent.operator.archive.progress import Progress
from agent.operator.archive.remote import Box
from agent.operator.archive.sealing import Identity, Seal
from agent.operator.reach import Host
from agent.operator.words import say
from roles.common import names

_HEALTHY_S = 120


@dataclass
class Backup:
    """An opened and verified file.

    Attributes:
        file: open; where decryption begins is `_start`.
        contents: all but the pieces.
        seal: for whom another backup beside it is to be encrypted; None when that cannot be told.
    """

    file: BinaryIO
    contents: Contents
    seal: Seal | None
    _identities: list[Identity]
    _start: int

    def pieces(self, part: str) -> Generator[bytes, None, None]:
        """The pieces of one part, decrypted anew and compared with what was verified."""
        self.file.seek(self._start)
        with sealing.opened(self.file, self._identities) as stream:
            for member in layout.members(stream):
                if layout.ORDER.index(member.part) > layout.ORDER.index(part):
                    return
                if self.contents.sums.get(member.name) != member.digest:
                    raise ArchiveError("archive_unverified")
                if member.part == part:
                    yield member.data


def opened(file: BinaryIO, keys: Keys, language: str) -> Backup:
    """Verify a backup from its first to its last byte. ArchiveError when anything is wrong with it or with the keys."""
    identities, seal = keys.opening(file)
    start = file.tell()
    progress = Progress(say("archive_verifying", language))
    with sealing.opened(file, identities) as stream:
        found = contents.verified(taking.Watched(stream, progress))
    progress.done()
    return Backup(file, found, seal, identities, start)


def put(backup: Backup, host: Host, directory: Path, *, force: bool, language: str) -> None:
    """Put a backup in the place of what a host has.

    Args:
        backup: verified.
        host: deployed; only its gateway and sandbox are stopped.
        directory: where a backup of what the host has goes, if it has something.
        force: replace what it has.
        language: to speak.

    Raises:
        ArchiveError: the host is not fit for it, or holds something and not `force`; then nothing was changed.
        UnreachableError: ssh failed. The host goes back to what it had by itself.
    """
    image = remote.gateways_image(host)
    both = Box(image, (remote.STATE_MOUNT, remote.WORKSPACE_MOUNT))
    found = remote.report(host, both, "look", remote.STATE_FILE, remote.TREE)
    known = found.get("schema", 0)
    if backup.contents.schema > known:
        raise ArchiveError("archive_newer_state", schema=backup.contents.schema, known=known)
    if found.get("held") or found.get("files"):
        _keep(backup, host, directory, force=force, language=language)
    with hold.Hold(host, image) as held:
        _stage(backup, host, image, language)
        held.commit()
    _await_health(host, language)
    click.echo(say("archive_restored", language, host=host.name))
    for line in backup.contents.lines(language):
        click.echo(f"  {line}")
    _say_what_is_left(backup, host, language)


def _keep(backup: Backup, host: Host, directory: Path, *, force: bool, language: str) -> None:
    """Save what the host has, before it is replaced."""
    if not force:
        raise ArchiveError("archive_occupied", host=host.name)
    if backup.seal is None:
        raise ArchiveError("archive_cannot_keep")
    target = directory / taking.default_name(host.name, "-before-restore")
    taking.take(host, target, backup.seal, force=False, language=language)
    click.echo(say("archive_kept", language, file=target))


def _stage(backup: Backup, host: Host, image: str, language: str) -> None:
    """Prepare everything on the host, beside what is there."""
    state = Box(image, (remote.STATE_MOUNT,))
    workspace = Box(image, (remote.WORKSPACE_MOUNT,))
    data = backup.contents.state
    for box, root in ((state, remote.STATE_DIR), (workspace, remote.TREE)):
        remote.report(host, box, "clean", root)
    remote.send(host, state.script("stage", remote.STATE_DIR, "state.db", str(len(data))), [data])
    limits = contents.limits_of(backup.contents.config)
    for part, box, root, name in (
        (layout.SPOOL, state, remote.STATE_DIR, "spool"),
        (layout.WORKSPACE, workspace, remote.TREE, ""),
    ):
        size = backup.contents.sizes.get(part, 0)
        script = box.script("unpack", root, name, str(size), str(limits.bytes), str(limits.files))
        progress = Progress(say("archive_writing", language, part=part), size)
        with closing(backup.pieces(part)) as pieces:
            said = remote.send(host, script, progress.over(pieces))
        progress.done()
        for line in contents.left_out(contents.counted(said), language):
            click.echo(f"  {line}")
    script = f"umask 077 && cat > {hold.STAGED_CONFIG} && echo '{{}}' >&2"
    remote.send(host, script, [backup.contents.config.encode()])


def _await_health(host: Host, language: str) -> None:
    click.echo(say("archive_starting", language), err=True)
    form = "{{.State.Status}}-{{with .State.Health}}{{.Status}}{{end}}"
    deadline = time.monotonic() + _HEALTHY_S
    while True:
        done = host.run(f"docker container inspect --format '{form}' {' '.join(names.CONTAINERS)}")
        seen = done.stdout.decode(errors="replace").split()
        if seen == ["running-healthy"] * len(names.CONTAINERS):
            return
        if time.monotonic() > deadline:
            words = host.run(f"docker exec {names.GATEWAY} picoclaw health").stdout.decode(errors="replace")
            raise ArchiveError("archive_unhealthy", host=host.name, reason=words.strip() or ", ".join(seen))
        time.sleep(1)


def _say_what_is_left(backup: Backup, host: Host, language: str) -> None:
    """What a deploy decides, and a restore does not touch."""
    found = checking.findings(backup.contents.config, None)
    if found.config is not None and found.config.uses_litellm:
        done: Any = host.run(f"docker container inspect {names.LLM}")
        if done.returncode != 0:
            click.echo(say("archive_wants_deploy", language))
    click.echo(say("archive_config_note", language))
