"""Saying what differs, once: an operation looks at the host when it is prepared and again when it runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from pyinfra.context import host

from roles.common.words import sentence


def say(lines: Iterable[str]) -> None:
    """Print each line for the current host unless this run has said it before."""
    said: set[str] = host.connector_data.setdefault("picoclaw_said", set())
    for line in lines:
        if line not in said:
            said.add(line)
            host.log_styled(line, fg="yellow")


def left_over(found: Mapping[str, Iterable[str]]) -> Iterator[str]:
    """A line for each thing that is to go, given as names by kind."""
    return (sentence("left_over", kind=sentence(f"kind_{kind}"), name=name) for kind in found for name in found[kind])
