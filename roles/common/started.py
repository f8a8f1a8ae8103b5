"""Which containers this run has started anew: noted by the role that does it, asked for by the one at the end."""

from __future__ import annotations

from pyinfra.context import host


def note(container: str) -> None:
    """To be called before the first command that starts it, when the run is prepared and again when it runs."""
    started().add(container)


def started() -> set[str]:
    """Their names, for the current host."""
    names: set[str] = host.connector_data.setdefault("picoclaw_started", set())
    return names
