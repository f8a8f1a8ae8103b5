"""hosts.json, which `inventory` reads by itself: the hosts that `picoclaw init` knows, and how to reach them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agent.errors import ConfigError
from agent.operator import files
from agent.operator.words import say


def read(file: Path, language: str) -> dict[str, dict[str, Any]]:
    """The hosts; none where there is no file. ConfigError for a file that is not one of hosts."""
    if not file.exists():
        return {}
    try:
        named = json.loads(files.read(file, language))
    except ValueError:
        named = None
    if not isinstance(named, dict) or not all(isinstance(data, dict) for data in named.values()):
        raise ConfigError(say("init_bad_host", language, file=file))
    return named


def write(file: Path, hosts: Mapping[str, dict[str, Any]], name: str, ssh: Mapping[str, Any]) -> None:
    """Set how one of the hosts is reached; its other data and the other hosts stay."""
    other = {
        key: value for key, value in hosts.get(name, {}).items() if key not in ("ssh_hostname", "ssh_port", "ssh_user")
    }
    files.write_private(file, json.dumps({**hosts, name: {**other, **ssh}}, indent=2, ensure_ascii=False) + "\n")
