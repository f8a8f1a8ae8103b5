"""The workspace's quota: filling it by any means ends near the limit, deleting makes it usable again."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.sandbox.client import SandboxOperationError
from agent.sandbox.quota import Measured, Quota
from agent.sandbox.results import ExecResult, Usage
from tests.unit.sandbox.attacks import cpu_ticks, python, works
from tests.unit.sandbox.box import Box

MEGABYTE = 1024 * 1024
LIMIT_MB = 20
FILES = 2000
# What a writer may get beyond the limit before it is stopped: on a quiet machine under 11, on a busy one 67 were seen.
OVERSHOOT_MB = 100


@pytest.fixture
def small(_possible: None, python: str) -> Iterator[Box]:
    """20 MB and 2000 files on a quiet disk of 300 MB."""
    box = Box(
        python,
        disk="-t tmpfs -o nosuid,nodev,size=300m,nr_inodes=50000 tmpfs",
        workspace_mb=LIMIT_MB,
        workspace_files=FILES,
    )
    yield box
    box.stop()


def disk(box: Box) -> tuple[float, int]:
    """Megabytes and inodes that are really in use."""
    state = os.statvfs(box.seen_workspace)
    return (state.f_blocks - state.f_bfree) * state.f_frsize / MEGABYTE, state.f_files - state.f_ffree


def usage(box: Box) -> Usage:
    """What the server says once it has measured."""

    async def soon() -> Usage:
        await asyncio.sleep(0.5)
        return await box.link.usage()

    return box.run(soon())


async def settled(box: Box) -> Usage:
    """Measuring rests between two measurements."""
    await asyncio.sleep(0.5)
    now = await box.link.usage()
    for _ in range(40):
        before, now = now, await box.link.usage()
        if before == now and now.bytes == disk(box)[0] * MEGABYTE:
            break
        await asyncio.sleep(0.1)
    return now


def usable(box: Box) -> None:
    """Empty it by a command; then it can be written again."""
    assert "can delete" in box.exec("find . -mindepth 1 -delete").note
    done = box.exec("echo fine > file; cat file")
    assert (done.output, done.note) == ("fine\n", "")
    assert not usage(box).full


def is_stopped(box: Box, attack: str, *, files: bool = False) -> None:
    """The attack is ended with a note, near the limit; the bot goes on and a deletion frees it."""
    done = box.exec(attack, timeout=60)
    assert "The workspace is full (" in done.note, done
    assert "every process was ended" in done.note
    megabytes, inodes = disk(box)
    print(f"{megabytes - LIMIT_MB:.1f} MB and {inodes - FILES} files beyond the limit")
    assert megabytes < LIMIT_MB + OVERSHOOT_MB
    if files:
        assert inodes < 2 * FILES
    usable(box)


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
LINKS = """
import os
open("one", "w").close()
for number in range(10**7):
    if number % 30000 == 0: name = f"one{number}"; open(name, "w").close()
    os.link(name, f"{number:0250}")
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


def test_full_means_that_nothing_can_be_written_by_commands(small: Box) -> None:
    small.exec("cat /dev/zero > big")
    before = disk(small)
    for attack in ("echo x > new", "head -c 1M /dev/zero >> big", "dd if=/dev/zero of=new bs=1M count=1"):
        done = small.exec(attack)
        assert "File too large" in done.output, done
        assert "can delete, but not write" in done.note
    assert disk(small)[0] <= before[0]
    for _ in range(8):
        done = small.exec(python("import os, time\nfor n in range(10**6): os.mkdir(f'{time.time()}')"), timeout=10)
        assert done.signal == "SIGKILL"
    assert disk(small)[1] - before[1] < 8 * 1000
    usable(small)


def test_file_tools_when_it_is_full(small: Box) -> None:
    small.exec("echo old > kept; cat /dev/zero > big")
    for work in (small.link.write("new", "x"), small.link.edit("kept", "old", "new")):
        with pytest.raises(SandboxOperationError, match=r"The workspace is full .* delete something") as caught:
            small.run(work)
        assert caught.value.code == "no_space"
    assert small.run(small.link.read("kept")).content == "old\n"
    usable(small)


def test_a_file_that_would_not_fit(small: Box) -> None:
    small.exec("head -c 18M /dev/zero > big")
    with pytest.raises(SandboxOperationError) as caught:
        small.run(small.link.write("new", "x" * 3 * MEGABYTE))
    assert caught.value.code == "no_space"
    assert small.run(small.link.write("new", "x" * MEGABYTE)).created


def test_emptying_a_file_frees_it(small: Box) -> None:
    small.exec("cat /dev/zero > big")
    assert small.exec("> big").exit_code == 0
    assert small.exec("echo fine > file").note == ""


def test_deletion_is_noticed_although_something_runs_in_the_background(small: Box) -> None:
    small.exec("cat /dev/zero > big")
    small.exec("sleep 1001 & rm big")
    assert small.exec("echo fine > file").note == ""
    assert not small.gone("sleep 1001", within=0)


WAITS_FOR_A_STOP = """
import os, time
child = os.fork()
if not child: time.sleep(1000)
os.waitpid(child, os.WCONTINUED)  # returns when it goes on after it was stopped
print("stopped and continued"); os.kill(child, 9)
"""


