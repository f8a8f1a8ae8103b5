"""Docker: the distribution's, unless some Docker is there already; that one is left as it is and never restarted."""

from __future__ import annotations

from typing import Any

from pyinfra.api.deploy import deploy

from roles.common import settings
from roles.common.operations import packages, unit_running
from roles.common.words import sentence
from roles.preflight.machine import Machine
from roles.preflight.probe import container_starts

DEFAULTS: dict[str, Any] = {
    # What is installed where there is no Docker.
    "docker_packages": ["docker.io"],
}


@deploy("docker", data_defaults=DEFAULTS)
def docker(machine: Machine) -> None:
    """Make sure that a Docker daemon runs, now and after a reboot.

    Which packages are missing is decided by `machine`, which was looked at before anything ran.
    """
    missing = [] if machine.dockerd else [*settings.texts("docker_packages")]
    if machine.wants_apparmor and missing:
        missing.append("apparmor")
    if missing or machine.docker_client is None:
        # Since Debian 13 the client is a package of its own, which older releases do not have.
        packages(name=sentence("name_install_docker"), names=missing or ["docker-cli"], optional=["docker-cli"])
    if not machine.docker_unit:
        unit_running(name=sentence("name_docker"), unit="docker.service")
    if machine.docker_info is None:
        container_starts(name=sentence("name_probe"))
