"""What was seen of the hosts, and what came of the checks, for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence

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
    """`[{"host", ...}]`, then what agent.doctor.telling has for each."""
    return _json([
        {"host": seen.host, **judging.teller(seen, language).document(judging.findings(seen), seen)}
        for seen in all_seen
    ])  # fmt: skip


def _troubles(seen: Seen, language: str) -> list[dict[str, str]]:
    teller = judging.teller(seen, language)
    return [
        {"kind": trouble.kind, "said": teller.wrong(trouble), "do": teller.remedy(trouble)}
        for trouble in judging.troubles(seen)
    ]


def _json(document: object) -> str:
    """ASCII, so that no terminal obeys it."""
    return json.dumps(document, indent=2)
