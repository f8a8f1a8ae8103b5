"""The end of a deploy: every container is healthy and the model answers, or the run fails and shows why."""

from __future__ import annotations

from typing import Any

from pyinfra.api.deploy import deploy

from roles.common import settings
from roles.common.names import CONTAINERS, GATEWAY, LLM
from roles.common.words import sentence
from roles.health.model import model_answers
from roles.health.operations import healthy, settled
from roles.storage.config import OwnersConfig

DEFAULTS: dict[str, Any] = {
    # How long each container may take until it is healthy, in seconds.
    "picoclaw_health_timeout": 90,
    # Whether the model is asked one short question (a fraction of a cent) after a container was started anew; the
    # deploy fails when it does not answer.
    "picoclaw_check_model": True,
}


@deploy("health", data_defaults=DEFAULTS)
def health(config: OwnersConfig) -> None:
    """Wait for the containers that `config` needs, then see whether the model answers."""
    names = [*CONTAINERS, *([LLM] if config.config.uses_litellm else [])]
    healthy(name=sentence("name_healthy"), names=names, timeout_s=settings.number("picoclaw_health_timeout"))
    settled(name=sentence("name_settled"))
    if settings.switch("picoclaw_check_model"):
        model_answers(name=sentence("name_model"), container=GATEWAY)
