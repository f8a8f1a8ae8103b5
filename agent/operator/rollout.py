"""`picoclaw rollout`: the deploy for one host of the inventory after the other, ended by the first that fails."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from agent.operator.reach import Host, UnreachableError
from agent.operator.words import say, speaking
from roles.common.names import REPOSITORY

Ended = Literal["done", "failed", "unreachable", "left"]


@dataclass(frozen=True)
class Outcome:
    """How the deploy of a host ended, after how many seconds, and what ssh said where that was the trouble."""

    host: str
    ended: Ended
    seconds: float = 0.0
    reason: str = ""


def rollout(
    hosts: Sequence[Host],
    options: Sequence[str],
    *,
    language: str,
    keep_going: bool,
    announce: Callable[[str, int], None],
) -> Iterator[Outcome]:
    """Deploy to each host in turn and tell how that ended; `announce` is called with the host's name and its place.

    A host that cannot be reached stops nothing. One that fails leaves those after it as they are, but for
    `keep_going`. `options` are pyinfra's; the deploy speaks `language`.
    """
    stopped = False
    for place, host in enumerate(hosts, start=1):
        if stopped:
            yield Outcome(host.name, "left")
            continue
        announce(host.name, place)
        outcome = _deployed(host, options, language)
        stopped = outcome.ended == "failed" and not keep_going
        yield outcome


def _deployed(host: Host, options: Sequence[str], language: str) -> Outcome:
    begun = time.monotonic()
    try:
        host.run("true")
    except UnreachableError as error:
        return Outcome(host.name, "unreachable", time.monotonic() - begun, str(error))
    pyinfra = str(Path(sys.executable).with_name("pyinfra"))
    command = [pyinfra, "inventory", "deploy.py", "--yes", "--limit", host.name, *options]
    environment = speaking(language, os.environ)
    done = subprocess.run(command, cwd=REPOSITORY, env=environment, stdin=subprocess.DEVNULL, check=False)
    return Outcome(host.name, "failed" if done.returncode else "done", time.monotonic() - begun)


def table(outcomes: Iterable[Outcome], language: str) -> Iterator[str]:
    """A line for each host."""
    listed = list(outcomes)
    width = max((len(outcome.host) for outcome in listed), default=0)
    for outcome in listed:
        seconds = f"{outcome.seconds:6.0f} s" if outcome.ended != "left" else " " * 8
        reason = f" ({outcome.reason})" if outcome.reason else ""
        yield f"  {outcome.host:{width}}  {seconds}  {say(f'rollout_{outcome.ended}', language)}{reason}"
