"""The hosts of the deploy: the inventory's own and those that `picoclaw init` wrote, or those of another file."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pyinfra.api.exceptions import InventoryError

from roles.common import names
from roles.common.words import sentence

Host = str | tuple[str, dict[str, Any]]
Hosts = list[Host] | tuple[list[Host], dict[str, Any]]

# The ssh alias that is deployed to while nobody has named a host.
UNNAMED = "mikrus"


def all_hosts(own: Hosts) -> Hosts:
    """The inventory's own hosts, then those of hosts.json beside it; of one that is in both, hosts.json's data win.

    Where neither has any, it is the ssh alias `mikrus`. With PICOCLAW_HOSTS_FILE the hosts of that file are all.

    Args:
        own: names, or pairs of a name and its data; a pair of such a list and data for all of them is one, too.

    Raises:
        InventoryError: something of it is not what it should be; never shows data, a password may be in it.
    """
    if file := os.environ.get("PICOCLAW_HOSTS_FILE"):
        return list(_hosts_of(Path(file), "PICOCLAW_HOSTS_FILE").items())
    listed, shared = own if isinstance(own, tuple) and len(own) == 2 else (own, None)
    hosts: dict[str, dict[str, Any]] = {}
    for name, data in [*_named(listed), *_written()]:
        hosts[name] = {**hosts.get(name, {}), **data}
    found: list[Host] = [*hosts.items()] or [UNNAMED]
    return found if shared is None else (found, shared)


def _named(listed: object) -> Iterator[tuple[str, dict[str, Any]]]:
    if not isinstance(listed, list):
        raise InventoryError(sentence("hosts_no_list"))
    for place, host in enumerate(listed):
        name, data = host if isinstance(host, tuple) and len(host) == 2 else (host, {})
        if not isinstance(name, str) or not isinstance(data, dict):
            raise InventoryError(sentence("hosts_entry", place=place))
        yield name, data


def _written() -> list[tuple[str, dict[str, Any]]]:
    file = names.REPOSITORY / "hosts.json"
    return list(_hosts_of(file, "hosts.json").items()) if file.exists() else []


def _hosts_of(file: Path, source: str) -> dict[str, dict[str, Any]]:
    try:
        named = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InventoryError(sentence("hosts_unreadable", source=source, file=file, reason=error)) from None
    if not isinstance(named, dict) or not all(isinstance(data, dict) for data in named.values()):
        raise InventoryError(sentence("hosts_shape", source=source, file=file))
    return named
