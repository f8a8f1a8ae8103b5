"""What the gateway can reach: the live rules are run with packets, compared with their file, and tried from inside."""

from __future__ import annotations

from typing import Any

import pytest

from tests.compliance.checking import Expect, configured, effective, information, tried
from tests.compliance.live import Container, Live
from tests.compliance.packets import NotUnderstood, Packet, Table
from tests.compliance.words import NOTHING, REFUSED, Words

# Global, and nobody's DNS resolver.
_GLOBAL, _GLOBAL6 = "23.192.0.1", "2a02::1"
_NOT_GLOBAL = (
    "0.0.0.1", "10.0.0.1", "10.255.255.254", "100.64.0.1", "127.0.0.1", "169.254.169.254", "172.16.0.1", "172.17.0.1",
    "172.31.255.254", "192.0.0.8", "192.0.2.1", "192.168.0.1", "192.168.255.254", "198.18.0.1", "198.51.100.1",
    "203.0.113.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
    "::1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "fc00::1", "fd00:ec2::254", "fe80::1", "ff02::1", "2001:db8::1",
)  # fmt: skip
_OTHER_PORTS = (21, 22, 23, 25, 80, 110, 123, 445, 853, 1080, 2375, 3128, 5432, 8080, 8443, 11434, 65535)


def _packets() -> list[tuple[str, Packet]]:
    """What must not pass, with the hook at which it is seen."""
    forward = [Packet(address, port) for address in _NOT_GLOBAL for port in (443, 80, 18790)]
    forward += [Packet(_GLOBAL, port) for port in _OTHER_PORTS] + [Packet(_GLOBAL6, port) for port in _OTHER_PORTS]
    forward += [Packet(_GLOBAL, port, "udp") for port in (53, 123, 443)] + [Packet(_GLOBAL, 0, "icmp")]
    forward += [
        Packet("172.18.0.2", 80, interface=other, out="br-picoclaw") for other in ("eth0", "docker0", "br-other")
    ]
    own = ("172.18.0.1", "172.17.0.1", "192.0.2.7", "fe80::1", _GLOBAL)
    to_host = [Packet(address, port) for address in own for port in (22, 80, 443, 2375)]
    to_host += [Packet("172.18.0.1", 0, "icmp"), Packet("172.18.0.1", 123, "udp"), Packet("224.0.0.251", 5353, "udp")]
    return [*(("forward", packet) for packet in forward), *(("input", packet) for packet in to_host)]


def _verdict(live: Live, hook: str, packet: Packet) -> str:
    try:
        return Table(live.firewall).verdict(hook, packet)
    except NotUnderstood as error:
        pytest.fail(f"the table inet picoclaw holds what this check does not understand: {error}")


@configured("firewall", "It is loaded at boot", "Wczytuje się przy starcie hosta")
def test_unit_is_enabled(live: Live, expect: Expect) -> None:
    expect({"ActiveState": "active", "UnitFileState": "enabled"}, live.firewall_unit)


@effective(
    "firewall",
    "The table hooks on forward and input, before Docker's rules",
    "Tabela działa na forward i input, przed regułami Dockera",
)
def test_hooks(live: Live, expect: Expect) -> None:
    hooks = {chain["hook"]: chain for chain in Table(live.firewall).hooks.values()}
    well = all(
        hook in hooks and hooks[hook]["type"] == "filter" and hooks[hook]["prio"] < 0 for hook in ("forward", "input")
    )
    expect.that(
        well,
        {"forward": "filter < 0", "input": "filter < 0"},
        {hook: f"{chain['type']} {chain['prio']}" for hook, chain in hooks.items()},
    )


@effective("firewall", "The rules in force are exactly those of its file", "Obowiązują dokładnie reguły z pliku")
def test_live_rules_are_the_files(live: Live, expect: Expect) -> None:
    if isinstance(live.firewall_file, str) and "unshare" in live.firewall_file:
        expect.cannot(
            "this host may not make a network namespace in which the file could be loaded for comparison",
            "ten host nie może utworzyć przestrzeni sieciowej, w której dałoby się wczytać plik do porównania",
        )
    wanted = live.firewall_file if isinstance(live.firewall_file, list) else []
    # A set that the file leaves empty is filled from elsewhere; it is looked at below.
    unfilled = {part["set"]["name"] for part in wanted if "set" in part and not part["set"].get("elem")}
    found = [_emptied(part) if part.get("set", {}).get("name") in unfilled else part for part in live.firewall]
    expect.that(
        bool(wanted) and found == wanted,
        Words(f"{len(wanted)} statements", f"{len(wanted)} instrukcji"),
        Words("the same", "te same") if found == wanted else _differences(wanted, found),
    )


def _emptied(part: dict[str, Any]) -> dict[str, Any]:
    return {"set": {name: value for name, value in part["set"].items() if name != "elem"}}


def _differences(wanted: list[Any], found: list[Any]) -> dict[Words | str, Any]:
    if not found:
        return {"table inet picoclaw": NOTHING}
    missing, added = [p for p in wanted if p not in found], [p for p in found if p not in wanted]
    return {Words("missing", "brakuje"): len(missing), Words("added", "dodano"): [_place(part) for part in added]}


