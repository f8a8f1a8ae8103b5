"""The outcome as a page."""

from __future__ import annotations

from tests.compliance.results import Report


def page(report: Report, language: str) -> str:
    """Not yet."""
    return f"{language} {len(report.results)}"
