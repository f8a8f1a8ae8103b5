"""Several hosts in one inventory: each on its own, images copied, and one after the other."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests import labs
from tests.stack import CONFIG, GATEWAY, SANDBOX, Stack

BROKEN = ("--data", "picoclaw_health_timeout=12")


@dataclass
class Fleet:
    """Two hosts that are there, and one whose port is closed; the inventory has that one in the middle."""

    first: Stack
    second: Stack
    directory: Path

    def write(self, first: dict[str, Any] | None = None, second: dict[str, Any] | None = None) -> None:
        """The inventory, with config.json of these two changed in these keys of `llm` or `channel`."""
        hosts = {
            **self._host(self.first, first or {}),
            "away": {"ssh_hostname": "127.0.0.1", "ssh_port": 1, "ssh_user": "root"},
            **self._host(self.second, second or {}),
        }
        self.file.write_text(json.dumps(hosts))

    def _host(self, stack: Stack, changes: dict[str, Any]) -> dict[str, Any]:
        places = stack.lab.places
        data = json.loads(places.hosts.read_text())[places.name]
        config = json.loads(places.config.read_text())
        for section, keys in changes.items():
            config[section].update(keys)
        own = self.directory / f"{places.name}.json"
        own.write_text(json.dumps(config))
        return {places.name: {**data, "picoclaw_config": str(own)}}

    @property
    def file(self) -> Path:
        """The inventory's hosts."""
        return self.directory / "hosts.json"

    def deploy(self, *options: str) -> str:
        """What a deploy to all of them says, which fails for the one that is away."""
        done = self.first.deploy("-y", *options, PICOCLAW_HOSTS_FILE=str(self.file))
        assert done.returncode != 0, done.stdout
        return done.stdout

    def rollout(self, *words: str) -> tuple[int, str]:
        """The exit code and what `picoclaw rollout` says."""
        done = self.first.picoclaw("rollout", *words, PICOCLAW_HOSTS_FILE=str(self.file))
        return done.returncode, done.stdout


@pytest.fixture(scope="module")
def second() -> Iterator[Stack]:
    with labs.raised(labs.name("second")) as raised:
        yield raised


@pytest.fixture
def fleet(stack: Stack, second: Stack, tmp_path: Path) -> Iterator[Fleet]:
    fleet = Fleet(stack, second, tmp_path)
    fleet.write()
    yield fleet
    done = stack.deploy("-y")
    assert done.returncode == 0, done.stdout


def image(stack: Stack, container: str) -> tuple[str, str]:
    found = stack.inspect(container)
    return found["Config"]["Image"], found["Image"]


def max_tokens(stack: Stack) -> int | None:
    held: dict[str, Any] = json.loads(stack.lab.ssh(f"cat {CONFIG}", check=True).stdout)["llm"]
    return held.get("max_tokens")


def started(stack: Stack) -> tuple[str, str]:
    found = stack.inspect()
    return found["Id"], found["State"]["StartedAt"]


def test_one_host_builds_for_another_and_one_that_is_away_stops_nobody(fleet: Fleet) -> None:
    fleet.write(second={"llm": {"max_tokens": 777}})

    said = fleet.deploy("--data", f"picoclaw_images_from={fleet.first.lab.name}")

    assert f"MB of images from {fleet.first.lab.name}" in said
    assert "[away]" in said
    for container in (GATEWAY, SANDBOX):
        assert image(fleet.first, container) == image(fleet.second, container)
    left = fleet.second.lab.ssh("ls /opt/stacks/picoclaw", check=True).stdout.split()
    assert not [name for name in left if name.startswith("build")], "neither a build nor an archive"
    fleet.second.wait_ready()
    assert "Linux picoclaw-sandbox" in fleet.second.ask("run uname -a")
    assert [max_tokens(fleet.first), max_tokens(fleet.second)] == [None, 777], "each has its own configuration"


def test_a_rollout_stops_at_the_first_host_that_is_not_well(fleet: Fleet) -> None:
    changed = {"llm": {"max_tokens": 888}}
    fleet.write(first={"channel": {"bot_token": "123456789:" + 35 * "A"}}, second=changed)
    before = started(fleet.second)

    code, said = fleet.rollout("--data", "picoclaw_health_timeout=12")

    assert code == 1
    assert table(said) == ["failed: see above", "left as it is", "left as it is"]
    assert started(fleet.second) == before

    fleet.write(second=changed)
    code, said = fleet.rollout()
    assert code == 1, "one is away"
    assert table(said) == ["deployed and healthy", "cannot be reached", "deployed and healthy"]
    assert "(ssh: connect to host 127.0.0.1 port 1: Connection refused)" in said
    assert started(fleet.second) != before
    assert max_tokens(fleet.second) == 888


def table(said: str) -> list[str]:
    """How it ended for each host, from the table at the end."""
    ends = ("deployed and healthy", "failed: see above", "cannot be reached", "left as it is")
    return [end for line in said.splitlines()[-3:] for end in ends if end in line]


def test_a_host_or_group_that_is_not_there_is_named(fleet: Fleet) -> None:
    code, said = fleet.rollout("nowhere")
    assert code == 1
    assert "the inventory has no host or group nowhere; its hosts: " in said
