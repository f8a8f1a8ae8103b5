"""Saying what differs, once: an operation looks at the host when it is prepared and again when it runs."""

from __future__ import annotations

from collections.abc import Iterable

from pyinfra.context import host


def say(lines: Iterable[str]) -> None:
    """Print each line for the current host unless this run has said it before."""
    said: set[str] = host.connector_data.setdefault("picoclaw_said", set())
    for line in lines:
        if line not in said:
            said.add(line)
            host.log_styled(line, fg="yellow")
