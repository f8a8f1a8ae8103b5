"""The isolated bridge network: its options, and what differs. Nothing here touches a host."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from roles.common.diff import differences
from roles.common.names import BRIDGE, GATEWAY, NETWORK
from roles.common.words import sentence

OPTIONS = {
    "com.docker.network.bridge.name": BRIDGE,
    "com.docker.network.bridge.enable_icc": "false",
}
# Newer Docker versions write these beside the options that were given.
_OWN_ACCORD = ("com.docker.network.enable_ipv4", "com.docker.network.enable_ipv6")


def create_arguments() -> list[str]:
    """The words after `docker network create`."""
    return ["--driver=bridge", "--ipv6=false", *(f"--opt={name}={value}" for name, value in OPTIONS.items()), NETWORK]


def drift(network: Mapping[str, Any]) -> list[str]:
    """What of the inspected network is not as it should be; its address range is Docker's choice."""
    options = network.get("Options") or {}
    found = {
        "driver": network["Driver"],
        "options": {name: value for name, value in options.items() if name not in _OWN_ACCORD},
        "ipv6": bool(network.get("EnableIPv6")),
        "internal": bool(network.get("Internal")),
        "attachable": bool(network.get("Attachable")),
    }
    wanted = {"driver": "bridge", "options": OPTIONS, "ipv6": False, "internal": False, "attachable": False}
    return [sentence("of_network", name=NETWORK, line=line) for line in differences(wanted, found)]


def attached(network: Mapping[str, Any]) -> list[str]:
    """The names of the running containers on it."""
    return sorted(endpoint["Name"] for endpoint in (network.get("Containers") or {}).values())


def strangers(network: Mapping[str, Any]) -> list[str]:
    """Those of them that have no business there."""
    return [name for name in attached(network) if name != GATEWAY]
