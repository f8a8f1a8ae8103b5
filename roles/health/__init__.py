"""The end of a deploy: every container is healthy, or the run fails and shows why."""

from __future__ import annotations

from typing import Any

from pyinfra.api.deploy import deploy

from roles.common import settings
from roles.common.names import CONTAINERS, LLM
from roles.health.operations import healthy
from roles.storage.config import OwnersConfig

DEFAULTS: dict[str, Any] = {
    # How long each container may take until it is healthy, in seconds.
    "picoclaw_health_timeout": 90,
}


@deploy("health", data_defaults=DEFAULTS)
def health(config: OwnersConfig) -> None:
    """Wait for the containers that `config` needs."""
    names = [*CONTAINERS, *([LLM] if config.config.uses_litellm else [])]
    healthy(name="Containers are healthy", names=names, timeout_s=settings.number("picoclaw_health_timeout"))
