"""The bridge network and the firewall, compared as a whole and repaired."""

from __future__ import annotations

from collections.abc import Generator

from pyinfra.api.command import PyinfraCommand
from pyinfra.api.operation import operation
from pyinfra.context import host

from roles.common.commands import command, docker, script
from roles.common.facts import DockerObjects
from roles.common.names import (
    FIREWALL_FILE,
    FIREWALL_LOADER,
    FIREWALL_PATH_UNIT,
    FIREWALL_RECORD,
    FIREWALL_UNIT,
    NETWORK,
    NFT_TABLE,
)
from roles.common.report import say
from roles.common.words import sentence
from roles.network import bridge, firewall
from roles.network.facts import Firewall


@operation()
def bridge_network() -> Generator[PyinfraCommand, None, None]:
    """The network with exactly its options, and nobody on it but the gateway.

    A different one is made anew; whom that disconnects, the containers role connects again by recreating it.
    """
    network = host.get_fact(DockerObjects, kind="network", names=[NETWORK]).get(NETWORK)
    if network is None:
        say([sentence("network_missing", name=NETWORK)])
        yield docker("network", "create", *bridge.create_arguments())
        return
    drift, strangers = bridge.drift(network), bridge.strangers(network)
    say(drift)
    say(sentence("network_stranger", name=NETWORK, stranger=name) for name in strangers)
    for name in bridge.attached(network) if drift else strangers:
        yield docker("network", "disconnect", "--force", NETWORK, name)
    if drift:
        yield docker("network", "rm", NETWORK)
        yield docker("network", "create", *bridge.create_arguments())
    elif not strangers:
        host.noop(sentence("network_right", name=NETWORK))


@operation()
def firewall_loaded(files: str) -> Generator[PyinfraCommand, None, None]:
    """The table in force as its file and its loader have it, now and after every boot.

    What is loaded is recorded as nft lists it, and compared with that later: so a rule that was removed, added or
    changed by hand is noticed whatever way this nft version has of writing it.
    """
    drift = host.get_fact(Firewall).drift(files)
    if not drift:
        host.noop(sentence("firewall_right", table=NFT_TABLE))
        return
    say(drift)
    yield command("nft", "--check", "--file", FIREWALL_FILE)
    yield command("systemctl", "daemon-reload")
    yield command("systemctl", "enable", *firewall.UNITS)
    yield command("systemctl", "reset-failed", *firewall.UNITS)
    yield command("systemctl", "restart", FIREWALL_UNIT)
    yield command("systemctl", "restart", FIREWALL_PATH_UNIT)
    yield script(
        """
        umask 077
        {
            echo "sha256 $(cat -- "$rules" "$loader" | sha256sum | cut -d ' ' -f 1)"
            echo "recorded $(nft --json list table inet "$table")"
        } > "$record"
        """,
        rules=FIREWALL_FILE,
        loader=FIREWALL_LOADER,
        table=NFT_TABLE,
        record=FIREWALL_RECORD,
    )
