"""Which IP addresses are somewhere on the public internet, and which may be a neighbour.

Own tables, because `ipaddress.is_global` differs between patch releases of Python (CVE-2024-4032) and takes multicast,
site-local and NAT64-wrapped private addresses for global. After IANA's special-purpose address registries; what they
call global but only a network's own equipment answers (PCP and TURN anycast, say) is left out as well.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_NOT_GLOBAL_4 = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",  # "this" network: Linux connects 0.0.0.0 to itself
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT; Tailscale; Alibaba's metadata
        "127.0.0.0/8",
        "168.63.129.16/32",  # Azure's host agent, on every virtual machine there
        "169.254.0.0/16",  # link-local: cloud metadata
        "172.16.0.0/12",
        "192.0.0.0/24",  # IETF protocol assignments; Oracle's metadata
        "192.0.2.0/24",
        "192.88.99.0/24",  # 6to4 relays, deprecated
        "192.168.0.0/16",
        "198.18.0.0/15",  # benchmarking
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)
_GLOBAL_UNICAST_6 = IPv6Network("2000::/3")
_NOT_GLOBAL_6 = tuple(
    IPv6Network(text)
    for text in (
        "2001::/23",  # IETF protocol assignments; Teredo, which wraps an IPv4 address
        "2001:db8::/32",
        "2002::/16",  # 6to4, deprecated, wraps an IPv4 address
        "3fff::/20",  # documentation
    )
)
# A DNS64 resolver answers with these for every host that has IPv4 only. Prefixes that a network chose for its own NAT64
# cannot be told from others; RFC 6052 leaves it to such a translator to drop private addresses.
_NAT64 = IPv6Network("64:ff9b::/96")

# Where an owner's own machines are, for a name that was listed together with its port.
_PRIVATE = tuple(
    map(IPv4Network, ("10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16"))
)  # fmt: skip
_PRIVATE_6 = IPv6Network("fc00::/7")
# Amazon's metadata service answers there, unique local or not.
_METADATA_6 = IPv6Network("fd00:ec2::/32")
_METADATA_4 = IPv4Address("100.100.100.200")

NEVER: tuple[Network, ...] = (
    IPv4Network("0.0.0.0/8"), IPv4Network("224.0.0.0/4"), IPv4Network("255.255.255.255/32"),
    IPv6Network("::/128"), IPv6Network("::ffff:0:0/96"), IPv6Network("ff00::/8"),
)  # fmt: skip


def parse(text: str) -> Address:
    """The address that a text in the usual notation means, an IPv4-mapped one as IPv4; ValueError for any other text.

    A zone (`fe80::1%eth0`) is refused: it names an interface of the gateway's own.
    """
    if "%" in text:
        raise ValueError("it has a zone")
    address = ip_address(text)
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def is_global(address: Address) -> bool:
    """Whether the address is a single machine of the public internet, whatever way it is wrapped."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _NOT_GLOBAL_4)
    if address.ipv4_mapped is not None:
        return is_global(address.ipv4_mapped)
    if address in _NAT64:
        return is_global(IPv4Address(int(address) & 0xFFFF_FFFF))
    return address in _GLOBAL_UNICAST_6 and not any(address in network for network in _NOT_GLOBAL_6)


def is_private(address: Address) -> bool:
    """Whether the address is of a kind that people give to their own machines; no loopback, no link-local."""
    if isinstance(address, IPv4Address):
        return any(address in network for network in _PRIVATE) and address != _METADATA_4
    return address in _PRIVATE_6 and address not in _METADATA_6
