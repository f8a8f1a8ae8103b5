"""Following a lab host's containers with strace from this machine, one file for each thread that was seen."""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.lab.commands import run
from tests.lab.errors import LabError
from tests.lab.processes import children

# Decoding costs time and disk: only what the reader needs is printed as more than numbers.
_DECODED = "execve,clone,clone3,fork,vfork"
_OPTIONS = [
    "--follow-forks",
    "--output-separately",
    "--output-append-mode",  # a number that is used again goes on in the same file
    "--absolute-timestamps=format:unix,precision:us",
    "--quiet=all",
    "--signal=none",
    "--decode-pids=pidns",
    f"--raw=!{_DECODED}",
    "--string-limit=200",
]


@contextmanager
def following(host_pid: int, folder: Path) -> Iterator[None]:
    """Follow containerd of the lab host with this number 1, and all that it starts; the files are `folder`/t.TID.

    Raises:
        LabError: there is no containerd, or strace cannot be attached.
    """
    _install()
    words = ["strace", *_OPTIONS, f"--output={folder / 't'}", "--attach", str(_containerd(host_pid))]
    process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        _await_first_file(process, folder)
        yield
    finally:
        process.send_signal(signal.SIGINT)  # strace lets go of what it follows, which goes on
        process.communicate(timeout=60)


def _install() -> None:
    if shutil.which("strace") is None:
        run("apt-get", "install", "-y", "-qq", "--no-install-recommends", "strace")


def _containerd(host_pid: int) -> int:
    waiting = [host_pid]
    while waiting:
        pid = waiting.pop()
        if Path(f"/proc/{pid}/comm").read_text(encoding="utf-8").strip() == "containerd":
            return pid
        waiting.extend(children(pid))
    raise LabError("There is no containerd on the lab host: deploy to it before tracing.")


def _await_first_file(process: subprocess.Popen[str], folder: Path) -> None:
    deadline = time.monotonic() + 10
    while not any(folder.iterdir()):
        if process.poll() is not None or time.monotonic() > deadline:
            said = process.communicate()[1] if process.poll() is not None else "it is silent"
            raise LabError(f"strace cannot follow the lab host's containerd ({said.strip()}): may this machine trace?")
        time.sleep(0.1)
