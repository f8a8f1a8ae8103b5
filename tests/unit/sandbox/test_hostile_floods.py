"""Bombs and floods: the server outlives them, and the next command works."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from agent.sandbox.client import SandboxOperationError, SandboxUnavailable
from tests.unit.sandbox.attacks import cpu_ticks, python, works
from tests.unit.sandbox.box import Box


def test_fork_bomb(box: Box) -> None:
    box.exec(":(){ :|:& };:", timeout=10)
    assert works(box)
    assert box.gone("bash", within=5)


PATIENT_BOMB = """
import os, time
while True:
    try:
        if os.fork() == 0: time.sleep(1000)
    except OSError: time.sleep(0.01)
"""


def test_fork_bomb_that_waits_for_the_next_command(box: Box) -> None:
    """Each process of the bomb lives on, and the sandbox is full when the next command comes."""

    async def bomb() -> tuple[str, str, str]:
        bombing = asyncio.create_task(box.link.exec(python(PATIENT_BOMB), timeout=20))
        await asyncio.sleep(1)
        following = await box.link.exec("echo works", timeout=10)
        return following.output, following.note, (await bombing).note

    output, note, bombs_note = box.run(bomb())
    assert output == "works\n"
    assert note == "The sandbox had no room for another process, so every process in it was ended first."
    assert bombs_note == note
    assert box.processes() == []


def test_file_operation_during_a_fork_bomb(box: Box) -> None:
    async def bomb() -> tuple[int, str]:
        bombing = asyncio.create_task(box.link.exec(python(PATIENT_BOMB), timeout=20))
        await asyncio.sleep(1)
        written = await box.link.write("after-bomb", "x")
        await bombing
        return written.size_bytes, written.note

    size, note = box.run(bomb())
    assert size == 1
    assert "every process in it was ended" in note


def test_daemons_that_flee_until_the_timeout(box: Box) -> None:
    program = """
import ctypes, os, time
ctypes.CDLL(None).prctl(36, 0, 0, 0, 0)  # no longer a subreaper: orphans go to PID 1
for _ in range(5):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.setsid(); os.execv("/bin/sleep", ["sleep", "2001"])
        os._exit(0)
time.sleep(1000)
"""
    assert box.exec(f"exec {python(program)}", timeout=1).timed_out
    assert box.gone("sleep 2001")


def test_a_running_bomb_is_ended_by_its_timeout(box: Box) -> None:
    program = """
import os, time
while True:
    try:
        if os.fork() == 0: os.setsid()
    except OSError: pass
"""
    result = box.exec(python(program), timeout=1)
    assert result.timed_out or result.signal == "SIGKILL"
    assert works(box)
    assert box.gone("python3 -", within=5)


def test_memory_bomb(box: Box) -> None:
    program = "blocks = []\nwhile True: blocks.append(bytearray(10**6))"
    result = box.exec(python(program), timeout=30)
    assert result.signal == "SIGKILL" or result.exit_code in (1, 137), result
    assert result.note == "The sandbox's memory (128 MB) was full and the kernel killed a process in it."
    assert works(box)


def test_memory_filled_slowly_by_many(box: Box) -> None:
    program = """
import os, time
for _ in range(3): os.fork()
blocks = []
while True: blocks.append(bytearray(10**5)); time.sleep(0.001)
"""
    box.exec(python(program), timeout=5)
    assert works(box)


def test_memory_filled_by_files_in_tmp(box: Box) -> None:
    assert "No space left" in box.exec("head -c 100M /dev/zero > /tmp/fill").output
    assert works(box)
    box.exec("rm /tmp/fill")


def test_floods_of_output_cost_no_memory_and_starve_nobody(box: Box) -> None:
    box.exec("yes | head -c 10000000")
    before = box.memory_kb()

    async def floods() -> list[float]:
        running = [asyncio.create_task(box.link.exec("yes", timeout=3)) for _ in range(4)]
        waits = []
        await asyncio.sleep(0.2)
        for _ in range(10):
            started = time.monotonic()
            assert (await box.link.exec("echo hi", timeout=5)).output == "hi\n"
            await box.link.ping()
            waits.append(time.monotonic() - started)
        results = await asyncio.gather(*running)
        assert all(result.timed_out and result.omitted_bytes > 10**6 for result in results)
        assert all(len(result.output) < 34_000 for result in results)
        return waits

    waits = box.run(floods())
    assert sorted(waits)[5] < 0.5
    assert box.memory_kb() - before < 2048


def test_a_flood_left_in_the_background_costs_next_to_nothing(box: Box) -> None:
    box.exec("yes & yes & true")
    before = cpu_ticks(box)
    time.sleep(1)
    assert cpu_ticks(box) - before < 15
    box.exec("pkill yes")


def test_many_pipes_left_behind(box: Box) -> None:
    async def eight() -> None:
        await asyncio.gather(*(box.link.exec("sleep 1.5 &", timeout=5) for _ in range(8)))

    before = len(list(Path(f"/proc/{box.pid}/fd").iterdir()))
    for _ in range(5):
        box.run(eight())
    assert works(box)
    assert len(list(Path(f"/proc/{box.pid}/fd").iterdir())) <= before + 32
    time.sleep(1.6)
    box.exec("true")
    assert len(list(Path(f"/proc/{box.pid}/fd").iterdir())) <= before


def test_stopping_other_operations(impatient_box: Box) -> None:
    box = impatient_box
    program = """
import os, signal, time
end = time.time() + 4
while time.time() < end:
    for pid in range(os.getpid() + 1, os.getpid() + 100):
        try: os.kill(pid, signal.SIGSTOP)
        except OSError: pass
"""
    (box.workspace / "long").write_bytes(b"line\n" * 20_000_000)

    async def attack() -> list[str]:
        attacking = asyncio.create_task(box.link.exec(python(program), timeout=10))
        await asyncio.sleep(0.5)
        codes = []
        with pytest.raises(SandboxOperationError) as caught:
            await box.link.read("long")
        codes.append(caught.value.code)
        reading = asyncio.create_task(box.link.read("long"))
        await asyncio.sleep(0.2)
        reading.cancel()
        await attacking
        return codes

    assert box.run(attack()) == ["timeout"]
    assert works(box)


def test_memory_filled_by_many_that_made_themselves_precious(own_box: Box) -> None:
    """With their oom_score_adj lowered again, the kernel may choose PID 1; then the container starts anew."""
    program = """
import os, time
open("/proc/self/oom_score_adj", "w").write("0")
for _ in range(5): os.fork()
block = bytearray(6 * 10**6)
while True: time.sleep(0.01); block += bytes(10**4)
"""
    try:
        own_box.exec(python(program), timeout=8)
    except SandboxUnavailable:
        own_box.ended(5)
        own_box.start()
    assert works(own_box)
