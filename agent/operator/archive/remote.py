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
from typing import IO, Any, Self

from agent.errors import PicoClawError
from agent.operator.archive.errors import ArchiveError
from agent.operator.reach import Host, UnreachableError
from roles.common import names

CHUNK = 256 * 1024
STATE_DIR, TREE = "/var/lib/picoclaw", "/tree"
STATE_FILE, SPOOL_DIR = f"{STATE_DIR}/state.db", f"{STATE_DIR}/spool"
STATE_MOUNT = (names.STATE_VOLUME, STATE_DIR)
WORKSPACE_MOUNT = (names.WORKSPACE_VOLUME, TREE)
# Root's file and directory: nobody else on the host can put a link in its way.
STAGED_CONFIG = f"{names.STACK_DIR}/config.restored"

_SSH_FAILED, _KILLED = 255, 137
_MEMORY = "128m"
_TAIL = 16 * 1024
_HEARTBEAT_S = 10
# Seconds to stop the containers, to put a backup in the place of what was there, and to go back.
_STOP_S, _EXCHANGE_S = 120, 600
_CODES = ("no_state", "bad_state", "state_too_large", "bad_tar", "cut_off", "too_large", "disk_full")


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
            "docker", "run", "--rm", "--interactive", "--pull=never", "--log-driver=none", "--no-healthcheck",
            "--network=none", "--cap-drop=ALL", *user, "--security-opt=no-new-privileges",
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
    return _judged(done.returncode, done.stderr)


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
        errors = _Tail(process.stderr)
        try:
            while piece := _stream(process.stdout).read(CHUNK):
                yield piece
            code = process.wait()
        finally:
            process.kill()
        (said if said is not None else {}).update(_judged(code, errors.text()))


def send(host: Host, script: str, chunks: Iterable[bytes]) -> dict[str, Any]:
    """Give a script its input, and return its report. Raises when it did not end well."""
    command = host.command(script)
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        errors = _Tail(process.stderr)
        target = _stream(process.stdin)
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
        return _judged(code, errors.text())


class Hold:
    """Gateway and sandbox stopped while the block runs. They are started again whatever happens here or on the way.

    The host itself sees to that: when this connection ends or falls silent, it removes what was prepared and starts
    them, unless `commit` was reached.
    """

    def __init__(self, host: Host, image: str) -> None:
        both = Box(image, (STATE_MOUNT, WORKSPACE_MOUNT))
        containers = " ".join(names.CONTAINERS)
        self._process = subprocess.Popen(
            host.command(
                "bash -c "
                + shlex.quote(f"""
                start() {{ docker start {containers} >/dev/null; }}
                undo() {{ rm -f {STAGED_CONFIG}; {both.script("clean", STATE_DIR, TREE)} </dev/null; start; }}
                trap '' HUP PIPE INT TERM
                trap undo EXIT
                docker stop --time 30 {containers} >/dev/null || exit 1
                echo held
                while read -r -t 60 word; do
                    [ "$word" = commit ] || continue
                    chown {names.UID}:{names.GID} {STAGED_CONFIG} && chmod 0600 {STAGED_CONFIG} || exit 1
                    {both.script("exchange", STATE_DIR, TREE)} </dev/null || exit 1
                    mv -T {STAGED_CONFIG} {names.CONFIG_FILE} || exit 1
                    trap start EXIT
                    exit 0
                done
                exit 1
                """)
            ),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self._errors = _Tail(self._process.stderr)
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._alive = threading.Thread(target=self._beat, daemon=True)

    def __enter__(self) -> Self:
        """Wait until they are stopped."""
        if _stream(self._process.stdout).readline() != b"held\n":
            self._end(_STOP_S)
            _judged(self._process.returncode or 1, self._errors.text())
        self._alive.start()
        return self

    def commit(self) -> None:
        """Put what was prepared in its place. ArchiveError when that failed; then everything is as it was."""
        self._say(b"commit\n")
        code = self._process.wait(_EXCHANGE_S)
        if code != 0:
            _judged(code, self._errors.text())

    def __exit__(self, *_: object) -> None:
        """Let the host go back, unless that was committed."""
        self._end(_EXCHANGE_S)

    def _beat(self) -> None:
        while not self._over.wait(_HEARTBEAT_S):
            self._say(b"\n")

    def _say(self, words: bytes) -> None:
        target = _stream(self._process.stdin)
        with self._lock, suppress(OSError, ValueError):
            target.write(words)
            target.flush()

    def _end(self, patience: float) -> None:
        self._over.set()
        with self._lock, suppress(OSError):
            _stream(self._process.stdin).close()
        try:
            self._process.wait(patience)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        _stream(self._process.stdout).close()


class _Tail(threading.Thread):
    """The end of what a process says to its standard error, which never fills its pipe."""

    def __init__(self, stream: IO[bytes] | None) -> None:
        super().__init__(daemon=True)
        self._stream = _stream(stream)
        self._held = b""
        self.start()

    def run(self) -> None:
        with self._stream:
            while piece := self._stream.read1(CHUNK):  # type: ignore[attr-defined]
                self._held = (self._held + piece)[-_TAIL:]

    def text(self) -> bytes:
        self.join(10)
        return self._held


def _stream(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise PicoClawError("no pipe")
    return stream


def _judged(code: int, said: bytes) -> dict[str, Any]:
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
    error, detail = report.get("error"), _printable(str(report.get("detail", "")))
    if error in _CODES:
        raise ArchiveError(f"archive_{error}", reason=detail)
    raise ArchiveError("archive_host_failed", reason=detail or last or code)


def _last(said: bytes) -> str:
    lines = said.decode(errors="replace").strip().splitlines()
    return _printable(lines[-1]) if lines else ""


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text)[:2000]
