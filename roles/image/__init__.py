"""The images, built on the host from the shipped agent: nothing of this project is pulled from a registry."""

from __future__ import annotations

from pyinfra.api.deploy import deploy

from roles.image.operations import images
from roles.image.shipment import DEFAULTS, shipped


@deploy("image", data_defaults=DEFAULTS)
def image() -> None:
    """Build the images unless they are there, and keep the ones that are replaced.

    Raises:
        DeployError: a file to be shipped cannot be read.
    """
    shipment = shipped()
    images(name="Images", tag=shipment.tag, files=shipment.files, arguments=shipment.arguments)
