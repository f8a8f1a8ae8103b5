"""The gateway and the sandbox, created, started and kept as they are specified."""

from typing import Any

from pyinfra.api.deploy import deploy

from roles.common import settings
from roles.containers.operations import container
from roles.containers.specs import gateway, sandbox
from roles.image import shipment

DEFAULTS: dict[str, Any] = {
    # Lines for the gateway's /etc/hosts, {"name": "address"}: a model in the home network, say.
    "picoclaw_extra_hosts": {},
    # See roles/storage and roles/image.
    "picoclaw_ca_file": None,
    **shipment.DEFAULTS,
}


@deploy("containers", data_defaults=DEFAULTS)
def containers() -> None:
    """Run both containers from the images of what is shipped."""
    tag = shipment.shipped().tag
    with_ca = settings.optional_text("picoclaw_ca_file") is not None
    extra_hosts = settings.mapping("picoclaw_extra_hosts")
    # The one that listens first, the one that connects second.
    container(name="Container picoclaw", spec=gateway(tag, with_ca=with_ca, extra_hosts=extra_hosts))
    container(name="Container picoclaw-sandbox", spec=sandbox(tag))
