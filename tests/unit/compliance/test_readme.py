"""The README's hardening table says what the checks check, in both languages."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.compliance.controls import CONTROLS

REPOSITORY = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(("file", "language"), [("README.md", "en"), ("README.pl.md", "pl")])
def test_every_control_stands_in_the_readme_in_its_words(file: str, language: str) -> None:
    lines = (REPOSITORY / file).read_text(encoding="utf-8").replace("`", "").splitlines()
    wanted = [f"| {c.name.to(language)} | {c.meaning.to(language)} |" for c in CONTROLS.values()]
    first = lines.index(wanted[0])
    assert lines[first : first + len(wanted)] == wanted
    assert not lines[first + len(wanted)].startswith("|"), "a row that no check proves"
