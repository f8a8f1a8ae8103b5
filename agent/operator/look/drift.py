"""Whether a deploy would change anything on a host: `pyinfra --dry`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from agent.operator.look.seen import Drift
from agent.operator.words import speaking
from roles.common.names import REPOSITORY

_PATIENCE_S = 300


def drift(host: str, language: str, repository: Path = REPOSITORY) -> Drift:
    """Ask pyinfra, in that language; it changes nothing."""
    pyinfra = str(Path(sys.executable).with_name("pyinfra"))
    command = [pyinfra, "inventory", "deploy.py", "--dry", "--json", "--limit", host]
    try:
        done = subprocess.run(
            command, cwd=repository, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
            timeout=_PATIENCE_S, env=speaking(language, os.environ),
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return Drift(problem=f"no answer within {_PATIENCE_S} s")
    return of_plan(done.stdout, done.stderr, done.returncode, host)


def of_plan(output: str, errors: str, code: int, host: str) -> Drift:
    """Read what pyinfra printed: a JSON document with `plan`, its operations, each with `hosts_with_change`."""
    try:
        plan = json.loads(output)["plan"]
        changes = tuple(operation["name"] for operation in plan if host in operation["hosts_with_change"])
    except (ValueError, KeyError, TypeError):
        plan, changes = [], ()
    if code != 0 or not plan:
        return Drift(problem=_reason(errors))
    return Drift(changes=changes)


def _reason(errors: str) -> str:
    """The last line that tells anything: pyinfra's own begin with an arrow."""
    lines = [line.strip() for line in errors.splitlines() if line.strip() and not line.startswith("-->")]
    return lines[-1] if lines else "?"
