"""What is seen of an assistant from the host and from its own container alike, and nothing of what to think of it."""

from __future__ import annotations

from dataclasses import dataclass

from agent.status_report import Report


@dataclass(frozen=True)
class Disk:
    """A file system of the host: bytes, and the share of its inodes in use (0 to 1; 0 where it has no such table)."""

    mount: str
    size: int
    free: int
    inodes_used: float = 0.0


@dataclass(frozen=True)
class Answer:
    """How one configured model answered a tiny question; `error` is the class of its LLMError."""

    where: str
    provider: str
    model: str
    ok: bool
    problem: str = ""
    error: str = ""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One assistant. What could not be seen, or was not asked for, is None.

    Attributes:
        report: what the gateway's container says of itself.
        report_problem: why it says nothing.
        clock_off_s: by how many seconds its clock is ahead of another one.
        disks: those that it writes to.
        names_gateway: what the resolver said in the gateway's container; empty when it resolved all.
        answers: of the models, in their order.
    """

    report: Report | None = None
    report_problem: str = ""
    clock_off_s: float | None = None
    disks: tuple[Disk, ...] = ()
    names_gateway: str | None = None
    answers: tuple[Answer, ...] | None = None
