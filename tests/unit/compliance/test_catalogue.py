"""Every control and every check is there in both languages, and none without the other."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from tests.compliance import table
from tests.compliance.checking import KINDS, Check
from tests.compliance.controls import CONTROLS, Control
from tests.compliance.words import Words

COMPLIANCE = Path(__file__).parents[2] / "compliance"
ROOT = COMPLIANCE.parents[1]
# The same in Polish: names of options, products and tools.
UNTRANSLATED = {"cap-drop", "no-new-privileges", "allowed-users", "tmpfs-noexec", "apparmor"}
# The owner's table of the README, in its words.
OWNERS = (
    "read-only", "cap-drop", "no-new-privileges", "seccomp", "non-root", "limits", "no-docker-socket", "network",
    "tmpfs-noexec", "allowed-users", "secrets",
)  # fmt: skip


def checks() -> list[Check]:
    """The heads of all checks."""
    found = []
    for file in sorted(COMPLIANCE.glob("test_*.py")):
        module = importlib.import_module(f"tests.compliance.{file.stem}")
        tests = [value for name, value in vars(module).items() if name.startswith("test_")]
        marks = [mark for test in tests for mark in getattr(test, "pytestmark", [])]
        found += [mark.args[0] for mark in [*marks, *_marks_of_cases(marks)] if mark.name == "check"]
    return found


def _marks_of_cases(marks: Iterable[pytest.Mark]) -> Iterator[pytest.Mark]:
    """Those of a parametrised check, whose cases have a head each."""
    for mark in marks:
        for case in mark.args[1] if mark.name == "parametrize" else ():
            for decorator in getattr(case, "marks", ()):
                yield decorator.mark


CHECKS = checks()


@pytest.mark.parametrize("control", CONTROLS.values(), ids=list(CONTROLS))
def test_a_control_is_there_in_both_languages(control: Control) -> None:
    for words in (control.name, control.meaning):
        assert all(text.strip() for text in words)
    assert control.meaning.en != control.meaning.pl
    assert (control.name.en == control.name.pl) == (control.id in UNTRANSLATED)
    assert all(re.fullmatch(r"[2-5]\.\d{1,2}", number) for number in control.cis)


@pytest.mark.parametrize("control", CONTROLS.values(), ids=list(CONTROLS))
def test_a_control_is_proven_by_what_is_in_force(control: Control) -> None:
    kinds = {check.kind for check in CHECKS if check.control == control.id}
    assert kinds
    if control.informs:
        assert kinds == {"information"}
    elif control.id not in ("host-files", "logs", "restart"):  # there the configuration is what is in force
        assert kinds & {"effective", "tried"}


@pytest.mark.parametrize("check", CHECKS, ids=[check.title.en for check in CHECKS])
def test_a_check_is_there_in_both_languages(check: Check) -> None:
    assert check.control in CONTROLS
    assert check.kind in KINDS
    assert all(text.strip() for text in check.title)
    assert check.title.en != check.title.pl


def test_no_two_checks_of_a_control_are_called_the_same() -> None:
    titles = [(check.control, check.title) for check in CHECKS]
    assert len(titles) == len(set(titles))


@pytest.mark.parametrize(("file", "language"), [("README.md", "en"), ("README.pl.md", "pl")])
def test_the_owners_rows_are_the_readmes(file: str, language: str) -> None:
    readme = (ROOT / file).read_text(encoding="utf-8").replace("`", "")
    missing = [control for control in OWNERS if f"| {CONTROLS[control].name.to(language)}" not in readme]
    assert missing == []


def test_the_tables_words_are_there_in_both_languages() -> None:
    words = [value for value in vars(table).values() if isinstance(value, Words)] + list(table.COUNTS.values())
    assert all(text.strip() for pair in words for text in pair)
