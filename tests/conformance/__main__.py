"""`python -m tests.conformance`: runs the suite and prints how many cases passed by each way to a model."""

from __future__ import annotations

import sys
from collections import Counter, defaultdict

import pytest

# Nothing of the suite is imported here: pytest has to see it first.
_ENGINES = ("direct", "litellm")
_WORDS = ("passed", "failed", "limits", "skipped")


class Tally:
    """Counts outcomes by the way that a test's name begins with."""

    def __init__(self) -> None:
        self.counts: dict[str, Counter[str]] = defaultdict(Counter)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Of a test's call, or of the setup that skipped or broke it."""
        if report.when != "call" and report.outcome == "passed":
            return
        engine, _, rest = report.nodeid.partition("[")[2].rstrip("]").partition("-")
        if engine in _ENGINES:
            way = f"{engine}-{rest.partition('-')[0]}"
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
