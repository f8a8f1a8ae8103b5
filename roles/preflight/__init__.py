"""Preflight: is this host fit for it? Nothing is changed before every answer is yes."""

from __future__ import annotations

import sys
from typing import Any

from pyinfra.api.deploy import deploy
from pyinfra.api.exceptions import DeployError
from pyinfra.context import config, host

from roles.common import settings
from roles.common.words import sentence
from roles.preflight import checks
from roles.preflight.facts import Elevation, MachineFact
from roles.preflight.machine import Machine
from roles.preflight.probe import container_starts
from roles.storage.config import local_config

DEFAULTS: dict[str, Any] = {
    # Memory the machine must have, in MB; a "1 GB" VPS shows some 960.
    "preflight_min_memory_mb": 900,
    # Free disk where Docker keeps its data, in MB: for the first deploy, and once this project is installed.
    "preflight_min_disk_mb": 2048,
    "preflight_min_disk_update_mb": 512,
    # See roles/storage.
    "picoclaw_config": None,
}


def look_at_host() -> Machine:
    """Read what machine it is; from here on everything for this host runs as root.

    Raises:
        DeployError: root's rights cannot be had.
    """
    user, way = host.get_fact(Elevation)
    if refused := checks.elevation(user, way, can_ask=sys.stdin.isatty() or config.SUDO_PASSWORD is not None):
        raise DeployError(refused)
    if way != "root":
        config.SUDO = True
    return host.get_fact(MachineFact)


@deploy("preflight", data_defaults=DEFAULTS)
def preflight(machine: Machine) -> None:
    """Refuse an unfit host with one sentence.

    Raises:
        DeployError: something is missing; names it and the remedy.
        agent.errors.ConfigError: config.json is not valid.
    """
    disk = "preflight_min_disk_update_mb" if checks.installed(machine) else "preflight_min_disk_mb"
    refusals = [
        *checks.machine(
            machine,
            min_memory_mb=settings.number("preflight_min_memory_mb"),
            min_disk_mb=settings.number(disk),
        ),
        *checks.docker(machine),
    ]
    here = local_config(settings.optional_text("picoclaw_config")) is not None
    refusals += checks.config(here=here, there=machine.config)
    if refusals:
        raise DeployError("\n".join(refusals))
    if machine.docker_info is not None and not checks.running(machine):
        container_starts(name=sentence("name_probe"))
