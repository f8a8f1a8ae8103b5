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
from tests.lab.progress import step
from tests.stack import REPOSITORY, Stack, copy_repository

HOSTS = 5
Row = tuple[str, float, str]


def rows(name: str) -> Iterator[Row]:
    """What was measured, the value and its unit, on lab hosts of this name."""
    with labs.raised(name) as stack, tempfile.TemporaryDirectory() as directory:
        yield "from nothing to the first answer (init, deploy, message)", _timed(lambda: _first(stack, directory)), "s"
        yield from _one_host(stack, Path(directory))
    with fleet(name) as (one, hosts):
        yield f"first deploy to {HOSTS} hosts at once, each building", _deploy(one, hosts), "s"
        yield f"no-op deploy to {HOSTS} hosts at once", _deploy(one, hosts), "s"
    with fleet(name) as (one, hosts):
        first = f"picoclaw_images_from={one.lab.name}"
        yield f"first deploy to {HOSTS} hosts at once, one building", _deploy(one, hosts, "--data", first), "s"


def _first(stack: Stack, directory: str) -> None:
    _deploy(stack, stack.initialise(Path(directory)))
    stack.wait_ready()
    stack.ask("hello")


def _one_host(stack: Stack, directory: Path) -> Iterator[Row]:
    hosts = str(directory / "hosts.json")
    yield "no-op deploy", _deploy(stack, hosts), "s"
    clone = directory / "clone"
    copy_repository(clone)
    version = clone / "agent/__init__.py"
    version.write_text(version.read_text().replace('__version__ = "', '__version__ = "9.'))
    yield "upgrade to a version that differs in the agent", _deploy(stack, hosts, source=clone), "s"
    previous = ("--data", "picoclaw_version=previous")
    yield "going back to the version before", _deploy(stack, hosts, *previous, source=clone), "s"
    yield "refresh (images anew from packages of today)", _deploy(stack, hosts, "--data", "picoclaw_refresh=true"), "s"
    everything = ("--data", "picoclaw_state=absent", "--data", "picoclaw_purge=true")
    yield "removal of everything", _deploy(stack, hosts, *everything), "s"


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


def _timed(what: Callable[[], None]) -> float:
    began = time.monotonic()
    what()
    return time.monotonic() - began
