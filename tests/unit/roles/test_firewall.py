"""The firewall's files, and noticing a change of what is loaded, on what real `nft` versions list."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from pyinfra.api.exceptions import DeployError

from roles.network import firewall
from roles.network.exceptions import Allowed

RECORDED = Path(__file__).with_name("recorded")
SYSTEMS = ("bookworm", "trixie")
RULES = firewall.ruleset(firewall.exceptions(["192.168.1.20/32:11434"]))
FILES = RULES + firewall.loader([])
SHA256 = hashlib.sha256(FILES.encode()).hexdigest()
READY = {
    "picoclaw-firewall.service": {"ActiveState": "active", "UnitFileState": "enabled", "NeedDaemonReload": "no"},
    "picoclaw-firewall.path": {"ActiveState": "active", "UnitFileState": "enabled", "NeedDaemonReload": "no"},
    "picoclaw-firewall-renewal.service": {
        "ActiveState": "inactive", "UnitFileState": "enabled", "NeedDaemonReload": "no",
    },
}  # fmt: skip

Change = Callable[[list[dict[str, Any]]], None]


def drift(
    system: str,
    *,
    change: Change | None = None,
    rules_of: str = SHA256,
    seen: Sequence[str] | None = None,
    units: dict[str, dict[str, str]] | None = None,
) -> list[str]:
    """What is said when the live table, as recorded on a real host, has been changed since."""
    lines = (RECORDED / f"firewall-{system}.txt").read_text(encoding="utf-8").splitlines()
    live = json.loads(value(lines, "now"))
    if change:
        change(live["nftables"])
    states = {unit: {**ready, **(units or {}).get(unit, {})} for unit, ready in READY.items()}
    resolvers = [line for line in lines if line.startswith("resolver ")]
    return firewall.parse(
        [
            f"now {json.dumps(live)}",
            f"sha256 {rules_of}",
            f"recorded {value(lines, 'recorded')}",
            *(resolvers if seen is None else [f"resolver {address}" for address in seen]),
            *(
                f"unit {unit} " + " ".join(f"{key}={word}" for key, word in state.items())
                for unit, state in states.items()
            ),
        ]
    ).drift(FILES)


def value(lines: Sequence[str], key: str) -> str:
    return next(line.removeprefix(f"{key} ") for line in lines if line.startswith(f"{key} "))


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
@pytest.mark.parametrize("chain", ["replies", "listed", "outward", "to_host", "inward", "forward", "input"])
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
        (numbers,) = (part["set"] for part in parts if "set" in part and part["set"]["name"] == "not_global")
        numbers["elem"].pop()

    assert drift(system, change=shrink) == ["firewall: set not_global wanted as loaded, changed or removed found"]


def test_rules_loaded_from_another_file_are_noticed() -> None:
    assert drift("trixie", rules_of="0" * 64) == ["firewall: the present rules wanted, other ones found loaded"]


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_resolver_more_or_less_than_the_host_has_named_is_noticed(system: str) -> None:
    lines = (RECORDED / f"firewall-{system}.txt").read_text(encoding="utf-8").splitlines()
    address = value(lines, "resolver")

    def remove(parts: list[dict[str, Any]]) -> None:
        (resolvers,) = (part["set"] for part in parts if "set" in part and part["set"]["name"] == "resolvers")
        resolvers["elem"] = []

    assert drift(system, change=remove) == [f"firewall: resolvers: {address} wanted, none found"]
    assert drift(system, seen=[]) == [f"firewall: resolvers: none wanted, {address} found"]
    assert drift(system, seen=[address, "9.9.9.9"]) == [
        f"firewall: resolvers: {address}, 9.9.9.9 wanted, {address} found"
    ]


@pytest.mark.parametrize("unit", READY)
@pytest.mark.parametrize(
    ("state", "named"),
    [
        ({"UnitFileState": "disabled"}, "UnitFileState: enabled wanted, disabled found"),
        ({"ActiveState": "failed"}, "ActiveState: {} wanted, failed found"),
        ({"NeedDaemonReload": "yes"}, "NeedDaemonReload: no wanted, yes found"),
    ],
)
def test_a_unit_that_would_not_load_it_is_noticed(unit: str, state: dict[str, str], named: str) -> None:
    assert drift("trixie", units={unit: state}) == [f"firewall: {unit}: {named.format(READY[unit]['ActiveState'])}"]


@pytest.mark.parametrize("lines", [[], ["now ", "unit picoclaw-firewall.service ActiveState=inactive"]])
def test_no_table_is_noticed(lines: list[str]) -> None:
    assert firewall.parse(lines).drift(FILES)[0] == "firewall: table inet picoclaw wanted, none found"


@pytest.mark.parametrize(
    "network",
    ["0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"],
)
def test_what_is_not_global_is_refused(network: str) -> None:
    elements, *_ = re.findall(r"elements = \{(.*?)\}", RULES, re.DOTALL)

    assert network in [element.strip() for element in elements.split(",")]


def chain(name: str) -> list[str]:
    """The rules of a chain of the file, in order."""
    body = RULES.partition(f"chain {name} {{")[2].partition("}\n\n")[0].partition("\n\t}")[0]
    return [line.strip() for line in body.splitlines() if line.strip() and not line.strip().startswith("#")]


def test_what_is_not_listed_is_refused_at_the_end_of_every_way() -> None:
    assert chain("listed") == [
        "ip daddr @resolvers meta l4proto { tcp, udp } th dport 53 accept",
        "ip daddr 192.168.1.20/32 tcp dport 11434 accept",
    ]
    assert chain("outward")[:2] == chain("to_host")[:2] == ["jump replies", "jump listed"]
    assert chain("outward")[2] == "ip daddr @not_global reject with icmpx admin-prohibited"
    assert chain("outward")[-1] == chain("to_host")[-1] == "reject with icmpx admin-prohibited"
    assert chain("inward") == ["jump replies", "drop"]


def test_connection_tracking_lets_only_replies_through() -> None:
    accepting = [line for line in RULES.splitlines() if "ct " in line and line.endswith("accept")]

    assert [line.strip() for line in accepting] == ["ct direction reply ct state established,related accept"]


@pytest.mark.parametrize("hook", ["forward", "input"])
def test_ipv6_is_refused_before_anything_is_accepted(hook: str) -> None:
    first, *others = chain(hook)[1:]

    assert first == 'iifname "br-picoclaw" meta nfproto ipv6 drop'
    assert not any(line.endswith("accept") for line in others)


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
    assert firewall.exceptions(["10.1.2.3:80"]) == [Allowed("10.1.2.3/32", 80)]


def test_the_units_load_before_docker_and_never_open() -> None:
    units = firewall.units()
    service = units["picoclaw-firewall.service"]

    assert "Before=docker.service" in service
    assert "WantedBy=multi-user.target docker.service" in service
    assert service.count("/bin/sh /opt/stacks/picoclaw/firewall.sh") == 2
    assert "Upholds=picoclaw-firewall.service" in units["picoclaw-firewall.path"]
    assert "WantedBy=nftables.service" in units["picoclaw-firewall-renewal.service"]
    # A path unit comes up before basic.target, which the service waits for.
    assert "After=" not in units["picoclaw-firewall.path"]
    assert not any(re.search("^ExecStop", text, re.MULTILINE) for text in units.values())


def load(
    tmp_path: Path, *, resolv_conf: str, upstream: str = "", configured: Sequence[str] = (), refused: str = "nothing"
) -> list[str]:
    """The resolvers with which the script loads the table."""
    nft = f'cat "$2" > {tmp_path}/loaded; ! grep -q {refused} {tmp_path}/loaded'
    script = in_folder(tmp_path, nft, resolv_conf, upstream, configured)
    subprocess.run(["sh", script], check=True)
    rules, *elements = (tmp_path / "loaded").read_text().splitlines()
    assert rules == "rules"
    found = [re.fullmatch(r"add element inet picoclaw resolvers \{ (\S+) \}", element) for element in elements]
    return [match[1] if match else "not understood" for match in found]


def in_folder(tmp_path: Path, nft: str, resolv_conf: str, upstream: str = "", configured: Sequence[str] = ()) -> Path:
    """The script with its files put into a folder, and an `nft` that does this."""
    (tmp_path / "resolv.conf").write_text(resolv_conf)
    (tmp_path / "upstream.conf").write_text(upstream)
    (tmp_path / "rules").write_text("rules\n")
    (tmp_path / "nft").write_text(f"#!/bin/sh\n{nft}\n")
    (tmp_path / "nft").chmod(0o755)
    script = firewall.loader(configured)
    for path, name in {
        "/etc/resolv.conf": "resolv.conf",
        "/run/systemd/resolve/resolv.conf": "upstream.conf",
        "/run/picoclaw-resolvers": "seen",
        "/opt/stacks/picoclaw/firewall.nft": "rules",
        "/opt/stacks/picoclaw/firewall.sh": "loader",
        "/usr/sbin/nft": "nft",
    }.items():
        assert path in script
        script = script.replace(path, str(tmp_path / name))
    (tmp_path / "loader").write_text(script)
    return tmp_path / "loader"


@pytest.mark.parametrize(
    ("resolv_conf", "upstream", "resolvers"),
    [
        ("nameserver 10.0.0.54\nnameserver 10.0.0.53\n", "", ["10.0.0.53", "10.0.0.54"]),
        ("  nameserver\t10.0.0.53 # the router\nsearch lan\n#nameserver 9.9.9.9\n", "", ["10.0.0.53"]),
        ("nameserver 127.0.0.53\n", "nameserver 10.1.1.1\nnameserver fd00::1\n", ["10.1.1.1"]),
        ("nameserver 127.0.0.1\n", "nameserver 10.1.1.1\n", []),
        ("nameserver 127.0.0.1\nnameserver 10.0.0.53", "", ["10.0.0.53"]),
        ("nameserver fd00::53\nnameserver 10.0.0.53\n", "", ["10.0.0.53"]),
        ("nameserver fd00::53\n", "", ["8.8.4.4", "8.8.8.8"]),
        ("", "", ["8.8.4.4", "8.8.8.8"]),
    ],
)
def test_the_resolvers_are_those_that_docker_asks_from_the_container(
    resolv_conf: str, upstream: str, resolvers: list[str], tmp_path: Path
) -> None:
    assert load(tmp_path, resolv_conf=resolv_conf, upstream=upstream) == resolvers


def test_dockers_own_resolvers_stand_for_the_hosts(tmp_path: Path) -> None:
    assert load(tmp_path, resolv_conf="nameserver 10.0.0.53\n", configured=["9.9.9.9", "9.9.9.10"]) == [
        "9.9.9.10",
        "9.9.9.9",
    ]


def test_a_resolver_that_was_named_before_stays_until_a_reboot(tmp_path: Path) -> None:
    load(tmp_path, resolv_conf="nameserver 10.0.0.53\n")

    assert load(tmp_path, resolv_conf="nameserver 10.0.0.54\n") == ["10.0.0.53", "10.0.0.54"]


def test_two_at_once_load_one_after_the_other(tmp_path: Path) -> None:
    nft = f"echo begins >> {tmp_path}/log; sleep 0.3; echo ends >> {tmp_path}/log"
    script = in_folder(tmp_path, nft, "nameserver 10.0.0.53\n")

    both = [subprocess.Popen(["sh", script]) for _ in range(2)]

    assert [loader.wait(10) for loader in both] == [0, 0]
    assert (tmp_path / "log").read_text().split() == ["begins", "ends"] * 2


def test_without_resolvers_rather_than_not_at_all(tmp_path: Path) -> None:
    with pytest.raises(subprocess.CalledProcessError):
        load(tmp_path, resolv_conf="nameserver 999.0.0.1\n", refused="999")

    assert (tmp_path / "loaded").read_text() == "rules\n"
