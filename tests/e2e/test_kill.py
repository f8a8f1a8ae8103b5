"""Three hundred messages on three services, while all that can be killed is killed: none lost, none out of order.

What a kill can cost is one answer sent twice, for a service that took it without saying so, and a command's outcome
that nobody knows, which is said.
"""

from __future__ import annotations

import json
import random
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests import litellm_box
from tests.chats import CHANNELS, Chat, Shown, chats
from tests.litellm_box import LLM
from tests.stack import GATEWAY, SANDBOX, Stack

pytestmark = pytest.mark.xdist_group("litellm")  # see test_llm.py

MESSAGES = 100  # on each service
KILLS = 12
COMMAND_EVERY = 5
PATIENCE_S = 240.0
_MARK = re.compile(r"\bm(\d+)\b")


@dataclass
class Tally:
    """What came of the messages of one chat."""

    answered: int = 0
    twice: list[int] = field(default_factory=list)
    lost: list[int] = field(default_factory=list)
    untold: list[str] = field(default_factory=list)


def tally(texts: list[str], count: int) -> Tally:
    """Follow the answers. One that names no message is taken for that of the message it stands in the place of."""
    found, following, unnamed = Tally(), 0, list[str]()
    for text in texts:
        mark = _MARK.search(text)
        if mark is None:
            unnamed.append(text)
            continue
        number = int(mark[1])
        if number < following:
            found.twice.append(number)
            continue
        missing = list(range(following, number))
        found.untold += unnamed[: len(missing)]
        found.lost += missing[len(unnamed) :]
        following, unnamed = number + 1, []
    missing = list(range(following, count))
    found.untold += unnamed[: len(missing)]
    found.lost += missing[len(unnamed) :]
    found.answered = count - len(found.lost)
    return found


@pytest.fixture
def three(fresh: Stack, first_deploy: str, tmp_path: Path) -> Iterator[Stack]:
    """The product on three services, with a model that litellm translates, so that all containers are at work."""
    assert first_deploy
    document = litellm_box.config(fresh, llm=litellm_box.model("anthropic"), channels=CHANNELS)
    del document["channel"]
    (tmp_path / "config.json").write_text(json.dumps(document))
    done = fresh.deploy("-y", "--data", f"picoclaw_config={tmp_path / 'config.json'}")
    assert done.returncode == 0, done.stdout
    fresh.wait_ready()
    fresh.fakes.reset()
    yield fresh
    litellm_box.keep_build(fresh)
    gone = fresh.deploy("-y")
    assert gone.returncode == 0, gone.stdout
    fresh.wait_ready()


def kill(stack: Stack, container: str) -> None:
    stack.lab.ssh(f"kill -9 $(docker inspect --format '{{{{.State.Pid}}}}' {container})")


def kill_docker(stack: Stack) -> None:
    stack.lab.ssh("systemctl kill --signal=KILL docker.service; systemctl reset-failed docker.service; sleep 2")
    stack.lab.ssh("systemctl start docker.service", check=True)


def test_nothing_is_lost_whatever_is_killed(three: Stack, record_property: Callable[[str, object], None]) -> None:
    chance, places = random.Random(5), chats(three.fakes)  # noqa: S311 - chance, not a secret
    began = time.monotonic()
    deaths = {
        GATEWAY: lambda: kill(three, GATEWAY),
        SANDBOX: lambda: kill(three, SANDBOX),
        LLM: lambda: kill(three, LLM),
        "docker": lambda: kill_docker(three),
        **{f"connection of {place.name}": place.lose for place in places},
    }
    # Each at least once, the gateway most often.
    plan = [*deaths, *(GATEWAY for _ in range(KILLS - len(deaths)))]
    chance.shuffle(plan)
    due = sorted(chance.sample(range(5, MESSAGES - 5), KILLS))
    for number in range(MESSAGES):
        text = f"run echo m{number}" if number % COMMAND_EVERY == 0 else f"m{number}"
        for place in places:
            place.write(text)
        if number in due:
            deaths[plan[due.index(number)]]()
        time.sleep(chance.choice((0.0, 0.05, 0.2)))
    tallies = settled(three, places)
    report(tallies, time.monotonic() - began, record_property)
    for name, found in tallies.items():
        assert found.lost == [], (name, found, three.logs()[-4000:])
        assert len(found.twice) <= KILLS, (name, found)
        assert len(found.untold) <= KILLS, (name, found)
    three.wait_ready()


def settled(stack: Stack, places: list[Chat]) -> dict[str, Tally]:
    """What stands in the chats once everything is answered, or no more comes."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        found = {place.name: tally(texts(place.shown()), MESSAGES) for place in places}
        if not any(one.lost for one in found.values()):
            break
        time.sleep(1)
    stack.wait_ready()
    return {place.name: tally(texts(place.shown()), MESSAGES) for place in places}


def texts(shown: list[Shown]) -> list[str]:
    return [one.text for one in shown]


def report(tallies: dict[str, Tally], seconds: float, record: Callable[[str, object], None]) -> None:
    """For the reader of -rP, and of the JUnit file."""
    print(f"\n{MESSAGES * len(tallies)} messages, {KILLS} kills, {seconds:.0f} s")
    for name, found in tallies.items():
        line = (
            f"answered {found.answered}, lost {len(found.lost)}, twice {len(found.twice)}, untold {len(found.untold)}"
        )
        print(f"{name:9} {line}")
        record(name, line)


@pytest.mark.parametrize(
    ("answers", "lost", "twice", "untold"),
    [
        (["m0", "m1", "m2"], [], [], 0),
        (["m0", "m2"], [1], [], 0),
        (["m0", "m0", "m1", "m2"], [], [0], 0),
        (["m0", "outcome unknown", "m2"], [], [], 1),
        (["m1", "m0", "m2"], [0], [0], 0),
        (["m0", "m1"], [2], [], 0),
        (["m0", "m1", "outcome unknown"], [], [], 1),
    ],
)
def test_the_tally_sees_what_is_lost(answers: list[str], lost: list[int], twice: list[int], untold: int) -> None:
    found = tally(answers, 3)
    assert (found.lost, found.twice, len(found.untold)) == (lost, twice, untold)
