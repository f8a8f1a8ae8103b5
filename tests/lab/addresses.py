"""Every address of a lab and who answers there: the one table that all other modules read.

Lab number N owns 10.99.N.0/24. It is cut in three:

    10.99.N.0/30    machine (.1) -- lab host (.2), for SSH to the lab host and nothing else
    10.99.N.4/30    lab host (.5) -- internet (.6), the lab host's default route
    the rest        lives inside the `internet` namespace: stand-ins, resolver, mirror relays, probe targets
"""

import zlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address

from tests.lab.errors import LabError

SERVICES: dict[str, int] = {
    "api.telegram.org": 10,
    "openrouter.ai": 11,
    "api.openai.com": 12,
    "api.anthropic.com": 13,
    "generativelanguage.googleapis.com": 14,
    "discord.com": 15,
    "gateway.discord.gg": 16,
    "slack.com": 17,
    "wss-primary.slack.com": 18,
    "cdn.discordapp.com": 19,
    "files.slack.com": 20,
    "media.discordapp.net": 21,
}
"""Host name of each stand-in, and the last byte of its address."""

SITES: dict[str, str] = {"site.example.org": "93.184.215.14", "other.example.net": "151.101.1.63"}
"""Web sites with addresses as the public internet has them, for what treats others differently; each lab has them."""

LAN_NEIGHBOUR = 30
SOMEWHERE = 31
RESOLVER = 53
FIRST_MIRROR = 200
METADATA_ADDRESS = "169.254.169.254"


@dataclass(frozen=True)
class Subnet:
    """The addresses of lab number `number` (1..254)."""

    number: int

    def at(self, last: int) -> str:
        """Returns the address that ends with `last`."""
        return f"10.99.{self.number}.{last}"

    @property
    def machine(self) -> str:
        """The machine, as the lab host's sshd sees it."""
        return self.at(1)

    @property
    def host(self) -> str:
        """The lab host, as the machine sees it."""
        return self.at(2)

    @property
    def host_outside(self) -> str:
        """The lab host, as the internet sees it."""
        return self.at(5)

    @property
    def gateway(self) -> str:
        """The lab host's default gateway, in the `internet` namespace."""
        return self.at(6)

    @property
    def resolver(self) -> str:
        """The DNS server, in the `internet` namespace."""
        return self.at(RESOLVER)

    def services(self) -> dict[str, str]:
        """Maps the host name of every stand-in to its address."""
        return {host: self.at(last) for host, last in SERVICES.items()}

    def probe_targets(self) -> dict[str, str]:
        """Maps what hostile probes try to reach to its address; any other address is answered there just the same."""
        return {
            "lan-neighbour": self.at(LAN_NEIGHBOUR),
            "somewhere": self.at(SOMEWHERE),
            "metadata": METADATA_ADDRESS,
        }

    def mirrors(self, hosts: Iterable[str]) -> dict[str, str]:
        """Maps the host name of every package mirror to the address of its relay.

        A mirror that is configured by its address keeps it: the lab host's default route leads to the `internet`
        namespace, so any address can live there.
        """
        names = sorted(set(hosts))
        relays = {
            name: name if _is_address(name) else self.at(FIRST_MIRROR + place) for place, name in enumerate(names)
        }
        if len(names) > 254 - FIRST_MIRROR:
            raise LabError(f"{len(names)} package mirrors are configured, but a lab has room for {254 - FIRST_MIRROR}.")
        return relays


def choose_subnet(name: str, taken: Collection[int]) -> Subnet:
    """Derives a lab's subnet from its name, stepping aside when another lab or a route of the machine has it.

    Raises:
        LabError: all 254 subnets are taken.
    """
    first = zlib.crc32(name.encode())
    for offset in range(254):
        number = (first + offset) % 254 + 1
        if number not in taken:
            return Subnet(number)
    raise LabError(
        "All of 10.99.1.0/24 .. 10.99.254.0/24 are taken; remove a lab with `python -m tests.lab down --name NAME`."
    )


def _is_address(host: str) -> bool:
    try:
        IPv4Address(host)
    except ValueError:
        return False
    return True
