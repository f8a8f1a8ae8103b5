"""What lasts: the configuration and the volumes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pyinfra.api.deploy import deploy

from roles.common import settings
from roles.common.entries import Entry
from roles.common.names import CA_FILE, CONFIG_DIR, CONFIG_FILE, GID, MODELS_FILE, STACK_DIR, UID
from roles.common.operations import paths
from roles.common.words import sentence
from roles.models import table
from roles.storage.config import OwnersConfig, owners_config, read_text
from roles.storage.operations import flagged, volumes
from roles.storage.volumes import LLM_VOLUMES, VOLUMES

__all__ = ["owners_config", "storage"]

DEFAULTS: dict[str, Any] = {
    # The owner's config.json on this machine. None: config.json beside deploy.py; where that is not there either,
    # the one on the host is kept, and only its owner and mode are seen to.
    "picoclaw_config": None,
    # A PEM file on this machine with certificate authorities that the gateway trusts besides the public ones.
    "picoclaw_ca_file": None,
}


@deploy("storage", data_defaults=DEFAULTS)
def storage(config: OwnersConfig) -> None:
    """Write config.json, models.json and ca.pem for the agent's eyes alone, and make the volumes that it needs.

    Raises:
        DeployError: a file named by the data cannot be read.
    """
    paths(
        name=sentence("name_configuration"),
        entries=[
            Entry(STACK_DIR, kind="directory", mode=0o750),
            Entry(CONFIG_DIR, kind="directory", mode=0o700, uid=UID, gid=GID),
            Entry(CONFIG_FILE, mode=0o600, uid=UID, gid=GID, content=config.text),
            Entry(MODELS_FILE, mode=0o600, uid=UID, gid=GID, content=table.shipped(config.config.llm)),
            _ca(settings.optional_text("picoclaw_ca_file")),
        ],
    )
    volumes(name=sentence("name_volumes"), wanted=[*VOLUMES, *(LLM_VOLUMES if config.config.uses_litellm else ())])
    flagged(name=sentence("name_mounts"), wanted=[volume for volume in VOLUMES if volume.flags])


def _ca(file: str | None) -> Entry:
    if file is None:
        return Entry(CA_FILE, kind="absent")
    text = read_text(Path(file).expanduser(), "picoclaw_ca_file")
    return Entry(CA_FILE, mode=0o600, uid=UID, gid=GID, content=text)
