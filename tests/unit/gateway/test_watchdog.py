"""A gateway that is deaf, or hangs, ends itself; one that a restart does not help stays."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from agent.channels.base import Contact
from agent.gateway import watchdog
from agent.gateway.watchdog import DEAF_BESIDE_OTHERS_S, DEAF_S, LONGEST_S, WELL_S, Patience
from agent.store.database import connect
from agent.store.settings import Settings

TICK_S = 15.0


class Deaf:
    """Channels over a time that the test moves, and the patience of one gateway after the other."""

    def __init__(self, folder: Path, *names: str) -> None:
        self.now = 1000.0
        self.names = names
        self.settings = Settings(connect(folder / "state.db"))
        self.start()

    def start(self) -> None:
        """The gateway, anew."""
        self.contacts = {name: Contact(clock=lambda: self.now) for name in self.names}
        self.patience = Patience(self.contacts, self.settings, lambda: self.now)

    def lasts(self, longest: float, *, well: tuple[str, ...] = (), busy: bool = False) -> float | None:
        """Seconds until the gateway ends itself while `well` channels hear; None when it does not."""
        began = self.now
        while self.now - began <= longest:
            for name in well:
                self.contacts[name].succeeded()
            if self.patience.exhausted(busy=busy) is not None:
                return self.now - began
            self.now += TICK_S
        return None


def test_a_gateway_that_hears_stays(tmp_path: Path) -> None:
    assert Deaf(tmp_path, "telegram").lasts(LONGEST_S, well=("telegram",)) is None


def test_a_deaf_one_ends_after_five_minutes_and_then_ever_more_seldom(tmp_path: Path) -> None:
    deaf = Deaf(tmp_path, "telegram")
    found = []
    for _ in range(9):
        found.append(deaf.lasts(2 * LONGEST_S))
        deaf.start()
    assert found[:4] == [DEAF_S, 2 * DEAF_S, 4 * DEAF_S, 8 * DEAF_S]
    assert found[-1] == LONGEST_S


def test_after_a_while_of_health_it_is_quick_again(tmp_path: Path) -> None:
    deaf = Deaf(tmp_path, "telegram")
    for _ in range(3):
        deaf.lasts(LONGEST_S)
        deaf.start()
    assert deaf.lasts(WELL_S / 2, well=("telegram",)) is None
    deaf.contacts["telegram"].failed("gone")
    assert deaf.lasts(LONGEST_S) == 8 * DEAF_S, "a moment of health is none"
    deaf.start()
    assert deaf.lasts(WELL_S + TICK_S, well=("telegram",)) is None
    deaf.contacts["telegram"].failed("gone")
    assert deaf.lasts(LONGEST_S) == DEAF_S


def test_one_deaf_channel_leaves_the_others_their_peace(tmp_path: Path) -> None:
    deaf = Deaf(tmp_path, "telegram", "discord")
    assert deaf.lasts(LONGEST_S, well=("telegram",)) == DEAF_BESIDE_OTHERS_S
    deaf.start()
    assert deaf.lasts(LONGEST_S, well=("telegram",)) == 2 * DEAF_BESIDE_OTHERS_S


def test_a_refused_token_is_no_reason(tmp_path: Path) -> None:
    deaf = Deaf(tmp_path, "telegram")
    deaf.contacts["telegram"].failed("the token is refused", curable=False)
    assert deaf.lasts(2 * LONGEST_S) is None


def test_silence_is_deafness(tmp_path: Path) -> None:
    deaf = Deaf(tmp_path, "telegram")
    deaf.contacts["telegram"].succeeded()
    age = deaf.contacts["telegram"].max_age_s
    assert DEAF_S + age <= (deaf.lasts(LONGEST_S) or 0) <= DEAF_S + age + 2 * TICK_S


def test_a_request_that_is_worked_on_may_finish(tmp_path: Path) -> None:
    assert Deaf(tmp_path, "telegram").lasts(LONGEST_S, busy=True) == DEAF_S + watchdog.BUSY_S


_PROCESS = """
import asyncio, logging, sys, time
from agent.channels.base import Contact
from agent.gateway import logs, watchdog
from agent.store.database import connect
from agent.store.settings import Settings

watchdog.LOOK_S, watchdog.HUNG_S, watchdog.DEAF_S = 0.1, 1.0, {deaf}
logs.set_up()
patience = watchdog.Patience({{"telegram": Contact()}}, Settings(connect({state!r})))

async def main():
    async with asyncio.TaskGroup() as group:
        group.create_task(watchdog.run(patience, lambda: False))
        await asyncio.sleep({well})
        {then}
        watchdog.release()
        sys.exit(7)

asyncio.run(main())
"""


def run(folder: Path, *, deaf: float, well: float = 0.3, then: str) -> subprocess.CompletedProcess[str]:
    script = _PROCESS.format(deaf=deaf, state=str(folder / "state.db"), well=well, then=then)
    return subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=30, cwd=Path.cwd()
    )


def test_a_deaf_process_ends_with_one_line(tmp_path: Path) -> None:
    done = run(tmp_path, deaf=0.5, then="await asyncio.sleep(20)")
    assert done.returncode == watchdog.EXIT_CODE
    (line,) = done.stdout.splitlines()
    assert line.endswith(
        "watchdog: telegram has been deaf for 0 min (no contact yet): ending, so that Docker starts the gateway anew"
    )
    stored = Settings(connect(tmp_path / "state.db")).get(watchdog.SETTING)
    assert stored == '{"telegram": 1}'


@pytest.mark.parametrize("hang", ["time.sleep(20)", "while True: pass"], ids=["in a call", "in Python"])
def test_a_hanging_process_ends_and_says_where(tmp_path: Path, hang: str) -> None:
    began = time.monotonic()
    done = run(tmp_path, deaf=100, then=hang)
    assert done.returncode == 1
    assert time.monotonic() - began < 10
    assert "Timeout" in done.stderr
    assert "in main" in done.stderr


def test_a_process_that_comes_round_stays(tmp_path: Path) -> None:
    assert run(tmp_path, deaf=100, well=2.5, then="time.sleep(0.5)").returncode == 7
