"""A new version takes over when it is healthy, gives way to the one before when it is not, and can be taken back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stack import GATEWAY, Stack

BEFORE = f"{GATEWAY}-before"


@pytest.fixture
def afterwards(stack: Stack) -> Iterator[Stack]:
    """The version of this repository is back when the test is over."""
    yield stack
    done = stack.deploy("-y")
    assert done.returncode == 0, done.stdout
    stack.wait_ready()
    assert stack.planned_changes() == []


def changed(clone: Path, file: str, old: str, new: str) -> None:
    text = (clone / file).read_text()
    assert old in text
    (clone / file).write_text(text.replace(old, new))


def version(stack: Stack) -> str:
    return stack.lab.ssh("docker exec picoclaw picoclaw --version", check=True).stdout.split()[-1]


def images(stack: Stack) -> set[str]:
    """Of the gateway, by id."""
    listed = stack.lab.ssh("docker image ls --quiet --no-trunc picoclaw-gateway", check=True).stdout
    return set(listed.split())


def test_a_new_version_takes_over_gives_way_and_is_taken_back(afterwards: Stack, clone: Path) -> None:
    stack, old = afterwards, version(afterwards)
    stack.ask("/new")  # other tests have talked on this host
    stack.ask("my name is Anna")
    changed(clone, "agent/__init__.py", f'"{old}"', '"9.9.9"')

    good = stack.deploy("-y", source=clone)
    assert good.returncode == 0, good.stdout
    assert version(stack) == "9.9.9"
    assert BEFORE not in stack.lab.ssh("docker ps --all").stdout
    assert len(images(stack)) == 2, "this one and the one before"

    changed(clone, "agent/gateway/health.py", '"200 OK"', '"503 Broken"')
    changed(clone, "agent/__init__.py", '"9.9.9"', '"10.0.0"')
    running = stack.inspect()["Id"]
    bad = stack.deploy("-y", "--data", "picoclaw_health_timeout=12", source=clone)
    assert bad.returncode != 0
    assert "The version before runs again: picoclaw" in bad.stdout, bad.stdout
    assert "this run has failed" in bad.stdout
    assert stack.inspect()["Id"] == running, "the very container, with all that it was"
    stack.wait_ready()
    assert version(stack) == "9.9.9"
    assert BEFORE not in stack.lab.ssh("docker ps --all").stdout
    stack.ask("hello again")
    roles = [message["role"] for message in stack.fakes.llm_requests()[-1].body["messages"]]
    assert roles == ["system", "user", "assistant", "user"], "the conversation goes on"

    changed(clone, "agent/gateway/health.py", '"503 Broken"', '"200 OK"')
    mended = stack.deploy("-y", source=clone)
    assert mended.returncode == 0, mended.stdout
    assert version(stack) == "10.0.0"
    back = stack.deploy("-y", "--data", "picoclaw_version=previous")
    assert back.returncode == 0, back.stdout
    assert version(stack) == "9.9.9"
    again = stack.deploy("-y", "--data", "picoclaw_version=previous")
    assert "No changes" in again.stdout
    assert stack.inspect()["Config"]["Image"] == "picoclaw-gateway:previous"


def test_a_word_that_is_no_version_is_refused(stack: Stack) -> None:
    done = stack.deploy("-y", "--data", "picoclaw_version=newest")
    assert done.returncode != 0
    assert "picoclaw_version must be current or previous, it is 'newest'" in done.stdout
    assert "Traceback" not in done.stdout


def test_a_refresh_makes_the_images_anew_once(afterwards: Stack) -> None:
    stack, running = afterwards, afterwards.inspect()

    done = stack.deploy("-y", "--data", "picoclaw_refresh=true")

    assert done.returncode == 0, done.stdout
    assert "packages of today wanted" in done.stdout
    renewed = stack.inspect()
    assert (renewed["Config"]["Image"], renewed["Image"] != running["Image"]) == (running["Config"]["Image"], True)
    assert images(stack) == {renewed["Image"], running["Image"]}
    previous = stack.lab.ssh("docker image inspect --format '{{.Id}}' picoclaw-gateway:previous", check=True)
    assert previous.stdout.strip() == running["Image"]
    stack.wait_ready()
    assert "Linux picoclaw-sandbox" in stack.ask("run uname -a")
