"""As a new owner does it, on Debian 13 with its newer Docker: init, deploy, a conversation, every control, removal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import labs
from tests.e2e.verification import verify
from tests.stack import Stack


@pytest.fixture
def trixie() -> Iterator[Stack]:
    with labs.raised(labs.name("trixie"), "trixie") as stack:
        yield stack


# What a deploy could leave behind, a line each. Docker and nftables stay, with what they make for themselves.
_TRACES = """
docker ps --all --format 'container {{.Names}}'; docker network ls --format 'network {{.Name}}'
docker volume ls --format 'volume {{.Name}}'; docker image ls --all --format 'image {{.Repository}}' | grep -v debian
nft list tables | grep -v -e ' nat$' -e ' filter$' -e ' raw$'
find /opt /run /etc /root /var/lib/systemd -xdev -path '*picoclaw*' 2>/dev/null
systemctl list-units --all --plain --no-legend '*picoclaw*' | awk '{ print "unit " $1 }'
awk '$5 ~ /picoclaw/ { print "mount " $5 }' /proc/1/mountinfo
"""
_BYSTANDER = """
docker volume create shared && docker network create other
docker run --detach --name bystander --network other --volume shared:/data --entrypoint sleep debian:trixie-slim 999
"""


def traces(stack: Stack) -> set[str]:
    return set(stack.lab.ssh(_TRACES).stdout.splitlines())


def test_init_deploy_conversation_and_removal(trixie: Stack, tmp_path: Path) -> None:
    before = traces(trixie)
    hosts = trixie.initialise(tmp_path)
    done = trixie.deploy("-y", PICOCLAW_HOSTS_FILE=hosts)
    assert done.returncode == 0, done.stdout
    trixie.wait_ready()
    assert "Linux picoclaw-sandbox" in trixie.ask("run uname -a")
    assert trixie.planned_changes(PICOCLAW_HOSTS_FILE=hosts) == []
    found = verify(trixie)
    assert found.failed == set(), found.output
    removed(trixie, before)


def removed(stack: Stack, before: set[str]) -> None:
    """The owner's data stay until they are to go as well; another stack is not touched."""
    stack.ask("run echo kept > note.txt")
    stack.lab.ssh(_BYSTANDER, check=True)
    for _ in range(2):
        done = stack.deploy("-y", "--data", "picoclaw_state=absent")
        assert done.returncode == 0, done.stdout
    assert "No changes" in done.stdout
    data = stack.lab.ssh("cat /var/lib/docker/volumes/picoclaw_picoclaw-workspace/_data/note.txt; find /opt/stacks/*")
    assert data.stdout.split("\n")[0] == "kept"
    assert {line for line in data.stdout.splitlines() if line.startswith("/opt")} == {
        "/opt/stacks/picoclaw",
        "/opt/stacks/picoclaw/config",
        "/opt/stacks/picoclaw/config/config.json",
    }
    purged = stack.deploy("-y", "--data", "picoclaw_state=absent", "--data", "picoclaw_purge=true")
    assert purged.returncode == 0, purged.stdout
    others = {
        "container bystander", "volume shared", "network other", "network bridge", "network host", "network none",
    }  # fmt: skip
    # systemd forgets a unit that has ended in its own time.
    stack.wait_for(lambda: traces(stack) - before == others, 15, lambda: str(traces(stack) - before - others))
    assert "running" in stack.lab.ssh("docker inspect --format '{{.State.Status}}' bystander").stdout
