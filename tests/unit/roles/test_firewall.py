"""The firewall's files, and noticing a change of what is loaded, on what real `nft` versions list."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pyinfra.api.exceptions import DeployError

from roles.network import firewall

RECORDED = Path(__file__).with_name("recorded")
SYSTEMS = ("bookworm", "trixie")
RULES = firewall.ruleset(["10.0.0.53"], firewall.exceptions(["192.168.1.20/32:11434"]))
SHA256 = hashlib.sha256(RULES.encode()).hexdigest()

Change = Callable[[list[dict[str, Any]]], None]


def drift(
    system: str, *, change: Change | None = None, rules_of: str = SHA256, unit: dict[str, str] | None = None
) -> list[str]:
    """What is said when the live table, as recorded on a real host, has been changed since."""
    lines = (RECORDED / f"firewall-{system}.txt").read_text(encoding="utf-8").splitlines()
    said = dict(line.split(" ", 1) for line in lines if not line.startswith("unit"))
    live = json.loads(said["now"])
    if change:
        change(live["nftables"])
    state = {"ActiveState": "active", "UnitFileState": "enabled", "NeedDaemonReload": "no", **(unit or {})}
    return firewall.parse(
        [
            f"now {json.dumps(live)}",
            f"sha256 {rules_of}",
            f"recorded {said['recorded']}",
            *(f"unit {name}={value}" for name, value in state.items()),
        ]
    ).drift(RULES)


def rules(parts: list[dict[str, Any]], chain: str) -> list[dict[str, Any]]:
    return [part for part in parts if "rule" in part and part["rule"]["chain"] == chain]


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_table_as_it_was_loaded_is_left_alone(system: str) -> None:
    assert drift(system) == []


@pytest.mark.parametrize("system", SYSTEMS)
def test_new_handles_after_a_reload_are_no_difference(system: str) -> None:
    def renumber(parts: list[dict[str, Any]]) -> None:
        for part in parts:
            for content in part.values():
                if "handle" in content:
                    content["handle"] += 100

    assert drift(system, change=renumber) == []


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("chain", ["known", "outward", "to_host", "forward", "input"])
def test_a_rule_removed_by_hand_is_noticed_in_every_chain(system: str, chain: str) -> None:
    assert drift(system, change=lambda parts: parts.remove(rules(parts, chain)[-1])) == [
        f"firewall: rule in chain {chain} wanted as loaded, changed or removed found"
    ]


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_rule_added_by_hand_is_noticed(system: str) -> None:
    def accept_all(parts: list[dict[str, Any]]) -> None:
        place = parts.index(rules(parts, "outward")[0])
        added = {"rule": {"family": "inet", "table": "picoclaw", "chain": "outward", "expr": [{"accept": None}]}}
        parts.insert(place, added)

    assert drift(system, change=accept_all) == ["firewall: rule in chain outward wanted as loaded, an addition found"]


@pytest.mark.parametrize("system", SYSTEMS)
def test_another_order_is_noticed(system: str) -> None:
    def swap(parts: list[dict[str, Any]]) -> None:
        first, second = (parts.index(rule) for rule in rules(parts, "outward")[1:3])
        parts[first], parts[second] = parts[second], parts[first]

    assert drift(system, change=swap) == ["firewall: rules wanted in the order loaded, another order found"]


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_missing_address_range_is_noticed(system: str) -> None:
    def shrink(parts: list[dict[str, Any]]) -> None:
        (numbers,) = (part["set"]["elem"] for part in parts if "set" in part)
        numbers.pop()

    assert drift(system, change=shrink) == ["firewall: set not_global wanted as loaded, changed or removed found"]


def test_rules_loaded_from_another_file_are_noticed() -> None:
    assert drift("trixie", rules_of="0" * 64) == ["firewall: the present rules wanted, other ones found loaded"]


@pytest.mark.parametrize(
    ("unit", "named"),
    [
        ({"UnitFileState": "disabled"}, "UnitFileState: enabled wanted, disabled found"),
        ({"ActiveState": "failed"}, "ActiveState: active wanted, failed found"),
        ({"NeedDaemonReload": "yes"}, "NeedDaemonReload: no wanted, yes found"),
    ],
)
def test_a_unit_that_would_not_load_it_after_a_boot_is_noticed(unit: dict[str, str], named: str) -> None:
    assert drift("trixie", unit=unit) == [f"firewall: {named}"]


@pytest.mark.parametrize("lines", [[], ["now ", "unit ActiveState=inactive"]])
def test_no_table_is_noticed(lines: list[str]) -> None:
    assert firewall.parse(lines).drift(RULES)[0] == "firewall: table inet picoclaw wanted, none found"


@pytest.mark.parametrize(
    "network",
    ["0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"],
)
def test_what_is_not_global_is_refused(network: str) -> None:
    (elements,) = re.findall(r"elements = \{(.*?)\}", RULES, re.DOTALL)

    assert network in [element.strip() for element in elements.split(",")]


def test_exceptions_and_resolvers_come_before_the_refusal() -> None:
    known = RULES[RULES.index("chain known") : RULES.index("chain outward")]

    assert "ip daddr 10.0.0.53 meta l4proto { tcp, udp } th dport 53 accept" in known
    assert "ip daddr 192.168.1.20/32 tcp dport 11434 accept" in known
    assert RULES.count("jump known") == 2
    assert RULES.count("reject with icmpx admin-prohibited") == 3


def test_only_the_own_table_is_touched() -> None:
    tables = {line.removeprefix("delete ") for line in RULES.splitlines() if re.match("(delete )?table ", line)}

    assert {table.removesuffix(" {") for table in tables} == {"table inet picoclaw"}
    assert "flush" not in re.sub("#.*", "", RULES)


@pytest.mark.parametrize(
    "line",
    ["10.0.0.1", "10.0.0.1:0", "10.0.0.1:70000", "10.0.0.1/24:443", "fd00::1:443", "a:443", "", "1.2.3.4:443; x"],
)
def test_an_exception_that_is_none_is_refused_with_its_form(line: str) -> None:
    with pytest.raises(DeployError, match=r'write it like "192\.168\.1\.20/32:443"') as refused:
        firewall.exceptions([line])

    assert repr(line) in str(refused.value)


def test_a_single_address_is_its_own_network() -> None:
    assert firewall.exceptions(["10.1.2.3:80"]) == [firewall.Allowed("10.1.2.3/32", 80)]


def test_the_unit_loads_before_docker_and_never_opens() -> None:
    unit = firewall.unit()

    assert "Before=docker.service" in unit
    assert "WantedBy=multi-user.target docker.service" in unit
    assert not re.search("^ExecStop", unit, re.MULTILINE)
    assert unit.count("/usr/sbin/nft -f /opt/stacks/picoclaw/firewall.nft") == 2
