"""The table of addresses: no two things may share one, and two labs may not share a subnet."""

from ipaddress import IPv4Address, IPv4Network

import pytest

from tests.lab.addresses import METADATA_ADDRESS, SERVICES, SITES, Subnet, choose_subnet
from tests.lab.errors import LabError


def test_no_two_things_share_an_address() -> None:
    subnet = Subnet(7)
    addresses = [
        subnet.machine,
        subnet.host,
        subnet.host_outside,
        subnet.gateway,
        subnet.resolver,
        *subnet.services().values(),
        *subnet.probe_targets().values(),
        *subnet.mirrors(["b.example", "a.example"]).values(),
    ]

    assert len(set(addresses)) == len(addresses)
    assert {address for address in addresses if IPv4Address(address) not in IPv4Network("10.99.7.0/24")} == {
        METADATA_ADDRESS
    }


def test_what_lives_outside_is_beyond_both_cables() -> None:
    cables = [IPv4Network("10.99.7.0/30"), IPv4Network("10.99.7.4/30")]
    outside = [*Subnet(7).services().values(), *Subnet(7).probe_targets().values(), Subnet(7).resolver]

    assert not [address for address in outside for cable in cables if IPv4Address(address) in cable]


def test_the_sites_are_global_and_their_own() -> None:
    assert len(set(SITES.values())) == len(SITES)
    assert all(IPv4Address(address).is_global for address in SITES.values())


def test_the_chat_services_and_models_are_all_there() -> None:
    assert {"api.telegram.org", "openrouter.ai", "api.openai.com", "discord.com", "slack.com"} <= set(SERVICES)


def test_a_lab_finds_its_subnet_again_by_its_name() -> None:
    assert choose_subnet("picoclaw-lab", set()) == choose_subnet("picoclaw-lab", set())


def test_a_lab_steps_aside_for_a_taken_subnet() -> None:
    first = choose_subnet("picoclaw-lab", set())

    second = choose_subnet("picoclaw-lab", {first.number})

    assert second != first
    assert 1 <= second.number <= 254


def test_the_last_free_subnet_is_found_and_then_none_is_left() -> None:
    everything = set(range(1, 255))
    assert choose_subnet("x", everything - {3}).number == 3
    with pytest.raises(LabError, match="down --name"):
        choose_subnet("x", everything)


def test_a_mirror_given_by_its_address_keeps_it() -> None:
    assert Subnet(7).mirrors(["198.51.100.9"]) == {"198.51.100.9": "198.51.100.9"}


def test_mirrors_get_the_same_relay_whatever_order_they_come_in() -> None:
    assert Subnet(7).mirrors(["b.example", "a.example"]) == Subnet(7).mirrors(["a.example", "b.example", "a.example"])


def test_too_many_mirrors_are_refused() -> None:
    with pytest.raises(LabError, match="room for 54"):
        Subnet(7).mirrors(f"m{number}.example" for number in range(55))
