"""What is wrong with a host, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from agent.gateway.printable import one_line, shortened
from agent.operator.look.checks import CHECKS, Check, Trouble
from agent.operator.look.seen import Seen
from agent.operator.words import say
from agent.status_report import Troubled

_LONGEST = 300

Verdict = Literal["ok", "bad", "unknown"]


@dataclass(frozen=True)
class Finding:
    """What came of a check; `trouble` where the verdict is bad."""

    check: str
    verdict: Verdict
    trouble: Trouble | None = None


def findings(seen: Seen) -> list[Finding]:
    """Every check, in the order of the table."""
    return [_find(check, seen) for check in CHECKS]


def troubles(seen: Seen) -> list[Trouble]:
    """What is wrong with it, the likeliest cause first."""
    return [finding.trouble for finding in findings(seen) if finding.trouble is not None]


def said(trouble: Trouble, seen: Seen, language: str) -> str:
    """What is wrong, in one line."""
    return _sentence(f"bad_{trouble.kind}", trouble, seen, language)


def remedy(trouble: Trouble, seen: Seen, language: str) -> str:
    """What to do about it, in one line."""
    return _sentence(f"do_{trouble.kind}", trouble, seen, language)


def _sentence(key: str, trouble: Trouble, seen: Seen, language: str) -> str:
    values = {"host": seen.host, "ssh": seen.ssh, "sudo": seen.sudo, **trouble.values}
    told = {name: value.said(language) if isinstance(value, Troubled) else value for name, value in values.items()}
    plain = {
        name: shortened(one_line(value), _LONGEST) if isinstance(value, str) else value for name, value in told.items()
    }
    return say(key, language, **plain)


def _find(check: Check, seen: Seen) -> Finding:
    if not check.known(seen):
        return Finding(check.id, "unknown")
    trouble = check.judge(seen)
    return Finding(check.id, "ok" if trouble is None else "bad", trouble)
