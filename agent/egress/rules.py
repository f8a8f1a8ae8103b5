"""The entries of an allow-list.

example.org                 that host, port 443, as long as its addresses are global
*.example.org               any host below it, likewise
*                           any host, likewise
example.org:8443            another port; an exact name listed with its port may also be a machine of the owner's
                            own network (private addresses; never loopback or link-local)
192.168.1.20:11434          that address, global or not; [fd00::1]:11434 for IPv6
192.168.1.0/24:8080         likewise, and names that other entries allow on that port may have addresses there

What is allowed by a name without a port must be TLS that asks for that name (see hello.py).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_network
from urllib.parse import urlsplit

from agent.egress import addresses, names
from agent.egress.addresses import Address, Network
from agent.errors import ConfigError

HTTPS = 443

_PORT = re.compile(r"[0-9]{1,5}")
_WIDEST = {4: 8, 6: 7}  # shortest prefix of a listed network: 10.0.0.0/8, fc00::/7


@dataclass(frozen=True, slots=True)
class Target:
    """What a client asks for: a canonical name or address, and a port."""

    host: str
    port: int
    address: Address | None = None

    def __str__(self) -> str:
        """As it would be written in a list."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == HTTPS else f"{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Rule:
    """One entry; `network` is None for a name, `explicit` tells that the owner wrote the port."""

    pattern: str
    network: Network | None
    port: int
    explicit: bool

    def matches(self, target: Target) -> bool:
        """Whether the client may ask for that."""
        if self.port != target.port:
            return False
        if self.network is not None:
            return target.address is not None and target.address in self.network
        if self.pattern == "*":
            return True
        if self.pattern.startswith("*."):
            return target.host.endswith(self.pattern[1:])
        return target.host == self.pattern

    def excuses(self, address: Address, port: int) -> bool:
        """Whether the owner listed this address although it is not global."""
        return self.network is not None and self.port == port and address in self.network

    @property
    def owned(self) -> bool:
        """Whether the name may be a machine of the owner's own network."""
        return self.network is None and self.explicit and "*" not in self.pattern

    @property
    def names_tls_host(self) -> bool:
        """Whether the tunnel must begin as TLS with the very name that was allowed (see hello.py)."""
        return self.network is None and not self.explicit and self.pattern != "*"


def parse(entry: str, key: str) -> Rule:
    """The rule that an entry of the list `key` stands for; ConfigError, with the remedy, for none."""
    try:
        host, port = _split(entry)
        network = _network(host)
        pattern = _pattern(host) if network is None else ""
    except ValueError as error:
        raise ConfigError(
            f"config.json: {key} holds {entry!r}, but {error}; "
            "write example.org, *.example.org, *, example.org:8443, 192.168.1.20:11434 or 192.168.1.0/24"
        ) from None
    return Rule(pattern, network, port or HTTPS, port is not None)


def entry_of(url: str) -> str:
    """The entry that lets a client reach a URL: the host, with the port when it is written or not that of HTTPS.

    A port written in an owner's address is thus what allows a private one, as in a list (`https://nas.home:443/v1`).
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = parts.port or (80 if parts.scheme == "http" else None)
    host = f"[{host}]" if ":" in host else host
    return host if port is None else f"{host}:{port}"


def _split(entry: str) -> tuple[str, int | None]:
    if entry != entry.strip() or not entry:
        raise ValueError("it is empty or has spaces around it")
    if "://" in entry:
        raise ValueError("it is an address of the web, not a host")
    host, port = _bracketed(entry) if entry.startswith("[") else _plain(entry)
    return host, None if port is None else port_number(port)


def _bracketed(entry: str) -> tuple[str, str | None]:
    host, bracket, rest = entry[1:].partition("]")
    if not bracket or (rest and not rest.startswith(":")):
        raise ValueError("its brackets hold no address and port")
    return host, rest[1:] if rest else None


def _plain(entry: str) -> tuple[str, str | None]:
    if entry.count(":") != 1:
        return entry, None
    host, _, port = entry.partition(":")
    return host, port


def port_number(text: str) -> int:
    """A port as a number; ValueError for anything but 1 to 65535."""
    if not _PORT.fullmatch(text) or not 0 < int(text) < 65536:
        raise ValueError("its port is not a number from 1 to 65535")
    return int(text)


def _network(host: str) -> Network | None:
    """The network or address; None for a name."""
    if "%" in host:
        raise ValueError("it has a zone, an interface of the gateway's own")
    try:
        network = ip_network(host)
    except ValueError:
        if "/" in host:
            raise ValueError("it is no network: the bits behind the prefix must be 0") from None
        return None
    if network.prefixlen < _WIDEST[network.version]:
        raise ValueError("so wide a network cannot be listed")
    if any(_overlap(network, never) for never in addresses.NEVER):
        raise ValueError("no connection to that address is possible")
    return network


def _overlap(one: Network, other: Network) -> bool:
    return one.version == other.version and one.overlaps(other)


def _pattern(host: str) -> str:
    if host == "*":
        return host
    if host.startswith("*."):
        return "*." + names.canonical(host[2:])
    return names.canonical(host)
