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

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pyinfra.api.exceptions import DeployError

from roles.common.diff import differences
from roles.common.names import BRIDGE, FIREWALL_FILE, FIREWALL_UNIT, NFT_TABLE

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).with_name("templates")),
    undefined=StrictUndefined,
    trim_blocks=True,
    keep_trailing_newline=True,
    autoescape=False,  # noqa: S701 (nftables and systemd files, not HTML)
)
# A unit that is stopped has not taken the table away; but after a boot it would not be there.
_UNIT = {"UnitFileState": "enabled", "ActiveState": "active", "NeedDaemonReload": "no"}
_EXCEPTION = re.compile(r"(?P<network>[0-9./]+):(?P<port>[0-9]{1,5})")


@dataclass(frozen=True)
class Allowed:
    """An address and port that the owner allows although the firewall would refuse it."""

    network: str
    port: int


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
        raise DeployError(
            f"picoclaw_allow_outbound holds {line!r}, which is not an IPv4 address or network and a TCP port: "
            'write it like "192.168.1.20/32:443"'
        )
    return Allowed(str(network), int(match["port"]))


def ruleset(resolvers: Sequence[str], allowed: Sequence[Allowed]) -> str:
    """The nftables file: replaces the table as a whole, in one transaction."""
    return _TEMPLATES.get_template("firewall.nft.j2").render(
        bridge=BRIDGE,
        table=NFT_TABLE,
        unit=FIREWALL_UNIT,
        resolvers=[str(ipaddress.IPv4Address(address)) for address in resolvers],
        exceptions=allowed,
    )


def unit() -> str:
    """The systemd unit that loads the file."""
    return _TEMPLATES.get_template("firewall.service.j2").render(rules=FIREWALL_FILE, nft="/usr/sbin/nft")


@dataclass(frozen=True)
class Loaded:
    """The table as it is now, and as it was right after it was loaded from a file with this hash; the unit's state."""

    now: Any = None
    recorded: Any = None
    recorded_sha256: str = ""
    unit: Mapping[str, str] = field(default_factory=dict)

    def drift(self, rules: str) -> list[str]:
        """What is not as `rules` want it, in words."""
        return [f"firewall: {line}" for line in [*self._table(rules), *differences(_UNIT, self.unit)]]

    def _table(self, rules: str) -> list[str]:
        if self.now is None:
            return [f"table inet {NFT_TABLE} wanted, none found"]
        if self.recorded_sha256 != hashlib.sha256(rules.encode()).hexdigest():
            return ["the present rules wanted, other ones found loaded"]
        return [] if self.now == self.recorded else _changes(self.recorded, self.now)


def parse(lines: Iterable[str]) -> Loaded:
    """Read the output of `Firewall`: nft's JSON after `now` and `recorded`, a hash after `sha256`, then the unit."""
    said, unit = {}, {}
    for line in lines:
        key, _, value = line.partition(" ")
        if key == "unit":
            name, _, state = value.partition("=")
            unit[name] = state
        else:
            said[key] = value.strip()
    return Loaded(_statements(said.get("now")), _statements(said.get("recorded")), said.get("sha256", ""), unit)


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
    lines = [f"{place} wanted as loaded, changed or removed found" for place in dict.fromkeys(gone)]
    lines += [f"{place} wanted as loaded, an addition found" for place in dict.fromkeys(new) if place not in gone]
    return lines or ["rules wanted in the order loaded, another order found"]


def _place(part: dict[str, Any]) -> str:
    kind, content = next(iter(part.items()))
    return f"rule in chain {content['chain']}" if kind == "rule" else f"{kind} {content['name']}"
