"""What the firewall lets through besides global port 443: what the owner's config.json names. Touches no host.

The egress proxy and the direct engine reach what an entry of `sandbox.allow_hosts` or an `api_base` names; the firewall
has to let exactly that pass, and it sees addresses and not names. So, of the entries of agent.egress.rules:

example.org, *.example.org, *   nothing: global addresses on port 443 are open as it is
192.168.1.20:11434              that address and port, wherever it is: also a service of the host itself
192.168.1.0/24:8080             that network and port, likewise
nas.home:8443                   with an address given for the name in `picoclaw_extra_hosts`: that one and the port.
                                Otherwise the port, at global addresses and at those of private networks; the name may
                                get another address any day, so it is not looked up here, and the proxy checks what it
                                gets. The host itself stays closed: who means it writes its address.
*.example.org:8443, *:8443      the port, at global addresses: a pattern is never a machine of the owner's own network
[fd00::1]:11434                 nothing: the bridge has no IPv6

A port written to an `api_base` counts as written to an entry (`https://nas.home:443/v1` may be private), and plain http
is port 80.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from agent.config import Config
from agent.egress import addresses, rules
from agent.egress.rules import HTTPS, Rule


@dataclass(frozen=True, order=True)
class Allowed:
    """An address or network, and a port, that the owner allows although the firewall would refuse it."""

    network: str
    port: int


@dataclass(frozen=True)
class Exceptions:
    """All of them.

    Attributes:
        listed: addresses with their ports.
        private_ports: open at every address of a private network.
        global_ports: open at every global address; 443 always is.
    """

    listed: tuple[Allowed, ...] = ()
    private_ports: tuple[int, ...] = ()
    global_ports: tuple[int, ...] = ()


def of_config(config: Config, extra_hosts: Mapping[str, str]) -> Exceptions:
    """What `config` needs; `extra_hosts` are the addresses that the owner has given to names.

    Raises:
        agent.errors.ConfigError: an `api_base` is an address to which no connection is possible.
    """
    pinned = {name.lower(): address for name, address in extra_hosts.items()}
    listed, private_ports, global_ports = set(), set(), set()
    for rule in _rules(config):
        if allowed := _address(rule, pinned):
            listed.add(allowed)
        elif rule.network is None and rule.explicit:
            private_ports |= {rule.port} if rule.owned else set()
            global_ports |= {rule.port} - {HTTPS}
    return Exceptions(
        tuple(sorted(allowed for allowed in listed if not _open_anyway(allowed))),
        tuple(sorted(private_ports)),
        tuple(sorted(global_ports)),
    )


def _rules(config: Config) -> Iterator[Rule]:
    for entry in config.sandbox.allow_hosts:
        yield rules.parse(entry, "sandbox.allow_hosts")
    for where, model in config.llm.placed:
        if model.api_base is not None:
            yield rules.parse(rules.entry_of(model.api_base), f"{where}.api_base")


def _address(rule: Rule, pinned: Mapping[str, str]) -> Allowed | None:
    """The address that an entry names, or that stands for its name with a port."""
    if rule.network is not None:
        return Allowed(str(rule.network), rule.port) if rule.network.version == 4 else None
    if not rule.owned:
        return None
    try:
        return Allowed(f"{ipaddress.IPv4Address(pinned.get(rule.pattern, ''))}/32", rule.port)
    except ValueError:
        return None


def _open_anyway(allowed: Allowed) -> bool:
    network = ipaddress.IPv4Network(allowed.network)
    return allowed.port == HTTPS and network.num_addresses == 1 and addresses.is_global(network[0])
