"""The workspace's quota: what can be done while it is full, what it counts, whom it blames, what it costs."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from pathlib import Path
from typing import Any

import pytest

from agent.sandbox.client import SandboxOperationError
from agent.sandbox.quota import Measured, Quota
from tests.unit.sandbox.attacks import cpu_ticks, python, works
from tests.unit.sandbox.box import Box
from tests.unit.sandbox.cgroups import MEMORY_LIMIT
from tests.unit.sandbox.filling import LIMIT_MB, MEGABYTE, disk, settled, usable, usage


def test_full_means_that_nothing_can_be_written_by_commands(small: Box) -> None:
    small.exec("cat /dev/zero > big")
    before = disk(small)
    for attack in ("echo x > new", "head -c 1M /dev/zero >> big", "dd if=/dev/zero of=new bs=1M count=1"):
        done = small.exec(attack)
        assert "File too large" in done.output, done
        assert "can delete, but not write" in done.note
    assert disk(small)[0] <= before[0]
    for _ in range(4):
        done = small.exec(python("import os, time\nfor n in range(10**6): os.mkdir(f'{time.time()}')"), timeout=10)
        assert done.signal == "SIGKILL"
    # Of 4 million. Each gets some 900 before it is seen, more on a busy machine; at 10,000 commands are locked out.
    assert disk(small)[1] - before[1] < 10_000
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


def test_a_closed_workspace_opens_again(small: Box) -> None:
    small.exec("head -c 1M /dev/zero > file; chmod 0 .")
    assert small.run(settled(small)).bytes >= MEGABYTE
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


def test_it_tells_the_memory_of_its_container(own_box: Box) -> None:
    usage = own_box.run(own_box.link.usage())
    assert usage.memory_limit == MEMORY_LIMIT
    assert usage.memory > 0
