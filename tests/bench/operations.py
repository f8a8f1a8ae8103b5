"""How long takes what an operator does: until the first answer, each later run, and five hosts beside one."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests import labs
from tests.bench import hostmemory
from tests.bench.measures import Row
from tests.lab.progress import step
from tests.stack import GATEWAY, REPOSITORY, Stack, copy_repository

HOSTS = 5
WORKSPACE_MB = 100

# What, its value and the unit.
Measured = tuple[str, float, str]


def rows(name: str) -> list[Row]:
    """Measured on lab hosts whose names begin so."""
    return [(what, value, unit, None) for what, value, unit in _measured(name)]


def _measured(name: str) -> Iterator[Measured]:
    with labs.raised(f"{name}-new") as stack, tempfile.TemporaryDirectory() as directory:
        with hostmemory.watched(stack) as peak:
            first = _timed(lambda: _first(stack, directory))
        yield "from nothing to the first answer (init, deploy, message)", first, "s"
        yield "memory that the host needs for it, cache aside", peak.mib, "MiB"
        yield from _one_host(stack, Path(directory))
    with fleet(name) as (one, hosts):
        yield f"first deploy to {HOSTS} hosts at once, each building", _deploy(one, hosts), "s"
        yield f"no-op deploy to {HOSTS} hosts at once", _deploy(one, hosts), "s"
    with fleet(name) as (one, hosts):
        source = f"picoclaw_images_from={one.lab.name}"
        yield f"first deploy to {HOSTS} hosts at once, one building", _deploy(one, hosts, "--data", source), "s"


def _first(stack: Stack, directory: str) -> None:
    _deploy(stack, stack.initialise(Path(directory)))
    stack.wait_ready()
    stack.ask("hello")


def _one_host(stack: Stack, directory: Path) -> Iterator[Measured]:
    hosts = str(directory / "hosts.json")
    yield "no-op deploy, host set up by init", _deploy(stack, hosts), "s"
    clone = directory / "clone"
    copy_repository(clone)
    version = clone / "agent/__init__.py"
    version.write_text(version.read_text().replace('__version__ = "', '__version__ = "9.'))
    yield "upgrade to a version that differs in the agent", _deploy(stack, hosts, source=clone), "s"
    previous = ("--data", "picoclaw_version=previous")
    yield "going back to the version before", _deploy(stack, hosts, *previous, source=clone), "s"
    yield from refreshed(stack, hosts)
    backup = str(directory / "backup.age")
    stack.ask(f"run head -c {WORKSPACE_MB}M /dev/urandom > data", timeout=120)
    yield (
        f"backup of a workspace of {WORKSPACE_MB} MB, verified",
        _command(stack, hosts, "backup", "--output", backup),
        "s",
    )
    yield "restore of it, the host being backed up first", _command(stack, hosts, "restore", backup, "--force"), "s"
    everything = ("--data", "picoclaw_state=absent", "--data", "picoclaw_purge=true")
    yield "removal of everything", _deploy(stack, hosts, *everything), "s"


def refreshed(stack: Stack, hosts: str) -> Iterator[Measured]:
    """How long it takes, what the host needs for it, and for how long nobody is there to hear the owner."""
    stack.wait_ready()
    began = time.time()
    with hostmemory.watched(stack) as peak:
        yield (
            "refresh (images anew from packages of today)",
            _deploy(stack, hosts, "--data", "picoclaw_refresh=true"),
            "s",
        )
    yield "memory that the host needs for it, cache aside", peak.mib, "MiB"
    stopped = _stopped(stack, began)
    yield "the assistant is away meanwhile", stack.fakes.wait_for_call("getUpdates", since=stopped).time - stopped, "s"


def _stopped(stack: Stack, since: float) -> float:
    """When the gateway's container ended, in Unix time."""
    events = "docker events --filter event=die --format '{{.TimeNano}} {{.Actor.Attributes.name}}'"
    lines = stack.lab.ssh(f"{events} --since {since:.0f} --until $(date +%s)", check=True).stdout.splitlines()
    return next(int(line.split()[0]) / 1e9 for line in lines if line.split()[1] == GATEWAY)


@contextmanager
def fleet(name: str) -> Iterator[tuple[Stack, str]]:
    """Fresh hosts: the first of them, and the hosts file that names all."""
    with ExitStack() as held, tempfile.TemporaryDirectory() as directory:
        stacks = [held.enter_context(labs.raised(f"{name}-{number}")) for number in range(HOSTS)]
        hosts = Path(directory, "hosts.json")
        all_of_them = [json.loads(stack.lab.places.hosts.read_text()) for stack in stacks]
        hosts.write_text(json.dumps({host: data for named in all_of_them for host, data in named.items()}))
        yield stacks[0], str(hosts)


def _deploy(stack: Stack, hosts: str, *options: str, source: Path = REPOSITORY) -> float:
    began = time.monotonic()
    with step(" ".join(["Deploying", *options])):
        done = stack.deploy("-y", *options, source=source, PICOCLAW_HOSTS_FILE=hosts)
    if done.returncode:
        sys.exit(f"the deploy failed:\n{done.stdout}")
    return time.monotonic() - began


def _command(stack: Stack, hosts: str, *words: str) -> float:
    began = time.monotonic()
    with step(f"picoclaw {words[0]}"):
        done = stack.picoclaw(*words, PICOCLAW_HOSTS_FILE=hosts, PICOCLAW_BACKUP_PASSPHRASE="for this run")
    if done.returncode:
        sys.exit(f"picoclaw {words[0]} failed:\n{done.stdout}")
    return time.monotonic() - began


def _timed(what: Callable[[], None]) -> float:
    began = time.monotonic()
    what()
    return time.monotonic() - began
