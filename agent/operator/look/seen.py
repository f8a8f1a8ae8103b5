"""What was seen of a host, and nothing of what to think of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from agent.doctor import seen
from agent.doctor.seen import Answer, Disk
from agent.status_report import Control

__all__ = ["Answer", "Container", "Disk", "Docker", "Drift", "Seen"]


@dataclass(frozen=True)
class Container:
    """A container that exists, as Docker, its cgroup and its log tell.

    Attributes:
        status: Docker's word: running, exited, restarting, created, paused, dead.
        health: healthy, unhealthy, starting; empty without a health check.
        health_said: what its health check printed last.
        error: why Docker could not start it.
        exit_code: of its main process, when that has ended.
        oom_killed: whether its end was for lack of memory.
        up_s: seconds since its main process began; None when it does not run.
        restarts: how often Docker has started it again.
        image: name and tag.
        memory_used: bytes, as `docker stats` counts them; None when unknown.
        memory_limit: bytes; 0 for none.
        oom_kills: processes that the kernel has ended in it for lack of memory, since it was started.
        last_error: the last line of an error in its log.
        last_lines: the end of its log.
        confinement: the controls it is under as it sees them itself; None when it does not say.
    """

    name: str
    status: str
    health: str = ""
    health_said: str = ""
    error: str = ""
    exit_code: int = 0
    oom_killed: bool = False
    up_s: float | None = None
    restarts: int = 0
    image: str = ""
    memory_used: int | None = None
    memory_limit: int = 0
    oom_kills: int = 0
    last_error: str = ""
    last_lines: tuple[str, ...] = ()
    confinement: tuple[Control, ...] | None = None

    @property
    def running(self) -> bool:
        """Whether its main process runs."""
        return self.status == "running"


@dataclass(frozen=True)
class Docker:
    """The server's version; else `problem` is what the client said, and `installed` whether there is one."""

    version: str = ""
    problem: str = ""
    installed: bool = True


@dataclass(frozen=True)
class Drift:
    """The operations with which a deploy would change something, or the reason why that could not be found out."""

    changes: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True)
class Seen(seen.Seen):
    """One host. What could not be seen, or was not asked for, is None. Clocks are compared with this machine's.

    Attributes:
        ssh: what the operator types to get there.
        sudo: what he types before a command there, with a space; empty for root.
        unreachable: ssh's own last line when it did not come through.
        refused: what sudo or the shell said when nothing could be asked there.
        memory_total: of the host, in bytes.
        memory_free: what programs could still get of it, in bytes.
        containers: those that exist, by name.
        names_host: the name that the host could not resolve; empty when it resolved all.
    """

    host: str
    ssh: str = "ssh"
    sudo: str = ""
    unreachable: str = ""
    refused: str = ""
    memory_total: int | None = None
    memory_free: int | None = None
    docker: Docker | None = None
    containers: Mapping[str, Container] = field(default_factory=dict)
    names_host: str | None = None
    drift: Drift | None = None
