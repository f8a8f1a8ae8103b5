"""Using up what there is, staying where it should not, ending what should live."""

# A program for the inside of a container, about what the kernel answers.
# ruff: noqa: PTH123

from __future__ import annotations

import ctypes
import errno
import os
import signal
import time
from typing import NoReturn

from .looks import WRITABLE, attempt, mark

_OWN_SOCKET = "/run/llm/llm.sock"
_PR_SET_NAME = 15
_FILES = 300_000


def persist() -> dict[str, str]:
    """Leave behind files, and a process that outlives the worker."""
    if os.fork() == 0:
        attempt(os.setsid)  # which the profile refuses
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        ctypes.CDLL(None).prctl(_PR_SET_NAME, b"twin-daemon", 0, 0, 0)
        while True:
            time.sleep(1)
    return {path: attempt(mark, path) for path in WRITABLE}


def fill() -> dict[str, str]:
    """Leave no room; and where the socket is to be, folders in folders."""
    attempt(os.unlink, _OWN_SOCKET)
    done = {}
    for folder, path in (("/tmp", "/tmp/deep"), ("/dev/shm", "/dev/shm/deep"), ("/run/llm", _OWN_SOCKET)):
        attempt(os.makedirs, path + "/d" * 300)
        attempt(os.chmod, path, 0)
        done[f"{folder}, bytes"] = attempt(_fill, f"{folder}/block")
        done[f"{folder}, files"] = attempt(_make_files, folder)
    return done


def _fill(path: str) -> None:
    with open(path, "wb", buffering=0) as file:
        while file.write(bytes(65536)):
            continue


def _make_files(folder: str) -> None:
    for number in range(_FILES):
        os.close(os.open(f"{folder}/{number}", os.O_CREAT | os.O_WRONLY))


def swallow() -> NoReturn:
    """Take memory until the kernel ends it."""
    held = []
    while True:
        held.append(bytearray(b"x" * 1_000_000))


def fork() -> list[object]:
    """Take every process that there may be; how many those were."""
    count = 0
    while True:
        try:
            if os.fork() == 0:
                attempt(os.setsid)
                signal.pause()
        except OSError as error:
            return [count, errno.errorcode[error.errno or 0]]
        count += 1


def leave() -> NoReturn:
    """End the worker as a crash would."""
    os._exit(3)


def murder() -> list[str]:
    """Kill and stop the parent, and then whatever there is."""
    numbers = (signal.SIGKILL, signal.SIGSTOP, signal.SIGTSTP, signal.SIGINT)
    return [*(attempt(os.kill, 1, number) for number in numbers), attempt(os.kill, -1, signal.SIGKILL)]
