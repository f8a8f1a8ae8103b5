"""Packets run through nftables rules as `nft --json` writes them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.compliance.packets import NotUnderstood, Packet, Table

BRIDGE = {"match": {"op": "==", "left": {"meta": {"key": "iifname"}}, "right": "br-picoclaw"}}
REPLIES = {"match": {"op": "in", "left": {"ct": {"key": "state"}}, "right": ["established", "related"]}}


def field(protocol: str, name: str, value: Any, op: str = "==") -> dict[str, Any]:
    left = {"payload": {"protocol": protocol, "field": name}}
    return {"match": {"op": op, "left": left, "right": value}}


def chain(name: str, *rules: list[dict[str, Any]], **base: Any) -> list[dict[str, Any]]:
    """A chain and its rules."""
    return [{"chain": {"name": name, **base}}, *({"rule": {"chain": name, "expr": list(rule)}} for rule in rules)]


def table(*rules: list[dict[str, Any]], policy: str = "accept") -> Table:
    """A table with one base chain."""
    return Table(chain("forward", *rules, hook="forward", prio=-10, type="filter", policy=policy))


def test_the_policy_is_the_last_word() -> None:
    assert table().verdict("forward", Packet("1.1.1.1")) == "accept"
    assert table(policy="drop").verdict("forward", Packet("1.1.1.1")) == "drop"
    assert table(policy="drop").verdict("input", Packet("1.1.1.1")) == "accept", "nothing hooks there"


def test_the_first_verdict_counts() -> None:
    rules = table([BRIDGE, field("tcp", "dport", 443), {"accept": None}], [BRIDGE, {"counter": {}}, {"reject": {}}])
    assert rules.verdict("forward", Packet("1.1.1.1", 443)) == "accept"
    assert rules.verdict("forward", Packet("1.1.1.1", 80)) == "reject"
    assert rules.verdict("forward", Packet("1.1.1.1", 443, "udp")) == "reject"
    assert rules.verdict("forward", Packet("1.1.1.1", 80, interface="docker0")) == "accept"


@pytest.mark.parametrize(
    ("wanted", "refused"),
    [
        ("10.1.2.3", {"10.1.2.3"}),
        ({"prefix": {"addr": "10.0.0.0", "len": 8}}, {"10.1.2.3", "10.255.0.1"}),
        ({"range": ["10.0.0.0", "10.2.0.0"]}, {"10.1.2.3"}),
        ({"set": ["10.255.0.1", {"prefix": {"addr": "11.0.0.0", "len": 8}}]}, {"10.255.0.1", "11.1.1.1"}),
        ("@private", {"10.1.2.3", "10.255.0.1"}),
        ("@empty", set()),
    ],
    ids=["address", "prefix", "range", "anonymous set", "set", "empty set"],
)
def test_addresses(wanted: Any, refused: set[str]) -> None:
    sets: list[dict[str, Any]] = [
        {"set": {"name": "private", "elem": [{"prefix": {"addr": "10.0.0.0", "len": 8}}]}},
        {"set": {"name": "empty"}},
    ]
    rules = chain("f", [field("ip", "daddr", wanted), {"drop": None}], hook="forward", prio=0, policy="accept")
    addresses = ("10.1.2.3", "10.255.0.1", "11.1.1.1", "fd00::1")
    found = {a for a in addresses if Table([*sets, *rules]).verdict("forward", Packet(a)) == "drop"}
    assert found == refused


def test_ports_in_a_range_and_everything_but() -> None:
    rules = table([field("th", "dport", {"range": [8000, 8100]}), {"drop": None}])
    assert rules.verdict("forward", Packet("1.1.1.1", 8080, "udp")) == "drop"
    others = table([field("tcp", "dport", 443, "!="), {"drop": None}])
    assert [others.verdict("forward", Packet("1.1.1.1", port)) for port in (443, 80)] == ["accept", "drop"]


def test_jump_comes_back_and_goto_does_not() -> None:
    parts = [
        *chain("forward", [{"jump": {"target": "one"}}], [{"goto": {"target": "two"}}], [{"drop": None}],
               hook="forward", prio=0, policy="accept"),
        *chain("one", [field("tcp", "dport", 1), {"reject": {}}]),
        *chain("two", [field("tcp", "dport", 2), {"reject": {}}], [{"return": None}], [{"drop": None}]),
    ]  # fmt: skip
    verdicts = {port: Table(parts).verdict("forward", Packet("1.1.1.1", port)) for port in (1, 2, 3)}
    assert verdicts == {1: "reject", 2: "reject", 3: "accept"}


def test_replies_are_told_from_new_connections() -> None:
    rules = table([REPLIES, {"accept": None}], [{"drop": None}])
    assert rules.verdict("forward", Packet("1.1.1.1")) == "drop"
    assert rules.verdict("forward", Packet("1.1.1.1", state="established")) == "accept"


def test_the_direction_of_a_connection() -> None:
    direction = {"match": {"op": "==", "left": {"ct": {"key": "direction"}}, "right": "reply"}}
    rules = table([direction, REPLIES, {"accept": None}], [{"drop": None}])
    assert rules.verdict("forward", Packet("1.1.1.1", state="established")) == "drop"
    assert rules.verdict("forward", Packet("1.1.1.1", state="established", reply=True)) == "accept"


def test_of_two_chains_at_a_hook_one_refusal_is_enough() -> None:
    parts = [
        *chain("first", [{"accept": None}], hook="forward", prio=-10, policy="accept"),
        *chain("second", [{"drop": None}], hook="forward", prio=0, policy="accept"),
    ]
    assert Table(parts).verdict("forward", Packet("1.1.1.1")) == "drop"


@pytest.mark.parametrize(
    "statement",
    [
        {"queue": None},
        {"match": {"op": "<", "left": {"meta": {"key": "iifname"}}, "right": "x"}},
        {"match": {"op": "==", "left": {"meta": {"key": "skuid"}}, "right": 0}},
        {"match": {"op": "==", "left": {"exthdr": {"name": "frag"}}, "right": 0}},
        field("ip", "ttl", 1),
        field("ip", "daddr", {"concat": []}),
    ],
    ids=["statement", "comparison", "meta", "header", "field", "value"],
)
def test_what_is_not_known_is_never_guessed(statement: dict[str, Any]) -> None:
    with pytest.raises(NotUnderstood):
        table([statement, {"accept": None}]).verdict("forward", Packet("1.1.1.1"))


def test_a_circle_is_an_end() -> None:
    with pytest.raises(NotUnderstood, match="circles"):
        Table(chain("f", [{"jump": {"target": "f"}}], hook="forward", prio=0)).verdict("forward", Packet("1.1.1.1"))
