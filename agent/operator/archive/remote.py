"""The host's side: throwaway containers of the gateway's image, and what streams in and out of them over ssh.

A container has no network, no capability but the one it needs, the sandbox's seccomp profile, a read-only root, the
memory of any other one, and the volumes in hand alone. It runs beside the others at the lowest priority.
"""

from __future__ import annotations

import json
import shlex
import subprocess
import threading
from collections.abc import Generator, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, Any

from agent.errors import PicoClawError
from agent.gateway.printable import one_line, shortened
from agent.operator.archive.errors import ArchiveError
from agent.operator.reach import Host, UnreachableError
from roles.common import names

CHUNK = 256 * 1024
STATE_DIR, TREE = "/var/lib/picoclaw", "/tree"
STATE_FILE, SPOOL_DIR = f"{STATE_DIR}/state.db", f"{STATE_DIR}/spool"
STATE_MOUNT = (names.STATE_VOLUME, STATE_DIR)
WORKSPACE_MOUNT = (names.WORKSPACE_VOLUME, TREE)

_SSH_FAILED, _KILLED = 255, 137
_MEMORY = "128m"
LABEL = "picoclaw.archive"
_TAIL = 16 * 1024
_CODES = ("no_state", "bad_state", "state_too_large", "bad_tar", "cut_off", "too_large", "disk_full", "busy")


@dataclass(frozen=True)
class Box:
    """A kind of throwaway container.

    Attributes:
        image: id of the gateway's image.
        mounts: volumes and where they are mounted.
        read_only: whether the volumes are.
        reads_all: it may read files that are closed to their owner, as root with that one capability.
    """

    image: str
    mounts: tuple[tuple[str, str], ...]
    read_only: bool = False
    reads_all: bool = False

    def script(self, *words: str) -> str:
        """The shell's words that run `python -m agent.snapshot ...` in it."""
        user = ["--user=0:0", "--cap-add=DAC_READ_SEARCH"] if self.reads_all else [f"--user={names.UID}:{names.GID}"]
        mounts = [
            f"--mount=type=volume,source={volume},target={target},volume-nocopy{',readonly' if self.read_only else ''}"
            for volume, target in self.mounts
        ]
        command = [
            "docker", "run", "--rm", "--interactive", "--pull=never", f"--label={LABEL}", "--log-driver=none",
            "--no-healthcheck", "--network=none", "--cap-drop=ALL", *user, "--security-opt=no-new-privileges",
            f"--security-opt=seccomp={names.SECCOMP_DIR}/sandbox.json", "--read-only",
            f"--tmpfs=/tmp:rw,noexec,nosuid,nodev,size=96m,uid={names.UID},gid={names.GID},mode=0700",
            f"--memory={_MEMORY}", f"--memory-swap={_MEMORY}", "--cpus=1", "--cpu-shares=64", "--pids-limit=16",
            "--ulimit=nofile=4096:4096", "--ulimit=core=0:0", *mounts,
            "--entrypoint=/usr/bin/python3", self.image, "-SsPOO", "-m", "agent.snapshot", *words,
        ]  # fmt: skip
        return shlex.join(command)


def gateways_image(host: Host) -> str:
    """The id of the image that the gateway's container runs.

    Raises:
        ArchiveError: PicoClaw is not deployed there.
        UnreachableError: ssh fails.
    """
    containers = " ".join(names.CONTAINERS)
    volumes = f"{names.STATE_VOLUME} {names.WORKSPACE_VOLUME}"
    done = host.run(
        f"docker volume inspect {volumes} >/dev/null && docker container inspect {containers} >/dev/null && "
        f"docker container inspect --format '{{{{.Image}}}}' {names.GATEWAY}"
    )
    image = done.stdout.decode(errors="replace").strip()
    if done.returncode != 0 or not image.startswith("sha256:"):
        raise ArchiveError("archive_not_deployed", host=host.name, reason=_last(done.stderr))
    return image


def report(host: Host, box: Box, *words: str) -> dict[str, Any]:
    """What a short command in a container says of itself."""
    done = host.run(box.script(*words), timeout=300)
    return judged(done.returncode, done.stderr)


def read_config(host: Host) -> bytes:
    """The host's config.json."""
    done = host.run(f"cat {names.CONFIG_FILE}")
    if done.returncode != 0:
        raise ArchiveError("archive_no_config", host=host.name, reason=_last(done.stderr))
    return done.stdout


def receive(host: Host, script: str, said: dict[str, Any] | None = None) -> Generator[bytes, None, None]:
    """What a script prints, chunk by chunk; `said` gets its report. Raises when it did not end well."""
    command = host.command(script)
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        errors = Tail(process.stderr)
        try:
            while piece := pipe(process.stdout).read(CHUNK):
                yield piece
            code = process.wait()
        finally:
            process.kill()
        (said if said is not None else {}).update(judged(code, errors.text()))


def send(host: Host, script: str, chunks: Iterable[bytes]) -> dict[str, Any]:
    """Give a script its input, and return its report. Raises when it did not end well."""
    command = host.command(script)
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        errors = Tail(process.stderr)
        target = pipe(process.stdin)
        try:
            with suppress(BrokenPipeError):  # it says why when it has ended
                for chunk in chunks:
                    target.write(chunk)
                target.close()
            code = process.wait()
        finally:
            process.kill()
            with suppress(BrokenPipeError):
                target.close()
        return judged(code, errors.text())


class Tail(threading.Thread):
    """The end of what a process says to its standard error, which never fills its pipe."""

    def __init__(self, stream: IO[bytes] | None) -> None:
        super().__init__(daemon=True)
        self._stream = pipe(stream)
        self._held = b""
        self.start()

    def run(self) -> None:
        with self._stream:
            while piece := self._stream.read1(CHUNK):  # type: ignore[attr-defined]
                self._held = (self._held + piece)[-_TAIL:]

    def text(self) -> bytes:
        self.join(10)
        return self._held


def pipe(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise PicoClawError("no pipe")
    return stream


def judged(code: int, said: bytes) -> dict[str, Any]:
    """The report of a container that ended well.

    Raises:
        UnreachableError: it was ssh that failed.
        ArchiveError: the container did, and why.
    """
    last = _last(said)
    if code == _SSH_FAILED:
        raise UnreachableError(last or "ssh failed")
    try:
        report = json.loads(last)
    except ValueError:
        report = None
    report = report if isinstance(report, dict) else {}
    if code == 0:
        return report
    if b"No module named agent.snapshot" in said:
        raise ArchiveError("archive_old_host")
    if code == _KILLED:
        raise ArchiveError("archive_host_killed")
    error, detail = report.get("error"), _shown(str(report.get("detail", "")))
    if error in _CODES:
        raise ArchiveError(f"archive_{error}", reason=detail)
    raise ArchiveError("archive_host_failed", reason=detail or last or code)


def _last(said: bytes) -> str:
    lines = said.decode(errors="replace").strip().splitlines()
    return _shown(lines[-1]) if lines else ""


def _shown(text: str) -> str:
    return shortened(one_line(text), 2000)
