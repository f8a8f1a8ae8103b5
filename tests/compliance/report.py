"""The outcome as a table: a row a control, with what was expected and what was seen where it fails."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.compliance.controls import CONTROLS, Control

MARKS = {"passed": "✔", "failed": "✘", "skipped": "–"}


@dataclass(slots=True)
class Row:
    """A control's checks on one host."""

    control: Control
    passed: int = 0
    skipped: int = 0
    failures: list[str] = field(default_factory=list)

    @property
    def outcome(self) -> str:
        """`passed`, `failed` or, when nothing was checked, `skipped`."""
        return "failed" if self.failures else "passed" if self.passed else "skipped"


class Report:
    """Collects results and prints them."""

    def __init__(self) -> None:
        self.rows = {control.id: Row(control) for control in CONTROLS.values()}

    def add(self, control: str, outcome: str, why: str = "") -> None:
        """Count one check."""
        row = self.rows[control]
        if outcome == "passed":
            row.passed += 1
        elif outcome == "skipped":
            row.skipped += 1
        else:
            row.failures.append(why)

    def lines(self) -> list[str]:
        """The table."""
        width = max(len(row.control.en) for row in self.rows.values())
        lines = [f"   {'control':{width}}  {'CIS':16}  checks"]
        for row in self.rows.values():
            count = f"{row.passed} passed"
            count += f", {len(row.failures)} failed" if row.failures else ""
            count += f", {row.skipped} skipped" if row.skipped else ""
            lines.append(f" {MARKS[row.outcome]} {row.control.en:{width}}  {row.control.cis:16}  {count}")
            lines += [f"     {failure}" for failure in row.failures]
        return lines
