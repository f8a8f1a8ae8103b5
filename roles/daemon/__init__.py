"""Hardening of the Docker daemon itself: only when the owner asks for it, since every stack on the host shares it."""

from __future__ import annotations

from typing import Any

from pyinfra.api.deploy import deploy

from roles.common import settings
from roles.common.report import say
from roles.common.words import sentence
from roles.daemon.hardening import left_behind
from roles.daemon.operations import daemon_hardened
from roles.preflight.machine import Machine

DEFAULTS: dict[str, Any] = {
    # Merge the settings of roles/daemon/hardening.py into /etc/docker/daemon.json and restart Docker, with the host's
    # containers running on. False leaves Docker as it is.
    "picoclaw_harden_docker": False,
}


@deploy("daemon", data_defaults=DEFAULTS)
def daemon(machine: Machine) -> None:
    """Harden the daemon if the owner has opted in; say what is left of it if the owner has opted out again."""
    if settings.switch("picoclaw_harden_docker"):
        daemon_hardened(name=sentence("name_daemon"))
    elif machine.daemon_was_hardened:
        say(left_behind(machine.daemon_json))
