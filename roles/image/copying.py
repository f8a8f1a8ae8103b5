"""Images that another host of the inventory has built, copied from there through this machine."""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pyinfra import logger
from pyinfra.api.exceptions import ConnectError, NoHostError
from pyinfra.api.host import Host
from pyinfra.api.state import State

from roles.common.commands import connector_arguments, run, script
from roles.common.names import BUILD_DIR
from roles.common.words import sentence
from roles.image.images import REPOSITORIES

# Beside the build context, which only root can read.
_ARCHIVE = f"{BUILD_DIR}.images"
_PAUSE_S = 2.0
# So long after its last operation a source may still begin with this one: both were started together.
_GRACE_S = 10.0


class _NotCopiedError(Exception):
    """Why there are no images to be had from that host, in one sentence."""


@dataclass
class _Spool:
    """What was fetched in this run, each archive once however many hosts ask for it; gone with the process."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    directory: tempfile.TemporaryDirectory[str] | None = None
    archives: dict[tuple[str, ...], Path] = field(default_factory=dict)

    def file(self) -> Path:
        """A name for another archive."""
        if self.directory is None:
            self.directory = tempfile.TemporaryDirectory(prefix="picoclaw-images.")
        return Path(self.directory.name, str(len(self.archives)))


_spool = _Spool()


def copied(state: State, host: Host, source: str, tag: str, targets: Sequence[str]) -> bool:
    """Give `host` the images that the host named `source` has, or is about to have; False after saying why not."""
    images = [f"{REPOSITORIES[target]}:{tag}" for target in targets]
    begun = time.monotonic()
    try:
        origin = _origin(state, source)
        with _spool.lock:  # the others wait for the first, which fetches for all
            archive = _spool.archives.get((source, *images)) or _fetched(origin, host, images)
            _spool.archives[source, *images] = archive
        _load(host, archive)
    except _NotCopiedError as error:
        host.log_styled(str(error), fg="red", log_func=logger.error)
        return False
    size = {"megabytes": archive.stat().st_size / 1e6, "seconds": time.monotonic() - begun}
    host.log_styled(sentence("fetched", source=source, **size), fg="green")
    return True


def _origin(state: State, source: str) -> Host:
    try:
        origin = state.inventory.get_host(source)
        if not origin.connected:  # left out by --limit
            origin.connect(raise_exceptions=True)
    except NoHostError:
        known = ", ".join(state.inventory.hosts)
        raise _NotCopiedError(sentence("images_no_host", source=source, known=known)) from None
    except ConnectError as error:
        raise _NotCopiedError(sentence("images_unreachable", source=source, reason=error)) from None
    return origin


def _fetched(origin: Host, host: Host, images: Sequence[str]) -> Path:
    _same_processor(origin, host)
    _await(origin, host, images)
    host.log_styled(sentence("fetching", source=origin.name), fg="yellow")
    arguments = connector_arguments(host)
    save = script(
        """
        umask 077
        mkdir -p -- "${file%/*}"
        { docker image save "$@" || rm -f -- "$file"; } | gzip -1 >"$file"
        test -e "$file"
        """,
        file=_ARCHIVE,
        names=images,
    )
    worked, output = run(origin, save, like=host)
    if not worked:
        reason = output.stderr.strip() or sentence("no_reason")
        raise _NotCopiedError(sentence("images_unpacked", source=origin.name, reason=reason))
    archive = _spool.file()
    try:
        needed = int(run(origin, script('stat -c %s "$file"', file=_ARCHIVE), like=host)[1].stdout.strip() or 0)
        if needed > shutil.disk_usage(archive.parent).free:
            raise _NotCopiedError(sentence("images_no_room", directory=archive.parent, megabytes=needed / 1e6))
        if not origin.get_file(_ARCHIVE, str(archive), **arguments):
            raise _NotCopiedError(sentence("images_unfetched", source=origin.name))
    finally:
        run(origin, script('rm -f -- "$file"', file=_ARCHIVE), like=host)
    return archive


def _same_processor(origin: Host, host: Host) -> None:
    kinds = [run(each, script("uname -m"), like=host)[1].stdout.strip() for each in (origin, host)]
    if kinds[0] != kinds[1]:
        both = {"source": origin.name, "theirs": kinds[0], "host": host.name, "ours": kinds[1]}
        raise _NotCopiedError(sentence("images_processor", **both))


def _await(origin: Host, host: Host, images: Sequence[str]) -> None:
    """Wait while the other host builds them, perhaps anew: in a run for all it begins together with this one."""
    look = script('docker image inspect "$@" >/dev/null 2>&1', names=images)
    idle_since = time.monotonic()
    while True:
        time.sleep(_PAUSE_S)  # pyinfra has gevent stand in for it: other hosts go on
        if origin.executing_op_hash is not None:
            idle_since = time.monotonic()
        elif run(origin, look, like=host)[0]:
            return
        elif time.monotonic() - idle_since > _GRACE_S:
            raise _NotCopiedError(sentence("images_absent", source=origin.name, images=", ".join(images)))


def _load(host: Host, archive: Path) -> None:
    try:
        if not host.put_file(str(archive), _ARCHIVE, **connector_arguments(host)):
            raise _NotCopiedError(sentence("images_unput"))
        worked, output = run(host, script('docker image load --quiet --input "$file"', file=_ARCHIVE))
        if not worked:
            reason = output.stderr.strip() or sentence("no_reason")
            raise _NotCopiedError(sentence("images_unloaded", reason=reason))
    finally:
        run(host, script('rm -f -- "$file"', file=_ARCHIVE))
