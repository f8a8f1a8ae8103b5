"""What was seen of the hosts, and what came of the checks, for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import msgspec

from agent.operator.look import judging
from agent.operator.look.seen import Seen


def status(all_seen: Sequence[Seen], language: str) -> str:
    """`[{"host": str, "well": bool, "troubles": [{"kind", "said", "do"}], ...}]`, then the fields of Seen."""
    return _json([
        {"well": not judging.troubles(seen), "troubles": _troubles(seen, language), **msgspec.to_builtins(seen)}
        for seen in all_seen
    ])  # fmt: skip


def doctor(all_seen: Sequence[Seen], language: str) -> str:
    """`[{"host", "well", "checks": [{"id", "verdict", "kind", "said"}], "do": str or null}]`."""
    return _json([_of(seen, language) for seen in all_seen])


def _of(seen: Seen, language: str) -> dict[str, Any]:
    checks = [
        {
            "id": finding.check,
            "verdict": finding.verdict,
            "kind": finding.trouble and finding.trouble.kind,
            "said": finding.trouble and judging.said(finding.trouble, seen, language),
        }
        for finding in judging.findings(seen)
    ]
    found = _troubles(seen, language)
    return {"host": seen.host, "well": not found, "checks": checks, "do": found[0]["do"] if found else None}


def _troubles(seen: Seen, language: str) -> list[dict[str, str]]:
    return [
        {
            "kind": trouble.kind,
            "said": judging.said(trouble, seen, language),
            "do": judging.remedy(trouble, seen, language),
        }
        for trouble in judging.troubles(seen)
    ]


def _json(document: object) -> str:
    """ASCII, so that no terminal obeys it."""
    return json.dumps(document, indent=2)
