"""The recorded answers of real Dockers, as `record.py` wrote them."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

RECORDED = Path(__file__).with_name("recorded")
VERSIONS = ("20.10", "26.1")


def recording(version: str) -> dict[str, Any]:
    """What one Docker said."""
    loaded: dict[str, Any] = json.loads((RECORDED / f"docker-{version}.json").read_text(encoding="utf-8"))
    return loaded


def mutated(recorded: dict[str, Any], title: str) -> dict[str, Any]:
    """The inspected container with what one mutation changed."""
    container: dict[str, Any] = copy.deepcopy(recorded["container"])
    for part, changes in recorded["mutations"][title].items():
        if part == "Mounts":
            container[part] = changes
        else:
            container[part].update(changes)
    return container
