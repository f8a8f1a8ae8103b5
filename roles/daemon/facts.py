"""What is read from the host about the daemon's configuration."""

from __future__ import annotations

from dataclasses import dataclass

from pyinfra.api.command import StringCommand
from pyinfra.api.facts import FactBase

from roles.common.commands import script
from roles.common.names import DAEMON_FILE, DAEMON_PENDING


@dataclass(frozen=True)
class DaemonState:
    """daemon.json as it is, and the daemon that runs.

    Attributes:
        text: the file; empty when there is none.
        pending: an earlier run was cut between writing the file and restarting the daemon.
        swarm: the daemon is part of a swarm.
    """

    text: str = ""
    pending: bool = False
    swarm: bool = False


class Daemon(FactBase[DaemonState]):
    """The daemon's configuration."""

    @staticmethod
    def default() -> DaemonState:
        """There is none."""
        return DaemonState()

    def command(self) -> StringCommand:
        """Two lines, then the file."""
        return script(
            """
            [ -e "$pending" ] && echo pending || echo done
            docker info --format '{{.Swarm.LocalNodeState}}' 2>/dev/null | grep . || echo inactive
            cat -- "$file" 2>/dev/null || true
            """,
            pending=DAEMON_PENDING,
            file=DAEMON_FILE,
        )

    def process(self, output: list[str]) -> DaemonState:
        """See `DaemonState`."""
        pending, swarm, *lines = output
        return DaemonState("\n".join(lines), pending == "pending", swarm not in ("inactive", "error"))
