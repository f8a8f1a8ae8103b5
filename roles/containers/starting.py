"""The files that start what Docker, when it starts, tried only once."""

from __future__ import annotations

from pathlib import Path

from roles.common.entries import Entry
from roles.common.names import CONTAINERS, CONTAINERS_UNIT, LLM, STACK_DIR
from roles.common.templates import render

_SCRIPT = f"{STACK_DIR}/start.sh"
_TEMPLATES = Path(__file__).with_name("templates")


def entries() -> list[Entry]:
    """The script, and the systemd unit that runs it after each start of Docker."""
    script = render(_TEMPLATES, "start.sh", names=[LLM, *CONTAINERS])
    unit = render(_TEMPLATES, "containers.service", script=_SCRIPT)
    return [Entry(_SCRIPT, content=script), Entry(f"/etc/systemd/system/{CONTAINERS_UNIT}", content=unit)]
