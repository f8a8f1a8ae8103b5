"""Filling the workspace by any means ends near the limit, and deleting makes it usable again."""

from __future__ import annotations

import asyncio

import pytest

from agent.sandbox.results import ExecResult
from tests.unit.sandbox.attacks import python
from tests.unit.sandbox.box import Box
from tests.unit.sandbox.filling import FILES, LIMIT_MB, MEGABYTE, OVERSHOOT_MB, disk, is_stopped, settled, usable, usage


def test_one_writer(small: Box) -> None:
    is_stopped(small, "cat /dev/zero > big; sleep 100")


def test_sixty_writers(small: Box) -> None:
    is_stopped(small, "for i in $(seq 55); do head -c 100M /dev/zero > big$i & done; wait; sleep 100")


SLOW = """
import time
while True:
    with open("slow", "ab") as file: file.write(bytes(200_000))
    time.sleep(0.005)
"""
FILES_OF = {
    "files": "open(f'{n}', 'w').close()",
    "directories": "os.mkdir(f'{n}')",
    "symbolic links": "os.symlink('x' * 60, f'{n}')",
    "fifos": "os.mkfifo(f'{n}')",
    "sockets": "s = __import__('socket').socket(1); s.bind(f'{n}'); s.close()",
}
MAPPED = """
import mmap
file = open("sparse", "w+b"); file.truncate(250 * 2**20)
view = mmap.mmap(file.fileno(), 0)
for page in range(0, len(view), 4096): view[page] = 1
"""
DEEP = """
import os
for n in range(10**6): os.mkdir("d" * 200); os.chdir("d" * 200)
"""


def test_a_slow_writer(small: Box) -> None:
    is_stopped(small, python(SLOW))


@pytest.mark.parametrize("kind", FILES_OF)
def test_a_flood_of(small: Box, kind: str) -> None:
    is_stopped(small, python(f"import os\nfor n in range(10**6): {FILES_OF[kind]}"), files=True)


def test_a_mapped_sparse_file(small: Box) -> None:
    is_stopped(small, python(MAPPED))


def test_a_deep_tree(small: Box) -> None:
    is_stopped(small, python(DEEP), files=True)


def test_what_is_hidden_in_a_closed_directory_counts(small: Box) -> None:
    is_stopped(small, "mkdir -p a/b; head -c 15M /dev/zero > a/b/c; chmod 0 a/b a; cat /dev/zero > big")
    small.exec("mkdir -p a/b; head -c 15M /dev/zero > a/b/c; chmod 0 a/b a .")
    assert small.run(settled(small)).bytes > 15 * MEGABYTE


NAMELESS = """
import os, time
kept = []
while True:
    kept.append(open("x", "wb")); os.unlink("x"); kept[-1].write(bytes(10**6)); kept[-1].flush(){then}
"""
HIDERS = {
    "open": "",
    "not dumpable": "; __import__('ctypes').CDLL(None).prctl(4, 0, 0, 0, 0)",
    "on their way": """
    if len(kept) == 1: import socket; a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM); all = [a, b]
    if len(all) < 400: a, b = socket.socketpair(); all += [a, b]
    socket.send_fds(a, [b"x"], [kept[-1].fileno()]); kept[-1].close()""",
    "mapped": """
    import ctypes; kept.pop().close(); file = open("y", "w+b"); file.write(bytes(10**6)); file.flush()
    ctypes.CDLL(None).mmap(None, ctypes.c_size_t(10**6), 1, 1, file.fileno(), ctypes.c_long(0))
    os.unlink("y"); file.close()""",
}


@pytest.mark.parametrize("how", HIDERS)
def test_files_without_a_name(small: Box, how: str) -> None:
    """`du` does not see them; what is not explained counts."""
    peak = 0.0

    async def attack() -> ExecResult:
        nonlocal peak
        attacking = asyncio.create_task(small.link.exec(python(NAMELESS.format(then=HIDERS[how])), timeout=60))
        while not attacking.done():
            peak = max(peak, disk(small)[0])
            await asyncio.sleep(0.005)
        return await attacking

    done = small.run(attack())
    assert "The workspace is full (" in done.note, done
    assert peak < LIMIT_MB + OVERSHOOT_MB
    # Ending who held them has freed them.
    assert disk(small)[0] < 1
    assert not usage(small).full
    assert small.exec("echo fine > file; cat file").output == "fine\n"


def test_a_command_that_is_too_quick_to_be_caught_is_told_nevertheless(small: Box) -> None:
    assert "The workspace is full (" in small.exec("head -c 22M /dev/zero > big").note
    usable(small)


def test_many_short_commands(small: Box) -> None:
    for number in range(40):
        small.exec(f"head -c 2M /dev/zero > f{number}")
    assert disk(small)[0] < LIMIT_MB + 3
    assert usage(small).full
    usable(small)


def test_a_writer_left_in_the_background(small: Box) -> None:
    small.exec(f"(\n{python(SLOW)}\n) & sleep 0.1")
    assert not small.gone("python3", within=0)
    assert small.gone("python3", within=20)
    assert disk(small)[0] < LIMIT_MB + 3
    usable(small)


MEDDLER = """
import os, signal, time
for _ in range(8): _ < 3 and os.fork()
while True:
    for number in (signal.SIGCONT, signal.SIGCONT):
        try: os.kill(-1, number)
        except OSError: pass
    with open(f"big{os.getpid()}", "ab") as file: file.write(bytes(100_000))
"""
KILLER = """
import os
if os.fork() == 0:
    while True:
        for pid in os.listdir("/proc"):
            try:
                if pid.isdigit() and b"du" in open(f"/proc/{pid}/cmdline", "rb").read(): os.kill(int(pid), 9)
            except OSError: pass
while True:
    with open("big", "ab") as file: file.write(bytes(100_000))
"""
NO_ROOM = """
import os, time
while True:
    try:
        if os.fork() == 0: time.sleep(1000)
    except OSError: break
with open("big", "ab") as file:
    for _ in range(1000): file.write(bytes(100_000)); file.flush(); time.sleep(0.002)
"""


@pytest.mark.parametrize(
    "program", [MEDDLER, KILLER, NO_ROOM], ids=["waking-one-another", "killing-du", "no-room-for-du"]
)
def test_who_meddles_with_the_measurement(small: Box, program: str) -> None:
    is_stopped(small, python(program))


@pytest.mark.usefixtures("_possible")
def test_the_reserve_of_the_disk_is_left_alone(python: str) -> None:
    """A quota larger than the disk."""
    box = Box(python, disk="-t tmpfs -o nosuid,nodev,size=60m tmpfs", workspace_mb=1000, workspace_files=FILES)
    try:
        done = box.exec("cat /dev/zero > big; sleep 100")
        assert "The disk of the host is nearly full, so every process was ended." in done.note
        assert disk(box)[0] <= 60
        usable(box)
    finally:
        box.stop()
