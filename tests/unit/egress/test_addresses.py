# ruff: noqa: S104, S311 - nothing is bound here, and nothing secret
"""What counts as global, against Python's own tables, against what those miss, and against ways to write an address."""

from __future__ import annotations

import ipaddress
import random

import pytest

from agent.egress import addresses
from agent.egress.addresses import Address, Network

GLOBAL = [
    "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "93.184.216.34", "100.63.255.255", "100.128.0.0",
    "126.255.255.255", "128.0.0.0", "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "191.255.255.255",
    "192.0.1.0", "192.0.3.0", "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0", "198.51.99.255",
    "203.0.112.255", "203.0.114.0", "223.255.255.255", "168.63.129.15",
    "2001:200::1", "2001:4860:4860::8888", "2001:db7::1", "2001:db9::", "2003::1", "2606:4700:4700::1111", "2a00::1",
    "3ffe::1", "3fff:1000::", "2620:4f:8000::1",
    "64:ff9b::8.8.8.8", "64:ff9b::5db8:d822", "::ffff:8.8.8.8",
]  # fmt: skip

NOT_GLOBAL = [
    # "this", private, shared, loopback, link-local, and both ends of each
    "0.0.0.0", "0.255.255.255", "10.0.0.0", "10.255.255.255", "100.64.0.0", "100.127.255.255", "100.100.100.200",
    "127.0.0.1", "127.255.255.255", "169.254.0.0", "169.254.169.254", "169.254.255.255", "172.16.0.0", "172.31.255.255",
    "192.168.0.0", "192.168.255.255",
    # assignments, documentation, benchmarking, relays, reserved
    "192.0.0.0", "192.0.0.9", "192.0.0.10", "192.0.0.192", "192.0.0.255", "192.0.2.0", "192.0.2.255", "192.88.99.1",
    "198.18.0.0", "198.19.255.255", "198.51.100.7", "203.0.113.255", "240.0.0.0", "254.1.2.3", "255.255.255.255",
    # multicast, which Python calls global, and a cloud's host agent
    "224.0.0.1", "224.0.1.1", "233.252.0.1", "239.255.255.250", "168.63.129.16",
    # IPv6: unspecified, loopback, discard, link-local, site-local, unique local, multicast, documentation, segments
    "::", "::1", "100::1", "100:0:0:1::1", "fe80::1", "febf::1", "fec0::1", "feff::1", "fc00::1", "fd00::1",
    "fd00:ec2::254", "ff02::1", "ff0e::1", "2001:db8::1", "3fff::1", "3fff:fff:ffff::1", "5f00::1", "4000::1",
    "e000::1",
    # protocol assignments: Teredo, PCP anycast, benchmarking, ORCHID, drone ids
    "2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:1::1", "2001:2::1", "2001:10::1", "2001:20::1",
    "2001:30::1",
    # IPv4 inside: mapped, compatible, translated, NAT64, 6to4, of private and of public addresses
    "::ffff:127.0.0.1", "::ffff:10.1.2.3", "::ffff:169.254.169.254", "::ffff:0.0.0.0", "::127.0.0.1", "::8.8.8.8",
    "::ffff:0:8.8.8.8", "::ffff:0:127.0.0.1", "64:ff9b::127.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b::192.168.1.1",
    "64:ff9b::224.0.0.1", "64:ff9b:1::8.8.8.8", "64:ff9b:1:ffff::1", "64:ff9b:0:0:1::1", "2002:7f00:1::1",
    "2002:808:808::1", "2002:a00:1::",
]  # fmt: skip


@pytest.mark.parametrize("text", GLOBAL)
def test_global(text: str) -> None:
    assert addresses.is_global(addresses.parse(text))


@pytest.mark.parametrize("text", NOT_GLOBAL)
def test_not_global(text: str) -> None:
    assert not addresses.is_global(addresses.parse(text))
    assert not addresses.is_global(ipaddress.ip_address(text))


def python_private_networks() -> list[Network]:
    constants = (ipaddress._IPv4Constants, ipaddress._IPv6Constants)  # type: ignore[attr-defined]
    found: list[Network] = [network for table in constants for network in table._private_networks]
    for table in constants:
        found += [table._multicast_network, table._linklocal_network]
        found += getattr(table, "_reserved_networks", [])
    return [*found, ipaddress.ip_network("fec0::/10"), ipaddress.ip_network("100.64.0.0/10")]


@pytest.mark.parametrize("network", python_private_networks(), ids=str)
def test_no_network_that_python_holds_to_be_special_is_global(network: Network) -> None:
    wrapped = ipaddress.ip_network("::ffff:0:0/96"), ipaddress.ip_network("2001::/16")
    chance = random.Random(str(network))
    samples = [network[0], network[-1], *(network[chance.randrange(network.num_addresses)] for _ in range(100))]
    for address in samples:
        if network == wrapped[0] or address in ipaddress.ip_network("64:ff9b::/96"):
            continue  # judged by the IPv4 address inside
        assert not addresses.is_global(address), address


def test_whatever_is_global_here_is_so_for_python_too() -> None:
    chance = random.Random(4)
    candidates: list[Address] = [ipaddress.IPv4Address(chance.getrandbits(32)) for _ in range(20_000)]
    candidates += [ipaddress.IPv6Address(chance.getrandbits(128)) for _ in range(20_000)]
    candidates += [ipaddress.IPv6Address((0x2001 << 112) | chance.getrandbits(112)) for _ in range(20_000)]
    for address in candidates:
        if addresses.is_global(address):
            assert address.is_global, address
            assert not any((address.is_multicast, address.is_reserved, address.is_loopback)), address


@pytest.mark.parametrize(
    "text",
    ["127.1", "2130706433", "0x7f000001", "0177.0.0.1", "127.0.0.01", "1.2.3", "1.2.3.4.5", "256.1.1.1", "", " 1.1.1.1",
     "１.1.1.1", "fe80::1%eth0", "2606:4700::1%0", "::ffff:1.2.3.4%lo", "[::1]", "1.1.1.1/32", "::1::", "12345::"],
)  # fmt: skip
def test_unusual_ways_to_write_an_address_are_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        addresses.parse(text)


def test_a_mapped_address_is_its_ipv4_address() -> None:
    assert addresses.parse("::FFFF:127.0.0.1") == ipaddress.IPv4Address("127.0.0.1")
    assert addresses.parse("::ffff:7f00:1") == ipaddress.IPv4Address("127.0.0.1")


@pytest.mark.parametrize("text", ["10.0.0.1", "100.64.0.1", "172.31.0.1", "192.168.1.1", "fd12::1", "fc00::1"])
def test_private(text: str) -> None:
    assert addresses.is_private(addresses.parse(text))


@pytest.mark.parametrize(
    "text",
    ["127.0.0.1", "169.254.169.254", "100.100.100.200", "0.0.0.0", "224.0.0.1", "8.8.8.8", "198.18.0.1", "::1",
     "fe80::1", "fd00:ec2::254", "fec0::1", "2606:4700::1", "64:ff9b::10.0.0.1"],
)  # fmt: skip
def test_loopback_link_local_and_metadata_are_not_private(text: str) -> None:
    assert not addresses.is_private(addresses.parse(text))
