"""The outcome as one page without external parts: light and dark, English and Polish, readable without scripts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from tests.compliance.checking import KINDS, Check
from tests.compliance.results import Report, Result, Row
from tests.compliance.table import COUNTS, MARKS, summary
from tests.compliance.words import LANGUAGES, Words, shown

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).with_name("templates")),
    undefined=StrictUndefined,
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
)
_OUTCOMES = ("failed", "skipped", "information", "passed")


@dataclass(frozen=True)
class Line:
    """A check, or what it saw in those containers in which it saw the same."""

    check: Check
    containers: list[str]
    outcome: str
    expected: Words
    seen: Words


def page(report: Report, language: str) -> str:
    """The page."""
    return _TEMPLATES.get_template("page.html.j2").render(
        hosts=[_host(report, name) for name in report.names()],
        language=language,
        languages=LANGUAGES,
        made=datetime.now().astimezone().strftime("%Y-%m-%d %H:%M %Z"),
        marks=MARKS,
        counts=COUNTS,
        kinds=KINDS,
        lines=lines,
        t=translated,
    )


def translated(words: Words) -> Markup:
    """Both languages, of which the page shows one; once where they are the same."""
    if words.en == words.pl:
        return escape(words.en)
    spans = (Markup('<span lang="{}">{}</span>').format(code, words.to(code)) for code in LANGUAGES)
    return Markup("").join(spans)


def lines(row: Row) -> list[Line]:
    """A control's checks, what needs attention first; containers in which the same was seen are told together."""
    return sorted(_grouped(row), key=lambda line: _OUTCOMES.index(line.outcome))


def _grouped(row: Row) -> Iterator[Line]:
    groups: dict[tuple[Any, ...], list[Result]] = {}
    for result in row.results:
        key = (result.check, result.outcome, _both(result.expected), _seen(result))
        groups.setdefault(key, []).append(result)
    for (check, outcome, expected, seen), results in groups.items():
        yield Line(check, [result.container for result in results if result.container], outcome, expected, seen)


def _seen(result: Result) -> Words:
    if result.outcome == "skipped" and result.reason:
        return result.reason
    return _both(result.seen) if result.seen else Words(result.error, result.error)


def _both(value: Any) -> Words:
    return Words(*(shown(value, code) for code in LANGUAGES))


def _host(report: Report, name: str) -> dict[str, Any]:
    rows, unfit, live = report.rows(name), report.unfit(name), report.hosts.get(name)
    facts = live.facts if live else {}
    judged = [row for row in rows if not row.control.informs]
    return {
        "name": facts.get("hostname") or name,
        "address": name,
        "facts": {
            Words("System", "System"): facts.get("os", ""),
            Words("Kernel", "Jądro"): facts.get("kernel", ""),
            Words("Docker", "Docker"): live.docker.get("ServerVersion", "") if live else "",
            Words("cgroup", "cgroup"): live.docker.get("CgroupVersion", "") if live else "",
        },
        "unfit": unfit,
        "rows": rows,
        "summary": Words(*(summary(rows, code) for code in LANGUAGES)),
        "failed": bool(unfit) or any(row.outcome == "failed" for row in rows),
        "held": sum(row.outcome == "passed" for row in judged),
        "judged": len(judged),
        "totals": {outcome: sum(row.count(outcome) for row in rows) for outcome in COUNTS},
    }
