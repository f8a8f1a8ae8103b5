"""Shared by the tests of the quota: what is really in a small workspace; an attack on it ends near the limit."""

from __future__ import annotations

import asyncio
import os

from agent.sandbox.results import Usage
from tests.unit.sandbox.box import Box

MEGABYTE = 1024 * 1024
LIMIT_MB = 20
FILES = 2000
# What a writer may get beyond the limit before it is stopped: on a quiet machine under 11, on a busy one 67 were seen.
OVERSHOOT_MB = 100


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
