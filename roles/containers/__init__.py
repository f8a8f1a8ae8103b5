"""The containers, created, started and kept as they are specified, and removed where they are not needed."""

from typing import Any

from pyinfra.api.deploy import deploy

from roles.common import settings
from roles.common.names import CONTAINERS_UNIT, GATEWAY, LLM, LLM_IMAGE, SANDBOX
from roles.common.operations import paths, unit_enabled
from roles.common.words import sentence
from roles.containers import starting
from roles.containers.operations import container, removed
from roles.containers.specs import gateway, llm, sandbox
from roles.image import shipment
from roles.storage.config import OwnersConfig
from roles.storage.volumes import LLM_VOLUMES

DEFAULTS: dict[str, Any] = {
    # Lines for the gateway's /etc/hosts, {"name": "address"}: a model in the home network, say.
    "picoclaw_extra_hosts": {},
    # See roles/storage and roles/image.
    "picoclaw_ca_file": None,
    **shipment.DEFAULTS,
}


@deploy("containers", data_defaults=DEFAULTS)
def containers(config: OwnersConfig) -> None:
    """Run the containers that `config` needs from the images of what is shipped."""
    with_llm = config.config.uses_litellm
    tag = shipment.shipped().tag
    with_ca = settings.optional_text("picoclaw_ca_file") is not None
    extra_hosts = settings.mapping("picoclaw_extra_hosts")
    # Who is asked first, who asks second: a message that waits at the start is answered.
    if with_llm:
        container(name=sentence("name_container", name=LLM), spec=llm(tag))
    container(
        name=sentence("name_container", name=GATEWAY),
        spec=gateway(tag, with_ca=with_ca, extra_hosts=extra_hosts, with_llm=with_llm),
    )
    container(name=sentence("name_container", name=SANDBOX), spec=sandbox(tag))
    paths(name=sentence("name_starting"), entries=starting.entries())
    unit_enabled(name=sentence("name_started"), unit=CONTAINERS_UNIT)
    # Last, for the gateway holds its volumes until it is made anew without them.
    if not with_llm:
        volumes = [volume.name for volume in LLM_VOLUMES]
        name = sentence("name_no_container", name=LLM)
        removed(name=name, container=LLM, repository=LLM_IMAGE, volumes=volumes)
