"""The images, built on the host from the shipped agent: nothing of this project is pulled from a registry."""

from __future__ import annotations

from pyinfra.api.deploy import deploy

from roles.common import settings
from roles.common.words import sentence
from roles.image.operations import images
from roles.image.shipment import DEFAULTS, shipped
from roles.storage.config import OwnersConfig


@deploy("image", data_defaults=DEFAULTS)
def image(config: OwnersConfig) -> None:
    """Build the images that `config` needs unless they are there, and keep the ones that are replaced.

    Raises:
        DeployError: a file to be shipped cannot be read.
    """
    shipment = shipped()
    targets = ["gateway", "sandbox", *(["llm"] if config.config.uses_litellm else [])]
    images(
        name=sentence("name_images"),
        targets=targets,
        shipment=shipment,
        source=settings.optional_text("picoclaw_images_from"),
        refresh=settings.switch("picoclaw_refresh"),
    )
