"""The isolated network: a bridge for the gateway alone, and what may be reached from it."""

from __future__ import annotations

from typing import Any

from pyinfra.api.deploy import deploy

from roles.common import settings
from roles.common.entries import Entry
from roles.common.names import FIREWALL_FILE, FIREWALL_LOADER, NETWORK, STACK_DIR
from roles.common.operations import packages, paths
from roles.common.words import sentence
from roles.network import exceptions, firewall
from roles.network.operations import bridge_network, firewall_loaded
from roles.preflight.machine import Machine
from roles.storage.config import OwnersConfig

DEFAULTS: dict[str, Any] = {
    # What the gateway may reach besides TCP 443 of global addresses and the host's DNS resolvers, each an IPv4 address
    # or network and a TCP port: ["192.168.1.20/32:11434"] for a model in the home network, say. An address of the host
    # itself counts as it stands; a port that another container publishes there is that container's own address.
    # What config.json names (an api_base, sandbox.allow_hosts) needs no line here: see exceptions.py.
    "picoclaw_allow_outbound": [],
    # See roles/containers.
    "picoclaw_extra_hosts": {},
}


@deploy("network", data_defaults=DEFAULTS)
def network(machine: Machine, config: OwnersConfig) -> None:
    """Put the firewall in force, then make the bridge: nothing is ever on the bridge without it."""
    rules = firewall.ruleset(
        firewall.exceptions(settings.texts("picoclaw_allow_outbound")),
        exceptions.of_config(config.config, settings.mapping("picoclaw_extra_hosts")),
    )
    loader = firewall.loader(machine.docker_dns)
    if not machine.nft:
        packages(name=sentence("name_install_nftables"), names=["nftables"])
    paths(
        name=sentence("name_firewall_files"),
        entries=[
            Entry(STACK_DIR, kind="directory", mode=0o750),
            Entry(FIREWALL_FILE, content=rules),
            Entry(FIREWALL_LOADER, content=loader),
            *(Entry(f"/etc/systemd/system/{name}", content=text) for name, text in firewall.units().items()),
        ],
    )
    firewall_loaded(name=sentence("name_firewall"), files=rules + loader)
    bridge_network(name=sentence("name_network", name=NETWORK))
