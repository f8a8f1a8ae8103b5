"""Three hundred messages on three services, while all that can be killed is killed: none lost, none out of order.

What a kill can cost is one answer sent twice, for a service that took it without saying so, and a command's outcome
that nobody knows, which is said.
"""

from __future__ import annotations

import json
import random
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests import litellm_box
from tests.chats import CHANNELS, Chat, Shown, chats
from tests.litellm_box import LLM
from tests.stack import GATEWAY, SANDBOX, Stack

MESSAGES = 100  # on each service
KILLS = 12
COMMAND_EVERY = 5
PATIENCE_S = 240.0
_MARK = re.compile(r"\bm(\d+)\b")
# What may stand in the place of an answer.
_OWN_WORDS = re.compile("its outcome is unknown|I began this")
# Each command leaves a line here.
_RUNS = "/workspace/runs"


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
    pid = f"docker inspect --format '{{{{.State.Pid}}}}' {container}"  # 0 while it is being started again
    stack.lab.ssh(f'while pid=$({pid}) && [ "$pid" -eq 0 ]; do sleep 0.1; done; kill -9 "$pid"', check=True)


def kill_docker(stack: Stack) -> None:
    stack.lab.ssh("systemctl kill --signal=KILL docker.service && sleep 2", check=True)
    stack.lab.ssh("systemctl reset-failed docker.service; systemctl start docker.service", check=True)


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
    due = dict(zip(sorted(chance.sample(range(5, MESSAGES - 5), KILLS)), plan, strict=True))
    three.lab.ssh(f"docker exec {SANDBOX} rm -f {_RUNS}", check=True)
    died = list[str]()
    for number in range(MESSAGES):
        for place in places:
            command = f"run echo m{number} {place.name} | tee -a {_RUNS}"
            place.write(command if number % COMMAND_EVERY == 0 else f"m{number}")
        if number in due:
            deaths[due[number]]()
            died.append(due[number])
        time.sleep(chance.choice((0.0, 0.05, 0.2)))
    tallies = settled(three, places)
    runs = three.lab.ssh(f"docker exec {SANDBOX} cat {_RUNS}", check=True).stdout.splitlines()
    report(tallies, died, len(runs), time.monotonic() - began, record_property)
    assert sorted(died) == sorted(plan)
    for name, found in tallies.items():
        assert found.lost == [], (name, found, three.logs()[-4000:])
        # One send of which nobody knows whether it was taken, for each end of who sends or of what it is sent over.
        ambiguous = sum(died.count(one) for one in (GATEWAY, "docker", f"connection of {name}"))
        assert len(found.twice) <= ambiguous, (name, found)
        assert all(_OWN_WORDS.search(text) for text in found.untold), (name, found)
        assert len(found.untold) <= KILLS, (name, found)
    assert [line for line, times in Counter(runs).items() if times > 1] == [], "a command was run twice"
    asked = len(range(0, MESSAGES, COMMAND_EVERY)) * len(places)
    assert len(runs) >= asked - sum(len(found.untold) for found in tallies.values()), "a command was answered unrun"
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


def report(
    tallies: dict[str, Tally], died: list[str], runs: int, seconds: float, record: Callable[[str, object], None]
) -> None:
    """For the reader of -rP, and of the JUnit file."""
    print(f"\n{MESSAGES * len(tallies)} messages, {runs} commands, {seconds:.0f} s; killed: {', '.join(died)}")
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
