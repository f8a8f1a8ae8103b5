"""When a gateway that does not hear ends itself, and when it does not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from agent.channels.base import Contact
from agent.gateway import watchdog
from agent.gateway.watchdog import ALL_DEAF_S, ONE_DEAF_S, WELL_AGAIN_S, RestartError, Watchdog
from agent.store.database import connect
from agent.store.mailbox import Mailbox


@pytest.fixture
def mailbox(tmp_path: Path) -> Mailbox:
    return Mailbox(connect(tmp_path / "state.db"))


def contact(problem: str | None, *, curable: bool = True) -> Contact:
    made = Contact(max_age_s=1e9)
    if problem is None:
        made.succeeded()
    else:
        made.failed(problem, curable=curable)
    return made


def test_a_deaf_gateway_restarts_and_each_time_later(mailbox: Mailbox) -> None:
    for restarts in range(4):
        dog = Watchdog({"telegram": contact("no route")}, mailbox)
        patience = ALL_DEAF_S * 2**restarts
        dog.look(0)
        dog.look(patience - 1)
        with pytest.raises(RestartError, match=r"telegram has been deaf for \d+ s \(no route\)"):
            dog.look(patience)
    assert mailbox.marks("restarts") == {"restarts": "4"}


def test_a_while_without_trouble_forgets_earlier_restarts(mailbox: Mailbox) -> None:
    mailbox.remember("restarts", "3")
    dog = Watchdog({"telegram": contact(None)}, mailbox)
    dog.look(0)
    dog.look(WELL_AGAIN_S)
    assert mailbox.marks("restarts") == {"restarts": "0"}


def test_one_channel_of_several_disturbs_the_others_much_later(mailbox: Mailbox) -> None:
    dog = Watchdog({"telegram": contact(None), "slack": contact("no route")}, mailbox)
    dog.look(0)
    dog.look(ONE_DEAF_S - 1)
    with pytest.raises(RestartError, match="slack"):
        dog.look(ONE_DEAF_S)


def test_what_the_owner_has_to_put_right_restarts_nothing(mailbox: Mailbox) -> None:
    dog = Watchdog({"telegram": contact("token refused", curable=False)}, mailbox)
    dog.look(0)
    dog.look(1e6)


def test_a_contact_in_between_begins_the_count_anew(mailbox: Mailbox) -> None:
    deaf = contact("no route")
    dog = Watchdog({"telegram": deaf}, mailbox)
    dog.look(0)
    deaf.succeeded()
    dog.look(ALL_DEAF_S - 1)
    deaf.failed("no route")
    dog.look(ALL_DEAF_S)
    dog.look(2 * ALL_DEAF_S - 2)


HANGS = """
import asyncio, sys, time
from agent.gateway import watchdog
from agent.store.database import connect
from agent.store.mailbox import Mailbox
watchdog.HUNG_S = 1.0
async def main():
    dog = asyncio.create_task(watchdog.Watchdog({}, Mailbox(connect(":memory:"))).run())
    await asyncio.sleep(0.1)
    if sys.argv[1] == "hangs":
        time.sleep(30)
    dog.cancel()
asyncio.run(main())
"""


@pytest.mark.parametrize(("how", "code"), [("hangs", 1), ("ends", 0)])
def test_an_event_loop_that_hangs_ends_the_process(how: str, code: int) -> None:
    done = subprocess.run([sys.executable, "-c", HANGS, how], capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == code, done.stderr
    assert ("Timeout" in done.stderr) is (how == "hangs"), "it says where it hung"


def test_the_bounds_fit_together() -> None:
    assert watchdog.LOOK_S * 3 < watchdog.HUNG_S
