"""Running the compliance checks on the lab host, and reading what they found."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.stack import REPOSITORY, Stack


@dataclass(frozen=True)
class Verification:
    """One run: the controls by how their checks ended, and what it printed."""

    exit_code: int
    output: str = field(repr=False)
    checks: list[dict[str, str]] = field(repr=False)

    @property
    def failed(self) -> set[str]:
        """The controls of which a check failed."""
        return {check["control"] for check in self.checks if check["outcome"] == "failed"}

    def seen(self, control: str) -> list[str]:
        """What the checks of a control saw."""
        return [check["seen"] for check in self.checks if check["control"] == control]


def verify(stack: Stack) -> Verification:
    """`pytest tests/compliance` against the lab host, without the fixtures that raise one."""
    hosts = f"--hosts={stack.environment['PICOCLAW_TESTINFRA_HOSTS']}"
    with tempfile.TemporaryDirectory() as directory:
        junit = Path(directory, "junit.xml")
        done = subprocess.run(
            [
                *(sys.executable, "-m", "pytest", "tests/compliance", "-q", "--tb=no"),
                *("--confcutdir=tests/compliance", hosts, f"--junit-xml={junit}"),
            ],
            cwd=REPOSITORY, env=stack.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        return Verification(done.returncode, done.stdout + done.stderr, list(_checks(junit)))


def _checks(junit: Path) -> Iterator[dict[str, str]]:
    for case in ET.parse(junit).iter("testcase"):  # noqa: S314 (pytest has just written it)
        properties = {item.attrib["name"]: item.attrib["value"] for item in case.iter("property")}
        ended = {"failure": "failed", "error": "failed", "skipped": "skipped"}
        outcome = next((ended[child.tag] for child in case if child.tag in ended), "passed")
        yield {**properties, "outcome": outcome}
