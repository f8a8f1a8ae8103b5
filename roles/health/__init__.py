"""The end of a deploy: both containers are healthy, or the run fails and shows why."""

from __future__ import annotations

from typing import Any

from pyinfra.api.deploy import deploy

from roles.common import settings
from roles.common.names import CONTAINERS
from roles.health.operations import healthy

DEFAULTS: dict[str, Any] = {
    # How long each container may take until it is healthy, in seconds.
    "picoclaw_health_timeout": 90,
}


@deploy("health", data_defaults=DEFAULTS)
def health() -> None:
    """Wait for both containers."""
    healthy(name="Containers are healthy", names=CONTAINERS, timeout_s=settings.number("picoclaw_health_timeout"))
