"""What a person is shown: the table and the page."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.compliance.checking import Check, Expect, Kind, Mismatch
from tests.compliance.live import Unfit, parse
from tests.compliance.page import page
from tests.compliance.results import Report, Result
from tests.compliance.table import table
from tests.compliance.words import NOTHING, Words, shown


def result(control: str, outcome: str, **more: Any) -> Result:
    """A result on a host."""
    kind: Kind = "information" if outcome == "information" else "effective"
    values: dict[str, Any] = {
        "host": "ssh://one", "check": Check(control, kind, Words("It <holds>", "To <działa>")), "container": "picoclaw",
        "outcome": outcome, "expected": ["ro"], "seen": ["ro"], "reason": None, "error": "", "unfit": False,
    }  # fmt: skip
    return Result(**{**values, **more})


@pytest.fixture
def report() -> Report:
    """One of each."""
    return Report(
        [
            result("read-only", "passed"),
            result("read-only", "passed", container="picoclaw-sandbox"),
            result("seccomp", "failed", expected=[{"a": 1}], seen=[{"<script>": NOTHING}]),
            result("apparmor", "skipped", reason=Words("no AppArmor", "brak AppArmora"), expected=[], seen=[]),
            result("daemon", "information", seen=[Words("icc: not set", "icc: nie ustawione")]),
            result("limits", "failed", host="ssh://two", unfit=True, error="PicoClaw is not on this host"),
            result("logs", "failed", host="ssh://two", unfit=True, error="PicoClaw is not on this host"),
        ]
    )


def test_the_table_in_english(report: Report) -> None:
    lines = list(table(report, "en"))
    assert [line.split()[0] for line in lines if line.startswith((" ✔", " ✘", " –", " i"))] == ["✔", "✘", "–", "i", "✘"]
    text = "\n".join(lines)
    assert re.search("Read-only root file system +5.13 +2 passed", text)
    assert "expected: a: 1\n         seen: <script>: nothing" in text
    assert "– It <holds> (picoclaw): no AppArmor" in text
    assert "Controls that hold: 1 of 3; cannot be looked at here: AppArmor; checks passed: 2" in text
    assert text.count("PicoClaw is not on this host") == 1, "one sentence, not one for each check"


def test_the_table_in_polish(report: Report) -> None:
    text = "\n".join(table(report, "pl"))
    for words in ("System plików tylko do odczytu", "oczekiwane: a: 1", "zastane: <script>: nic", "brak AppArmora"):
        assert words in text
    assert "icc: nie ustawione" in text


def test_the_page_is_whole_and_safe(report: Report) -> None:
    text = page(report, "pl")
    assert '<html lang="pl" data-language="pl">' in text
    assert not re.search(r'(?:src|href)="(?!#|data:)', text), "nothing is loaded from elsewhere"
    assert "&lt;script&gt;: " in text
    assert text.count("<script>") == 1, "its own"
    for words in ("It &lt;holds&gt;", "To &lt;działa&gt;", "no AppArmor", "brak AppArmora", "CIS 5.13"):
        assert words in text
    assert text.count("PicoClaw is not on this host") == 1


def test_what_failed_is_unfolded(report: Report) -> None:
    opened = re.findall(r'<details class="(\w+)" id="([a-z-]+)-\d+"( open)?>', page(report, "en"))
    assert {(control, outcome) for outcome, control, is_open in opened if is_open} == {("seccomp", "failed")}


def test_the_same_in_both_containers_is_told_once(report: Report) -> None:
    row = page(report, "en").split('id="read-only-')[1].split("</details>")[0]
    assert row.count('class="check ') == 1
    assert re.findall(r'class="where">([a-z-]+)<', row) == ["picoclaw", "picoclaw-sandbox"]


def test_every_span_of_a_language_has_its_twin(report: Report) -> None:
    text = page(report, "en")
    assert text.count('<span lang="en">') == text.count('<span lang="pl">') > 20


@pytest.mark.parametrize(
    ("value", "en", "pl"),
    [
        (True, "yes", "tak"),
        (None, "not set", "nie ustawione"),
        (set(), "nothing", "nic"),
        ({}, "nothing", "nic"),
        ([NOTHING, 3], "nothing, 3", "nic, 3"),
        ({"b": {"y", "x"}, "a": []}, "b: x, y; a: nothing", "b: x, y; a: nic"),
        (("0", "1"), "0, 1", "0, 1"),
    ],
)
def test_values(value: Any, en: str, pl: str) -> None:
    assert (shown(value, "en"), shown(value, "pl")) == (en, pl)


def test_a_mismatch_says_both() -> None:
    expect = Expect()
    expect("ro", "ro")
    with pytest.raises(Mismatch, match="expected ro; seen rw"):
        expect("ro", "rw")
    assert (expect.expected, expect.seen) == (["ro", "ro"], ["ro", "rw"])
    with pytest.raises(Mismatch):
        expect.refused({"mount": "EPERM", "open": "done"}, "EPERM")


@pytest.mark.parametrize(
    ("stopped", "sentence"),
    [
        ("missing picoclaw-sandbox", "container picoclaw-sandbox does not exist: run `pyinfra inventory deploy.py`"),
        ("status picoclaw exited", "picoclaw is not running but exited"),
        ("docker", "Docker is not installed"),
        ("user ubuntu", "need root on this host, they came as user ubuntu"),
    ],
)
def test_a_host_without_the_product_is_one_sentence(stopped: str, sentence: str) -> None:
    with pytest.raises(Unfit, match=re.escape(sentence)) as raised:
        parse(f"@@ stop\n{stopped}\n", "@@")
    assert "\n" not in str(raised.value)
