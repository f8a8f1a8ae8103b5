"""Findings as a person or a program reads them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from agent.doctor import checks
from agent.doctor.checks import Finding, Trouble
from agent.doctor.seen import Seen
from agent.gateway.printable import one_line, shortened
from agent.language import Language, worded
from agent.status_report import Troubled

_LONGEST = 300
_MARKS = {"ok": "✔", "bad": "✘", "unknown": "–"}


@dataclass(frozen=True)
class Teller:
    """Says it in a language.

    Attributes:
        catalogue: `check_...`, `bad_...`, `do_...` and `doctor_...`.
        language: any tag or locale.
        values: what every sentence may name.
    """

    catalogue: Mapping[str, Mapping[Language, str]]
    language: str
    values: Mapping[str, object] = field(default_factory=dict)

    def wrong(self, trouble: Trouble) -> str:
        """What is wrong, in one line."""
        return self._say(f"bad_{trouble.kind}", trouble.values)

    def remedy(self, trouble: Trouble) -> str:
        """What to do about it, in one line."""
        return self._say(f"do_{trouble.kind}", trouble.values)

    def lines(self, found: Sequence[Finding], seen: Seen) -> Iterator[str]:
        """A line for each finding and hint, and the one thing to do."""
        for finding in found:
            yield f"  {_MARKS[finding.verdict]} {self._finding(finding)}"
        for hint in self._hints(seen):
            yield f"  {_MARKS['unknown']} {hint}"
        first = _first(found)
        yield self._say("doctor_nothing") if first is None else self._say("doctor_do", {"remedy": self.remedy(first)})

    def document(self, found: Sequence[Finding], seen: Seen) -> dict[str, Any]:
        """`{"well", "checks": [{"id", "verdict", "kind", "said"}], "hints": [str], "do": str or null}`."""
        listed = [
            {
                "id": finding.check,
                "verdict": finding.verdict,
                "kind": finding.trouble and finding.trouble.kind,
                "said": finding.trouble and self.wrong(finding.trouble),
            }
            for finding in found
        ]
        first = _first(found)
        do = None if first is None else self.remedy(first)
        return {"well": first is None, "checks": listed, "hints": list(self._hints(seen)), "do": do}

    def _finding(self, finding: Finding) -> str:
        name = self._say(f"check_{finding.check}")
        if finding.trouble is not None:
            return self.wrong(finding.trouble)
        return name if finding.verdict == "ok" else self._say("doctor_not_known", {"check": name})

    def _hints(self, seen: Seen) -> Iterator[str]:
        for name in checks.unheard(seen):
            yield self._say("doctor_unheard", {"channel": name})

    def _say(self, key: str, values: Mapping[str, object] = {}) -> str:
        told = {name: self._told(value) for name, value in {**self.values, **values}.items()}
        return worded(self.catalogue[key], self.language, **told)

    def _told(self, value: object) -> object:
        """A part of the report by what it says is wrong; whatever somebody else wrote on one line, and not endless."""
        told = value.said(self.language) if isinstance(value, Troubled) else value
        return shortened(one_line(told), _LONGEST) if isinstance(told, str) else told


def _first(found: Sequence[Finding]) -> Trouble | None:
    return next((finding.trouble for finding in found if finding.trouble is not None), None)
