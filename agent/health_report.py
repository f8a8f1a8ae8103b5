"""`picoclaw health`: the report of `/health` or `/ready`, as a person reads it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from agent.cli_words import say
from agent.language import closest

Report = Mapping[str, Any]


def text(report: Report, language: str) -> str:
    """A line for each thing; a gateway that stands by tells of its problem alone."""
    return "\n".join(_lines(report, language))


def _lines(report: Report, language: str) -> Iterator[str]:
    yield say("healthy" if report["healthy"] else "not_healthy", language)
    if "problem" in report:
        yield _problem(report, language)
    for name, channel in report.get("channels", {}).items():
        yield _channel(name, channel, language)
    for client, problem in report.get("egress", {}).items():
        yield say("egress", language, client=client, problem=problem or "ok")
    if "sandbox" in report:
        yield say("sandbox" if report["sandbox"] else "no_sandbox", language)
        yield say("waiting", language, questions=report["waiting"], answers=report["unsent"])


def _channel(name: str, channel: Report, language: str) -> str:
    problem, age = _problem(channel, language), channel["last_contact_s"]
    line = say("channel_never" if age is None else "channel_contact", language, name=name, problem=problem, age=age)
    if channel["problem"] and not channel["curable"]:
        line += say("incurable", language)
    if not channel["paired"]:
        line += say("nobody", language)
    return line + (say("strangers", language, count=channel["strangers"]) if channel["strangers"] else "")


def _problem(part: Report, language: str) -> str:
    polish = part.get("problem_pl") if closest(language) == "pl" else None
    return str(polish or part["problem"] or "ok")