def test_everything_is_stopped_while_it_is_measured(small: Box) -> None:
    async def command() -> str:
        running = asyncio.create_task(small.link.exec(python(WAITS_FOR_A_STOP), timeout=5))
        await asyncio.sleep(0.5)
        with (small.seen_workspace / "others").open("wb") as file:
            (small.seen_workspace / "others").unlink()
            file.write(bytes(30 * MEGABYTE))
            return (await running).output

    assert small.run(command()) == "stopped and continued\n"


def test_others_on_the_host_may_use_their_disk(small: Box) -> None:
    """Their growth looks like the sandbox's until it is measured; nothing is ended for it."""
    small.exec("sleep 1002 & true")

    async def command() -> tuple[str, str]:
        running = asyncio.create_task(small.link.exec("for i in $(seq 20); do sleep 0.1; done; echo done", timeout=20))
        for number in range(10):
            await asyncio.sleep(0.1)
            # An inode that the sandbox cannot reach: deleted, and held open out here.
            file = (small.seen_workspace / f"others{number}").open("wb")
            (small.seen_workspace / f"others{number}").unlink()
            file.write(bytes(6 * MEGABYTE))
            file.flush()
            others.enter_context(file)
        result = await running
        return result.output, result.note

    with contextlib.ExitStack() as others:
        assert small.run(command()) == ("done\n", "")
        assert not small.gone("sleep 1002", within=0)


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


def test_a_closed_workspace_opens_again(small: Box) -> None:
    small.exec("head -c 1M /dev/zero > file; chmod 0 .")
    assert usage(small).bytes >= MEGABYTE
    assert works(small)


def test_far_beyond_the_limit_nothing_runs(small: Box) -> None:
    """As much as no attack reaches; the owner lowered the limit, say."""
    small.run(small.link.call("configure", workspace_mb=LIMIT_MB, workspace_files=20000))
    small.exec("mkdir d; cd d; for i in $(seq 11000); do > $i; done")
    small.run(small.link.call("configure", workspace_mb=LIMIT_MB, workspace_files=100))
    with pytest.raises(SandboxOperationError, match="docker exec picoclaw-sandbox rm -r") as caught:
        small.exec("echo x")
    assert caught.value.code == "no_space"
    assert small.run(small.link.list_dir("d")).total == 11000
    small.run(small.link.call("configure", workspace_mb=LIMIT_MB, workspace_files=20000))
    assert works(small)


@pytest.mark.parametrize("wrong", [{}, {"workspace_mb": 0, "workspace_files": 5}, {"workspace_mb": "1"}])
def test_a_malformed_limit_is_refused(small: Box, wrong: dict[str, Any]) -> None:
    with pytest.raises(SandboxOperationError) as caught:
        small.run(small.link.call("configure", **wrong))
    assert caught.value.code == "bad_request"
    assert usage(small).bytes_limit == LIMIT_MB * MEGABYTE


def test_watching_costs_next_to_nothing(small: Box) -> None:
    small.exec("sleep 1003 & true")
    before = cpu_ticks(small)
    time.sleep(2)
    assert cpu_ticks(small) - before <= 16
    small.exec("pkill sleep")
    time.sleep(0.2)
    before = cpu_ticks(small)
    time.sleep(1)
    assert cpu_ticks(small) == before


def test_commands_at_the_same_time_and_a_measurement(small: Box) -> None:
    async def many() -> list[str]:
        results = await asyncio.gather(
            *(small.link.exec(f"head -c 1M /dev/zero > {n}; echo {n}", timeout=9) for n in range(8))
        )
        return [result.output for result in results]

    for _ in range(3):
        assert small.run(many()) == [f"{n}\n" for n in range(8)]
    assert 8 * MEGABYTE <= small.run(settled(small)).bytes < 9 * MEGABYTE


def test_what_others_return_is_not_credited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody deletes as much as a command writes: the free space stays the same, and the workspace grows."""
    quota = Quota(str(tmp_path))
    free = itertools.cycle([300 * MEGABYTE, 250 * MEGABYTE])
    monkeypatch.setattr(Quota, "_look", lambda _: (next(free), 0))
    quota.rebase()
    for _ in range(5):
        quota.sample()
        quota.sample()
    assert quota.estimate().bytes == 5 * 50 * MEGABYTE


def test_only_who_makes_it_grow_is_to_blame(tmp_path: Path) -> None:
    quota = Quota(str(tmp_path))
    quota.set_limit(1 << 40, 3000)
    blamed = [quota.settle(Measured(0, files)) for files in (2900, 3030, 3100, 3200, 3200, 3150, 3020, 3030, 3200)]
    assert blamed == [False, True, True, True, False, False, False, False, True]
    assert quota.full
    quota.settle(Measured(0, 3000))
    assert not quota.full


def test_what_cannot_be_measured_is_full(tmp_path: Path) -> None:
    quota = Quota(str(tmp_path))
    quota.settle(None)
    assert quota.full
    quota.settle(Measured(0, 1))
    assert not quota.full
