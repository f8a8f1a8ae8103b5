"""What the opt-in wants of daemon.json, and merging it into what the owner has there. Nothing here touches a host."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from roles.common.diff import in_words
from roles.common.names import DAEMON_FILE
from roles.common.words import sentence

# Key, value, and the section of the CIS Docker Benchmark (1.6) that asks for it, if one does.
SETTINGS: dict[str, tuple[Any, str]] = {
    # Containers on the default bridge do not reach each other. Docker leaves its networks alone while containers run.
    "icc": (False, "CIS 2.2"),
    # No container gains privileges by a setuid program, unless it was made so.
    "no-new-privileges": (True, "CIS 2.14"),
    # Containers outlive a restart of the daemon.
    "live-restore": (True, "CIS 2.15"),
    # Published ports are the kernel's work, not a root process's each.
    "userland-proxy": (False, "CIS 2.16"),
    # No container fills the disk with its log. A limit that the owner has set is kept.
    "log-driver": ("json-file", ""),
    "log-opts": ({"max-size": "10m", "max-file": "3"}, ""),
}

_JSON_FILE_OPTIONS = ("max-size", "max-file", "compress", "labels", "labels-regex", "env", "env-regex", "tag")
_UNLIMITED = ("-1", "0", "")


class DaemonFileError(ValueError):
    """daemon.json is not what Docker could read; says how and what to do."""


@dataclass(frozen=True)
class Merged:
    """The owner's settings, the same with the hardening in them, and each change in words."""

    owners: Mapping[str, Any]
    settings: Mapping[str, Any]
    changes: tuple[str, ...]

    @property
    def steps(self) -> tuple[str, str, str]:
        """The owner's settings with live-restore on, with it as it was, and the hardened ones; the first two a line."""
        was = self.owners.get("live-restore", False)
        return (
            json.dumps({**self.owners, "live-restore": True}),
            json.dumps({**self.owners, "live-restore": was}),
            json.dumps(self.settings, indent=4, ensure_ascii=False),
        )


def read(text: str) -> dict[str, Any]:
    """The settings that a daemon.json holds; an empty one holds none, as for Docker.

    Raises:
        DaemonFileError: it holds no JSON object.
    """
    try:
        settings = json.loads(text) if text.strip() else {}
    except ValueError as error:
        raise DaemonFileError(sentence("daemon_no_json", file=DAEMON_FILE, reason=error)) from None
    if not isinstance(settings, dict):
        raise DaemonFileError(sentence("daemon_no_object", file=DAEMON_FILE, kind=type(settings).__name__))
    return settings


def merge(owners: Mapping[str, Any]) -> Merged:
    """Put the hardening into the owner's settings, which stay in their order; all other keys stay as they are."""
    settings, changes = dict(owners), []
    for key, wanted in wanted_beside(owners).items():
        if key not in owners or owners[key] != wanted:
            change: dict[str, str] = {"file": DAEMON_FILE, "key": key, "wanted": in_words(wanted), "why": _why(key)}
            if key in owners:
                changes.append(sentence("daemon_setting", **change, found=in_words(owners[key])))
            else:
                changes.append(sentence("daemon_unset", **change))
        settings[key] = wanted
    return Merged(owners, settings, tuple(changes))


def _why(key: str) -> str:
    section = SETTINGS[key][1]
    if key == "icc":
        return sentence("daemon_after_boot", section=section)
    return section or sentence("daemon_log_limit")


def wanted_beside(owners: Mapping[str, Any]) -> dict[str, Any]:
    """The hardening's keys, with what is kept of the owner's log options: limits, and what json-file understands."""
    wanted = {key: value for key, (value, _) in SETTINGS.items()}
    options = owners.get("log-opts")
    if isinstance(options, Mapping):
        kept = {key: value for key, value in options.items() if key in _JSON_FILE_OPTIONS and value not in _UNLIMITED}
        wanted["log-opts"] = {**wanted["log-opts"], **kept}
    return wanted


def left_behind(text: str) -> list[str]:
    """What the hardening has left in a file from which the owner has not removed it, in words.

    It is not taken out by itself: nobody knows which of it the owner had before, or has come to rely on.
    """
    try:
        settings = read(text)
    except DaemonFileError:
        return []
    wanted = wanted_beside(settings)
    left = [f"{key}={in_words(value)}" for key, value in wanted.items() if settings.get(key) == value]
    return [sentence("daemon_left", file=DAEMON_FILE, left=", ".join(left))] if left else []
