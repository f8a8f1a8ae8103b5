"""The outcome on the terminal: a row a control, and below it what failed, what was skipped and why."""

from __future__ import annotations

from collections.abc import Iterator

from tests.compliance.results import Report, Result, Row
from tests.compliance.words import Words, shown

MARKS = {"passed": "✔", "failed": "✘", "skipped": "–", "information": "i"}
HEADINGS = (Words("control", "zabezpieczenie"), Words("CIS", "CIS"), Words("checks", "sprawdzenia"))
COUNTS = {
    "passed": Words("passed", "dobrze"),
    "failed": Words("failed", "źle"),
    "skipped": Words("skipped", "pominięte"),
    "information": Words("to know", "do wiadomości"),
}
PAGE = Words("All of it, check by check", "Wszystko, sprawdzenie po sprawdzeniu")
EXPECTED, SEEN = Words("expected", "oczekiwane"), Words("seen", "zastane")
# Polish numerals would want three forms of every noun: these sentences do without.
_HELD = Words("Controls that hold: {held} of {all}", "Obowiązujące zabezpieczenia: {held} z {all}")
_ABSENT = Words("cannot be looked at here: {absent}", "nie do sprawdzenia tutaj: {absent}")
_CHECKS = Words("checks passed: {passed}", "udane sprawdzenia: {passed}")


def table(report: Report, language: str) -> Iterator[str]:
    """Its lines, for all hosts."""
    for host in report.names():
        yield from ("", f"   {host}")
        if sentence := report.unfit(host):
            yield f" ✘ {sentence}"
        else:
            yield from _of_host(report.rows(host), language)


def summary(rows: list[Row], language: str) -> str:
    """One sentence: how many controls hold, and which nobody could look at."""
    judged = [row for row in rows if not row.control.informs]
    absent = [row.control.name.to(language) for row in judged if row.outcome == "skipped"]
    parts = [_HELD, *([_ABSENT] if absent else []), _CHECKS]
    return "; ".join(part.to(language) for part in parts).format(
        held=sum(row.outcome == "passed" for row in judged),
        all=len(judged),
        absent=", ".join(absent),
        passed=sum(row.count("passed") for row in rows),
    )


def _of_host(rows: list[Row], language: str) -> Iterator[str]:
    first, second, third = (words.to(language) for words in HEADINGS)
    width = max(len(row.control.name.to(language)) for row in rows)
    cis = max(len(second), *(len(", ".join(row.control.cis)) for row in rows))
    yield f"   {first:{width}}  {second:{cis}}  {third}"
    for row in rows:
        counts = [f"{row.count(end)} {words.to(language)}" for end, words in COUNTS.items() if row.count(end)]
        name, numbers = row.control.name.to(language), ", ".join(row.control.cis)
        yield f" {MARKS[row.outcome]} {name:{width}}  {numbers:{cis}}  {', '.join(counts)}"
        for result in row.results:
            yield from _explained(result, language)
    yield f"   {summary(rows, language)}"


def _explained(result: Result, language: str) -> Iterator[str]:
    if result.outcome == "passed":
        return
    where = f" ({result.container})" if result.container else ""
    title = f"     {MARKS[result.outcome]} {result.check.title.to(language)}{where}"
    if result.outcome == "skipped":
        yield f"{title}: {result.reason.to(language) if result.reason else result.error}"
    elif result.outcome == "information":
        yield f"{title}: {shown(result.seen, language)}"
    elif not result.expected:
        yield f"{title}: {result.error}"
    else:
        yield title
        yield f"         {EXPECTED.to(language)}: {shown(result.expected[-1], language)}"
        yield f"         {SEEN.to(language)}: {shown(result.seen[-1], language)}"
