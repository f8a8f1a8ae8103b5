"""The checks cannot be proven right by what they check: they import nothing of it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

COMPLIANCE = Path(__file__).parents[2] / "compliance"
FILES = sorted(COMPLIANCE.rglob("*.py"))


def imported(source: str) -> set[str]:
    """The modules that a file imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(f"{'.' * node.level}{node.module or ''}")
    return found


@pytest.mark.parametrize("file", FILES, ids=[file.name for file in FILES])
def test_nothing_of_the_product_is_imported(file: Path) -> None:
    source = file.read_text(encoding="utf-8")
    ours = {name for name in imported(source) if name.split(".")[0] in ("roles", "agent", "tests", "deploy", "")}
    assert all(name.startswith("tests.compliance") for name in ours), ours
    assert "import_module" not in source
    assert "__import__" not in source


def test_the_program_for_the_containers_needs_the_standard_library_alone() -> None:
    names = imported((COMPLIANCE / "host/probe.py").read_text(encoding="utf-8"))
    assert not [name for name in names if name.startswith(("tests", "pytest", "testinfra"))]
