"""The table of controls as a person or a program reads it."""

import sys

from agent.confinement.checks import ROLES, rows
from agent.confinement.view import View
from agent.confinement.words import HEADINGS, NAMES, VERDICTS, index

TYPE_CHECKING = False
if TYPE_CHECKING:
    from agent.confinement.checks import Row

_MARKS = ("✘", "✔")


def look(role: str) -> "list[Row]":
    """The controls of the container in which this runs; `role` is a key of `ROLES`."""
    return rows(View(), ROLES[role])


def show(role: str, language: str, *, json: bool) -> int:
    """Print the controls of the container in which this runs; the exit code: 0 when all are in force."""
    found = look(role)
    sys.stdout.write(f"{as_json(found) if json else table(found, language)}\n")
    return 0 if all(row.ok for row in found) else 1


def as_json(found: "list[Row]") -> str:
    """`[{"id": str, "expected": str, "seen": str, "ok": bool}]`."""
    import json  # not at the start of a container, which looks and shows nothing

    return json.dumps([{"id": r.id, "expected": r.expected, "seen": r.seen, "ok": r.ok} for r in found], indent=2)


def table(found: "list[Row]", language: str) -> str:
    """A line for each control, and the verdict."""
    which = index(language)
    lines = [HEADINGS[which], *((NAMES[row.id][which], row.expected, row.seen) for row in found)]
    marks = [" ", *(_MARKS[row.ok] for row in found)]
    first, second = (max(len(line[column]) for line in lines) for column in (0, 1))
    shown = [f"{mark} {a:{first}}  {b:{second}}  {c}" for mark, (a, b, c) in zip(marks, lines, strict=True)]
    well = sum(row.ok for row in found)
    verdict = VERDICTS[which][well < len(found)].format(ok=well, all=len(found))
    return "\n".join([*shown, "", verdict])
