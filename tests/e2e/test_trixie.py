"""The deploy, one conversation and every control on Debian 13, with its newer Docker."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.conftest import KEEP
from tests.e2e.verification import verify
from tests.lab import Lab
from tests.lab.lab import remove
from tests.stack import Stack


@pytest.fixture
def trixie() -> Iterator[Stack]:
    name = "picoclaw-test-trixie"
    remove(name)
    lab = Lab.up(name, "trixie")
    stack = Stack(lab)
    yield stack
    stack.close()
    if not os.environ.get(KEEP):
        lab.down()


def test_deploy_and_conversation(trixie: Stack) -> None:
    done = trixie.deploy("-y")
    assert done.returncode == 0, done.stdout
    trixie.wait_ready()
    assert "Linux picoclaw-sandbox" in trixie.ask("run uname -a")
    assert trixie.planned_changes() == []
    found = verify(trixie)
    assert found.failed == set(), found.output
