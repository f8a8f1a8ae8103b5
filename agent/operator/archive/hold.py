"""The host stopped while a backup takes the place of what it has; whatever happens, it starts again."""

from __future__ import annotations

import shlex
import subprocess
import threading
from contextlib import suppress
from typing import Self

from agent.operator.archive.remote import LABEL, STATE_DIR, STATE_MOUNT, TREE, WORKSPACE_MOUNT, Box, Tail, judged, pipe
from agent.operator.reach import Host
from roles.common import names

# Root's file and directory: nobody else on the host can put a link in its way.
STAGED_CONFIG = f"{names.STACK_DIR}/config.restored"

_LOCK = "/run/picoclaw-restore.lock"
_HEARTBEAT_S = 10
# Seconds to stop the containers, to put a backup in the place of what was there, and to go back.
_STOP_S, _EXCHANGE_S = 120, 600


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
                undo() {{
                    rm -f {STAGED_CONFIG}
                    docker ps --quiet --filter label={LABEL} | xargs --no-run-if-empty docker rm --force >/dev/null
                    {both.script("clean", STATE_DIR, TREE)} </dev/null
                    start
                }}
                trap '' HUP PIPE INT TERM
                exec 9>{_LOCK}
                flock --nonblock 9 || {{ echo '{{"error": "busy"}}' >&2; exit 1; }}
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
        self._errors = Tail(self._process.stderr)
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._alive = threading.Thread(target=self._beat, daemon=True)

    def __enter__(self) -> Self:
        """Wait until they are stopped."""
        if pipe(self._process.stdout).readline() != b"held\n":
            self._end(_STOP_S)
            judged(self._process.returncode or 1, self._errors.text())
        self._alive.start()
        return self

    def commit(self) -> None:
        """Put what was prepared in its place. ArchiveError when that failed; then everything is as it was."""
        self._say(b"commit\n")
        code = self._process.wait(_EXCHANGE_S)
        if code != 0:
            judged(code, self._errors.text())

    def __exit__(self, *_: object) -> None:
        """Let the host go back, unless that was committed."""
        self._end(_EXCHANGE_S)

    def _beat(self) -> None:
        while not self._over.wait(_HEARTBEAT_S):
            self._say(b"\n")

    def _say(self, words: bytes) -> None:
        target = pipe(self._process.stdin)
        with self._lock, suppress(OSError, ValueError):
            target.write(words)
            target.flush()

    def _end(self, patience: float) -> None:
        self._over.set()
        with self._lock, suppress(OSError):
            pipe(self._process.stdin).close()
        try:
            self._process.wait(patience)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        pipe(self._process.stdout).close()