def _place(part: dict[str, Any]) -> str:
    kind, content = next(iter(part.items()))
    return f"{kind} {content.get('chain', content.get('name'))}"


@effective("firewall", "DNS goes to the host's own resolvers only", "DNS tylko do serwerów, których używa host")
def test_resolvers_are_the_hosts(live: Live, expect: Expect) -> None:
    named = set(live.facts["resolvers"].split()) | {str(address) for address in live.daemon.get("dns", [])}
    seen = {address for address, port in _exceptions(live) if port == "53"}
    expect.that(seen <= named, named, seen)


@effective(
    "firewall",
    "Nothing else passes: the live rules refuse these packets",
    "Nic innego nie przejdzie: reguły odrzucają te pakiety",
)
def test_rules_refuse(live: Live, expect: Expect) -> None:
    packets = _packets()
    passed = {f"{hook} {packet}" for hook, packet in packets if _verdict(live, hook, packet) == "accept"}
    seen: Any = {Words("let through", "przepuszczone"): passed} if passed else REFUSED
    expect.that(not passed, Words(f"{len(packets)} packets refused", f"{len(packets)} pakietów odrzuconych"), seen)


@effective(
    "firewall",
    "What is promised passes, and other stacks are left alone",
    "To, co obiecane, przechodzi, a inne usługi są nietknięte",
)
def test_rules_let_through(live: Live, expect: Expect) -> None:
    passing = {
        "tcp 443": ("forward", Packet(_GLOBAL)),
        "an answer": (
            "forward",
            Packet("172.18.0.2", 40000, interface="eth0", out="br-picoclaw", state="established", reply=True),
        ),
        "docker0 → eth0": ("forward", Packet(_GLOBAL, 80, interface="docker0")),
        "eth0 → docker0": ("forward", Packet("172.17.0.2", 80, interface="eth0", out="docker0")),
        "eth0 → ssh": ("input", Packet("192.0.2.7", 22, interface="eth0", out="")),
    }
    seen = {name: _verdict(live, hook, packet) for name, (hook, packet) in passing.items()}
    expect(dict.fromkeys(passing, "accept"), seen)


@tried(
    "firewall",
    "From the gateway neither the host nor private addresses answer",
    "Z bramki nie odpowiada ani host, ani adresy prywatne",
)
def test_gateway_reaches_nothing_else(gateway: Container, expect: Expect) -> None:
    # ECONNREFUSED would mean that the packet arrived; a firewall in force says «unreachable» or nothing. Unreachable is
    # what the kernel answers without asking anybody when it has no route, as for IPv6.
    well = ("EHOSTUNREACH", "ENETUNREACH", "EADDRNOTAVAIL", "EAFNOSUPPORT", "EACCES", "EINVAL", "no answer")
    outside = {target: answer for target, answer in gateway.probe["connect"].items() if not target.startswith("127.")}
    reached = {target: answer for target, answer in outside.items() if answer not in well}
    expect.that(
        not reached and len(outside) > 10,
        Words(f"{len(outside)} addresses refused", f"{len(outside)} adresów odrzuconych"),
        reached or Words(f"refused: {', '.join(outside)}", f"odrzucone: {', '.join(outside)}"),
    )


@information("firewall", "What the owner has listed besides", "Co ponadto wskazał właściciel")
def test_exceptions(live: Live, expect: Expect) -> None:
    listed = [f"{address}:{port}" for address, port in _exceptions(live) if port != "53"]
    expect.note("picoclaw_allow_outbound", {"picoclaw_allow_outbound": listed})


def _exceptions(live: Live) -> list[tuple[str, str]]:
    """The addresses and ports that a rule of its own lets through."""
    found = []
    for part in live.firewall:
        statements = part.get("rule", {}).get("expr", [])
        fields = {name: value for statement in statements for name, value in _field(statement)}
        if any("accept" in statement for statement in statements) and "daddr" in fields:
            port = str(fields.get("dport", "*"))
            found += [(address, port) for address in _addresses(fields["daddr"], live.firewall)]
    return found


def _field(statement: dict[str, Any]) -> list[tuple[str, Any]]:
    match = statement.get("match", {})
    name = match.get("left", {}).get("payload", {}).get("field")
    return [(name, match["right"])] if name and match["op"] == "==" else []


def _addresses(value: Any, parts: list[dict[str, Any]]) -> list[str]:
    if isinstance(value, str) and value.startswith("@"):
        sets = [part["set"] for part in parts if "set" in part]
        return [
            text for found in sets if found["name"] == value[1:] for text in _addresses(found.get("elem", []), parts)
        ]
    if isinstance(value, list):
        return [text for item in value for text in _addresses(item, parts)]
    if isinstance(value, dict) and "set" in value:
        return _addresses(value["set"], parts)
    prefix = value.get("prefix") if isinstance(value, dict) else None
    return [f"{prefix['addr']}/{prefix['len']}" if prefix else str(value)]
