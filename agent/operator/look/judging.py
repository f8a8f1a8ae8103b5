"""What is wrong with a host, and what to do about it."""

from __future__ import annotations

from agent.doctor import checks
from agent.doctor.checks import Finding, Trouble
from agent.doctor.telling import Teller
from agent.operator.look.checks import CHECKS
from agent.operator.look.seen import Seen
from agent.operator.look.words import LOOK


def findings(seen: Seen) -> list[Finding]:
    """Every check, in the order of the table."""
    return checks.findings(seen, CHECKS)


def troubles(seen: Seen) -> list[Trouble]:
    """What is wrong with it, the likeliest cause first."""
    return [finding.trouble for finding in findings(seen) if finding.trouble is not None]


def teller(seen: Seen, language: str) -> Teller:
    """Who says it of that host."""
    return Teller(LOOK, language, {"host": seen.host, "ssh": seen.ssh, "sudo": seen.sudo})
