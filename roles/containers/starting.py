"""The files that start what Docker, when it starts, tried only once."""

from __future__ import annotations

from pathlib import Path

from roles.common.entries import Entry
from roles.common.names import CONTAINERS, CONTAINERS_UNIT, LLM, STACK_DIR

_SCRIPT = f"{STACK_DIR}/start.sh"
_TEMPLATES = Path(__file__).with_name("templates")


def entries() -> list[Entry]:
    """The script, and the systemd unit that runs it after each start of Docker."""
    unit = _text("containers.service").replace("@SCRIPT@", _SCRIPT)
    script = _text("start.sh").replace("@NAMES@", " ".join([LLM, *CONTAINERS]))
    return [Entry(_SCRIPT, content=script), Entry(f"/etc/systemd/system/{CONTAINERS_UNIT}", content=unit)]


def _text(template: str) -> str:
    return (_TEMPLATES / template).read_text(encoding="utf-8")
