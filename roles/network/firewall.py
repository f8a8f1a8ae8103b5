"""The firewall's files, and reading whether what is loaded is still what was loaded. Nothing here touches a host."""

from __future__ import annotations

import hashlib
import ipaddress
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pyinfra.api.exceptions import DeployError

from roles.common.diff import differences
from roles.common.names import (
    BRIDGE,
    FIREWALL_FILE,
    FIREWALL_LOADER,
    FIREWALL_PATH_UNIT,
    FIREWALL_RENEWAL_UNIT,
    FIREWALL_UNIT,
    NFT_TABLE,
    RESOLVERS_SEEN,
)
from roles.common.templates import render
from roles.common.words import sentence
from roles.network.exceptions import Allowed, Exceptions

_RESOLVERS = "resolvers"

_TEMPLATES = Path(__file__).with_name("templates")
# A unit that is stopped has not taken the table away; but after a boot it would not be there.
_READY = {"UnitFileState": "enabled", "ActiveState": "active", "NeedDaemonReload": "no"}
UNITS = {
    FIREWALL_UNIT: _READY,
    FIREWALL_PATH_UNIT: _READY,
    FIREWALL_RENEWAL_UNIT: {**_READY, "ActiveState": "inactive"},
}
_NONE = Exceptions()
_EXCEPTION = re.compile(r"(?P<network>[0-9./]+):(?P<port>[0-9]{1,5})")


def exceptions(lines: Iterable[str]) -> list[Allowed]:
    """Read `address:port` and `network/length:port`.

    Raises:
        DeployError: a line is not of that form.
    """
    return [_exception(line) for line in lines]


def _exception(line: str) -> Allowed:
    match = _EXCEPTION.fullmatch(line)
    try:
        network = ipaddress.IPv4Network(match["network"]) if match else None
    except ValueError:
        network = None
    if match is None or network is None or not 0 < int(match["port"]) < 65536:
        raise DeployError(sentence("data_outbound", line=line))
    return Allowed(str(network), int(match["port"]))


def ruleset(allowed: Sequence[Allowed], of_config: Exceptions = _NONE) -> str:
    """The nftables file: replaces the table as a whole, in one transaction.

    Args:
        allowed: what the deploy's data lists.
        of_config: what config.json asks for besides.
    """
    return _render(
        "firewall.nft",
        exceptions=list(dict.fromkeys([*allowed, *of_config.listed])),
        private_ports=of_config.private_ports,
        global_ports=of_config.global_ports,
    )


def loader(configured_resolvers: Sequence[str]) -> str:
    """The script that loads it with the resolvers Docker asks: these, or those that the host names then."""
    return _render("firewall.sh", resolvers=[str(ipaddress.IPv4Address(address)) for address in configured_resolvers])


def units() -> dict[str, str]:
    """The systemd units that load it at boot, and again whenever that is needed, by their file names."""
    return {
        FIREWALL_UNIT: _render("firewall.service"),
        FIREWALL_PATH_UNIT: _render("firewall.path"),
        FIREWALL_RENEWAL_UNIT: _render("renewal.service"),
    }


def _render(name: str, **values: object) -> str:
    return render(
        _TEMPLATES,
        name,
        bridge=BRIDGE,
        table=NFT_TABLE,
        unit=FIREWALL_UNIT,
        renewal=FIREWALL_RENEWAL_UNIT,
        rules=FIREWALL_FILE,
        loader=FIREWALL_LOADER,
        seen=RESOLVERS_SEEN,
        nft="/usr/sbin/nft",
        **values,
    )


@dataclass(frozen=True)
class Loaded:
    """The table as it is now, and as it was right after it was loaded from files with this hash; the units' state.

    Attributes:
        resolvers: those the host has named since it booted; the set of that name changes with them.
    """

    now: Any = None
    recorded: Any = None
    recorded_sha256: str = ""
    resolvers: Sequence[str] = ()
    units: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def drift(self, files: str) -> list[str]:
        """What is not as `files` want it (the rules and their loader, one after the other), in words."""
        units = [
            f"{name}: {line}" for name, ready in UNITS.items() for line in differences(ready, self.units.get(name, {}))
        ]
        return [sentence("of_firewall", line=line) for line in [*self._table(files), *units]]

    def _table(self, files: str) -> list[str]:
        if self.now is None:
            return [sentence("firewall_missing", table=NFT_TABLE)]
        if self.recorded_sha256 != hashlib.sha256(files.encode()).hexdigest():
            return [sentence("firewall_old")]
        now, resolvers = _without_resolvers(self.now)
        recorded, _ = _without_resolvers(self.recorded or [])
        lines = differences({_RESOLVERS: sorted(self.resolvers)}, {_RESOLVERS: sorted(resolvers)})
        return lines if now == recorded else [*lines, *_changes(recorded, now)]


def parse(lines: Iterable[str]) -> Loaded:
    """Read the output of `Firewall`: nft's JSON after `now` and `recorded`, the files' hash, resolvers, units."""
    said: dict[str, str] = {}
    units: dict[str, dict[str, str]] = {}
    resolvers: list[str] = []
    for line in lines:
        key, _, value = line.partition(" ")
        if key == "unit":
            unit, _, state = value.partition(" ")
            units[unit] = dict(item.split("=", 1) for item in state.split())
        elif key == "resolver":
            resolvers.append(value)
        else:
            said[key] = value.strip()
    now, recorded = _statements(said.get("now")), _statements(said.get("recorded"))
    return Loaded(now, recorded, said.get("sha256", ""), resolvers, units)


def _without_resolvers(parts: list[Any]) -> tuple[list[Any], list[str]]:
    """The table's parts with an empty set of resolvers, and what was in that set."""
    kept, resolvers = [], []
    for part in parts:
        content = part.get("set")
        if content and content["name"] == _RESOLVERS:
            resolvers = [str(element) for element in content.get("elem", [])]
            kept.append({"set": {key: value for key, value in content.items() if key != "elem"}})
        else:
            kept.append(part)
    return kept, resolvers


def _statements(text: str | None) -> list[Any] | None:
    """The table's parts without the numbers that nft gives them anew each time."""
    if not text or not text.strip():
        return None
    parts = json.loads(text)["nftables"]
    return [_without_handles(part) for part in parts if "metainfo" not in part]


def _without_handles(value: Any) -> Any:  # noqa: ANN401 (JSON)
    if isinstance(value, dict):
        return {key: _without_handles(item) for key, item in value.items() if key != "handle"}
    return [_without_handles(item) for item in value] if isinstance(value, list) else value


def _changes(recorded: list[Any] | None, now: list[Any]) -> list[str]:
    """Where the live table differs from what was loaded: which chain or set, and in how many parts."""
    before = [json.dumps(part, sort_keys=True) for part in recorded or []]
    after = [json.dumps(part, sort_keys=True) for part in now]
    gone = [_place(json.loads(part)) for part in before if part not in after]
    new = [_place(json.loads(part)) for part in after if part not in before]
    lines = [sentence("firewall_changed", place=place) for place in dict.fromkeys(gone)]
    lines += [sentence("firewall_added", place=place) for place in dict.fromkeys(new) if place not in gone]
    return lines or [sentence("firewall_reordered")]


def _place(part: dict[str, Any]) -> str:
    kind, content = next(iter(part.items()))
    if kind not in ("rule", "chain", "set"):
        return f"{kind} {content['name']}"
    return sentence(f"place_{kind}", name=content["chain" if kind == "rule" else "name"])
