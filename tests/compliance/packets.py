"""What an nftables table does with a packet: the rules are run, not compared as text.

`nft --json list table` gives the rules; `Table.verdict` sends a described packet through all base chains of a hook. A
rule that uses something unknown here is an error, never a guess.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

_NO_EFFECT = ("counter", "log", "comment", "limit")
_FINAL = ("accept", "drop", "reject", "return")
_STACK = 16


class NotUnderstood(Exception):  # noqa: N818 (said of a rule)
    """A rule says something that is not known here."""


@dataclass(frozen=True)
class Packet:
    """The first packet of a connection; with another `state` a later one, a `reply` when the other side sent it."""

    to: str
    port: int = 443
    protocol: str = "tcp"
    interface: str = "br-picoclaw"
    out: str = "eth0"
    source: str = "172.18.0.2"
    state: str = "new"
    reply: bool = False

    @property
    def family(self) -> str:
        """ipv4 or ipv6."""
        return "ipv6" if ":" in self.to else "ipv4"

    def __str__(self) -> str:
        """As it is shown."""
        place = f"[{self.to}]" if ":" in self.to else self.to
        return f"{self.protocol} {place}:{self.port}"


class Table:
    """An nftables table."""

    def __init__(self, parts: Iterable[dict[str, Any]]) -> None:
        self._rules: dict[str, list[list[dict[str, Any]]]] = {}
        self._sets: dict[str, list[Any]] = {}
        self.hooks: dict[str, dict[str, Any]] = {}
        for part in parts:
            (kind, content), *_ = part.items()
            if kind == "chain":
                self._rules.setdefault(content["name"], [])
                if "hook" in content:
                    self.hooks[content["name"]] = content
            elif kind == "set":
                self._sets[content["name"]] = content.get("elem", [])
            elif kind == "rule":
                self._rules.setdefault(content["chain"], []).append(content["expr"])

    def verdict(self, hook: str, packet: Packet) -> str:
        """`accept`, `drop` or `reject`; of several chains at a hook one refusal is enough.

        Raises:
            NotUnderstood: a rule says something that is not known here.
        """
        chains = sorted((c for c in self.hooks.values() if c["hook"] == hook), key=lambda chain: chain["prio"])
        for chain in chains:
            found = self._run(chain["name"], packet, 0) or chain.get("policy", "accept")
            if found != "accept":
                return str(found)
        return "accept"

    def _run(self, chain: str, packet: Packet, depth: int) -> str | None:
        """The verdict, or None at the end of the chain."""
        if depth > _STACK:
            raise NotUnderstood(f"chain {chain} jumps in circles")
        for rule in self._rules[chain]:
            if found := self._rule(rule, packet, depth):
                return None if found == "return" else found
        return None

    def _rule(self, rule: list[dict[str, Any]], packet: Packet, depth: int) -> str | None:
        """The verdict, `return`, or None when the rule has none."""
        for statement in rule:
            (kind, content), *_ = statement.items()
            if kind == "match":
                if not self._matches(content, packet):
                    return None
            elif kind in ("jump", "goto"):
                found = self._run(content["target"], packet, depth + 1)
                if found or kind == "goto":
                    return found or "return"
            elif kind in _FINAL:
                return str(kind)
            elif kind not in _NO_EFFECT:
                raise NotUnderstood(f"a rule has the statement {kind!r}")
        return None

    def _matches(self, match: dict[str, Any], packet: Packet) -> bool:
        values = _values(match["left"], packet)
        if values is None:  # the packet has no such field: an IPv4 address in an IPv6 packet, say
            return False
        found = any(self._is(value, match["right"]) for value in values)
        if match["op"] in ("==", "in"):
            return found
        if match["op"] == "!=":
            return not found
        raise NotUnderstood(f"the comparison {match['op']!r}")

    def _is(self, value: str | int, wanted: Any) -> bool:
        if isinstance(wanted, list):
            return any(self._is(value, item) for item in wanted)
        if isinstance(wanted, dict):
            return self._is_among(value, wanted)
        if isinstance(wanted, str) and wanted.startswith("@"):
            return self._is(value, self._sets[wanted[1:]])
        if isinstance(wanted, str) and wanted.endswith("*"):
            return str(value).startswith(wanted[:-1])
        return str(value) == str(wanted)

    def _is_among(self, value: str | int, wanted: dict[str, Any]) -> bool:
        if "set" in wanted:
            return self._is(value, wanted["set"])
        if "prefix" in wanted:
            network = ipaddress.ip_network(f"{wanted['prefix']['addr']}/{wanted['prefix']['len']}")
            return ipaddress.ip_address(value) in network
        if "range" in wanted:
            low, high = wanted["range"]
            if isinstance(value, int):
                return int(low) <= value <= int(high)
            address, first, last = map(ipaddress.ip_address, (value, low, high))
            return address.version == first.version and int(first) <= int(address) <= int(last)
        if "elem" in wanted:
            return self._is(value, wanted["elem"]["val"])
        raise NotUnderstood(f"the value {wanted}")


def _values(left: dict[str, Any], packet: Packet) -> list[str | int] | None:
    (kind, content), *_ = left.items()
    if kind == "meta":
        fields: dict[str, str | int] = {
            "iifname": packet.interface, "iif": packet.interface, "oifname": packet.out, "oif": packet.out,
            "l4proto": packet.protocol, "nfproto": packet.family,
            "protocol": "ip6" if packet.family == "ipv6" else "ip",
        }  # fmt: skip
        if content["key"] in fields:
            return [fields[content["key"]]]
    elif kind == "ct" and content["key"] == "state":
        return [packet.state]
    elif kind == "ct" and content["key"] == "direction":
        return ["reply" if packet.reply else "original"]
    elif kind == "payload":
        return _payload(content["protocol"], content["field"], packet)
    elif kind == "fib" and content.get("result") == "type":
        return ["unicast"]
    raise NotUnderstood(f"the field {left}")


def _payload(protocol: str, field: str, packet: Packet) -> list[str | int] | None:
    family = {"ip": "ipv4", "ip6": "ipv6"}.get(protocol)
    if family is not None:
        if family != packet.family:
            return None
        here: dict[str, str] = {"daddr": packet.to, "saddr": packet.source}
        here |= {"protocol": packet.protocol, "nexthdr": packet.protocol}
        if field in here:
            return [here[field]]
    elif field in ("dport", "sport"):
        if protocol not in ("th", packet.protocol):
            return None
        return [packet.port if field == "dport" else 40000]
    elif protocol in ("icmp", "icmpv6"):
        return None if protocol != packet.protocol else [8]
    raise NotUnderstood(f"the field {protocol} {field}")
