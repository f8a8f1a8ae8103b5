"""Shared by the hostile tests."""

from __future__ import annotations

from pathlib import Path

from tests.unit.sandbox.box import Box


def python(program: str) -> str:
    return f"/usr/bin/python3 - <<'END'\n{program}\nEND"


def cpu_ticks(box: Box) -> int:
    fields = Path(f"/proc/{box.pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def works(box: Box) -> bool:
    return box.exec("echo works").output == "works\n"
