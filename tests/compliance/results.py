"""The outcome of the checks, by host and control."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.compliance.checking import Check
from tests.compliance.controls import CONTROLS, Control
from tests.compliance.live import Live
from tests.compliance.words import Words, shown


@dataclass(frozen=True)
class Result:
    """One check on one host; `container` is empty for what concerns the host as a whole."""

    host: str
    check: Check
    container: str
    outcome: str
    expected: list[Any]
    seen: list[Any]
    reason: Words | None
    error: str
    unfit: bool

    def properties(self) -> list[tuple[str, str]]:
        """For the JUnit file."""
        head = self.check
        values = {
            "control": head.control,
            "kind": head.kind,
            "container": self.container,
            "cis": " ".join(CONTROLS[head.control].cis),
            "title": head.title.en,
            "expected": shown(self.expected, "en"),
            "seen": shown(self.seen, "en"),
        }
        return list(values.items())


@dataclass(frozen=True)
class Row:
    """A control's checks on one host."""

    control: Control
    results: list[Result]

    def count(self, outcome: str) -> int:
        """How many ended so."""
        return sum(result.outcome == outcome for result in self.results)

    @property
    def outcome(self) -> str:
        """`failed`, `passed`, `information` or, when nothing could be looked at, `skipped`."""
        ends = ("failed", "passed", "information")
        return next((end for end in ends if self.count(end)), "skipped")


@dataclass
class Report:
    """Collects results; `hosts` is what was read, by testinfra's name of the host."""

    results: list[Result] = field(default_factory=list)
    hosts: dict[str, Live] = field(default_factory=dict)

    def add(self, result: Result) -> None:
        """Take one."""
        self.results.append(result)

    def names(self) -> list[str]:
        """The hosts, in the order in which they were checked."""
        return list(dict.fromkeys(result.host for result in self.results))

    def rows(self, host: str) -> list[Row]:
        """The controls that were checked on a host, in the README's order."""
        found = [result for result in self.results if result.host == host]
        rows = [Row(control, [r for r in found if r.check.control == control.id]) for control in CONTROLS.values()]
        return [row for row in rows if row.results]

    def unfit(self, host: str) -> str:
        """Why there is nothing to look at on a host; empty when there is."""
        return next((result.error for result in self.results if result.host == host and result.unfit), "")
