"""`python -m tests.conformance`: runs the suite and prints how many cases passed by each way to a model."""

from __future__ import annotations

import sys
from collections import Counter

import pytest

from tests.conformance.engines import WAYS

_WORDS = ("passed", "failed", "limits", "skipped")


class Tally:
    """Counts outcomes by the way that a test's name begins with."""

    def __init__(self) -> None:
        self.counts: dict[str, Counter[str]] = {str(way): Counter() for way in WAYS}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Of a test's call, or of the setup that skipped or broke it."""
        if report.when != "call" and report.outcome == "passed":
            return
        name = report.nodeid.partition("[")[2]
        way = next((way for way in self.counts if name.startswith((f"{way}-", f"{way}]"))), None)
        if way is not None:
            self.counts[way]["limits" if hasattr(report, "wasxfail") else report.outcome] += 1

    def table(self) -> str:
        """One line a way."""
        lines = [f"{'engine-provider':22}" + "".join(f"{word:>9}" for word in _WORDS)]
        for way, counts in self.counts.items():
            lines.append(f"{way:22}" + "".join(f"{counts[word]:9}" for word in _WORDS))
        return "\n".join(lines)


def main() -> int:
    """Pytest's exit code."""
    tally = Tally()
    code = pytest.main(["-q", "--no-header", "tests/conformance", *sys.argv[1:]], plugins=[tally])
    print(f"\n{tally.table()}")
    return int(code)


if __name__ == "__main__":
    sys.exit(main())
