"""The two network namespaces of a lab, and the walls around them.

The machine forwards nothing for the lab host: not a packet, so neither Docker's nor a firewall's rules on the machine
matter, and no sysctl of it is touched. The lab host's default route leads into the `internet` namespace, where every
address is answered by the lab itself (`tests.lab.internet`); package mirrors are relayed from there by name. What the
lab host sends to the machine of its own accord is refused by an nftables table of the lab's own, and counted.
"""

import contextlib
import json
from collections.abc import Collection, Iterable
from pathlib import Path

from tests.lab.addresses import Subnet
from tests.lab.commands import run, succeeds
from tests.lab.paths import Places
from tests.lab.processes import ProcessId

PROBE_PORT = 9
"""Where TCP to any address that nobody serves ends up (discard, by its well-known number)."""

_MACHINE_RULES = """
table inet {table} {{
    counter refused {{ comment "what the lab host sent to the machine" }}
    chain input {{
        type filter hook input priority -10; policy accept;
        iifname "{link}" ct state established,related accept
        iifname "{link}" counter name refused reject with icmpx admin-prohibited
    }}
    chain forward {{
        type filter hook forward priority -10; policy accept;
        iifname "{link}" counter name refused reject with icmpx admin-prohibited
        oifname "{link}" drop
    }}
}}
"""

_INTERNET_RULES = """
table ip lab {{
    chain prerouting {{
        type nat hook prerouting priority dstnat; policy accept;
        ip daddr {{ {served} }} accept
        meta l4proto {{ tcp, udp }} th dport 53 redirect to :53
        meta l4proto tcp redirect to :{probe_port}
    }}
}}
"""


def namespace_file(namespace: str) -> Path:
    """Returns the file by which a named network namespace is entered."""
    return Path("/run/netns") / namespace


def taken_numbers() -> set[int]:
    """Returns the numbers of the 10.99.N.0/24 to which the machine has a route already."""
    routes = [str(route["dst"]).split("/")[0].split(".") for route in json.loads(run("ip", "-4", "-j", "route"))]
    return {int(parts[2]) for parts in routes if parts[:2] == ["10", "99"]}


def create(places: Places, subnet: Subnet, served: Collection[str]) -> None:
    """Makes both namespaces and the two cables; `served` are the addresses of the `internet` namespace's own."""
    _machine_side(places, subnet)
    _internet_side(places.name, places.internet_namespace, subnet, served)


def remove(places: Places) -> None:
    """Removes all that `create` makes, however much of it is there, and ends what still runs in it."""
    for pid in _processes(places):
        with contextlib.suppress(ProcessLookupError):
            ProcessId.of(pid).end(patience=0)
    # Before the namespaces: a cable also goes with a namespace that holds an end of it, but only some time later.
    for link in _machine_links(places):
        run("ip", "link", "delete", link)
    for namespace in (places.name, places.internet_namespace):
        if namespace_file(namespace).exists():
            run("ip", "netns", "delete", namespace)
    table = _table(places)
    if succeeds("nft", "list", "table", "inet", table):
        run("nft", "delete", "table", "inet", table)


def refused_packets(places: Places) -> int:
    """Returns how many packets that the lab host sent of its own accord the machine has refused."""
    listing = json.loads(run("nft", "-j", "list", "counter", "inet", _table(places), "refused"))
    return sum(int(entry["counter"]["packets"]) for entry in listing["nftables"] if "counter" in entry)


def _processes(places: Places) -> list[int]:
    namespaces = [name for name in (places.name, places.internet_namespace) if namespace_file(name).exists()]
    return [int(word) for name in namespaces for word in run("ip", "netns", "pids", name).split()]


def _table(places: Places) -> str:
    return f"picoclaw_lab_{places.name.replace('-', '_')}"


def _machine_links(places: Places) -> list[str]:
    links = json.loads(run("ip", "-j", "link", "show", "type", "veth"))
    return [str(link["ifname"]) for link in links if link.get("ifalias") == places.name]


def _machine_side(places: Places, subnet: Subnet) -> None:
    name, link = places.name, f"pclab{subnet.number}"
    run("nft", "-f", "-", stdin=_MACHINE_RULES.format(table=_table(places), link=link))
    run("ip", "netns", "add", name)
    _inside(name, "link set lo up")
    run("ip", "link", "add", link, "type", "veth", "peer", "name", "ssh0", "netns", name)
    run("ip", "address", "add", f"{subnet.machine}/30", "dev", link)
    run("ip", "link", "set", link, "up", "alias", name)
    _inside(name, f"address add {subnet.host}/30 dev ssh0", "link set ssh0 up")


def _internet_side(host: str, internet: str, subnet: Subnet, served: Iterable[str]) -> None:
    run("ip", "netns", "add", internet)
    _inside(host, f"link add eth0 type veth peer name lab netns {internet}")
    _inside(host, f"address add {subnet.host_outside}/30 dev eth0", "link set eth0 up")
    addresses = sorted(served)
    _inside(
        internet,
        "link set lo up",
        *(f"address add {address}/32 dev lo" for address in addresses),
        f"address add {subnet.gateway}/30 dev lab",
        "link set lab up",
        f"route add default via {subnet.host_outside}",
    )
    rules = _INTERNET_RULES.format(served=", ".join(addresses), probe_port=PROBE_PORT)
    run("ip", "netns", "exec", internet, "sysctl", "-q", "-w", "net.ipv4.ip_forward=0")
    run("ip", "netns", "exec", internet, "nft", "-f", "-", stdin=rules)
    _inside(host, f"route add default via {subnet.gateway} dev eth0")


def _inside(namespace: str, *commands: str) -> None:
    run("ip", "-n", namespace, "-batch", "-", stdin="\n".join(commands) + "\n")
