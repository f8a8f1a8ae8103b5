"""hosts.json, which `inventory` reads by itself: the hosts that `picoclaw init` knows, and how to reach them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from agent.errors import ConfigError
from agent.operator import files


def read(file: Path) -> dict[str, dict[str, Any]]:
    """The hosts; none where there is no file. ConfigError for a file that is not one of hosts."""
    try:
        named = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError):
        raise ConfigError(f"{file.name} cannot be read as JSON") from None
    if not isinstance(named, dict) or not all(isinstance(data, dict) for data in named.values()):
        raise ConfigError(f'{file.name} must hold {{"name": {{"ssh_hostname": ...}}}}')
    return named


def write(file: Path, name: str, ssh: dict[str, Any]) -> None:
    """Set how one host is reached; its other data and the other hosts stay."""
    hosts = read(file)
    other = {
        key: value for key, value in hosts.get(name, {}).items() if key not in ("ssh_hostname", "ssh_port", "ssh_user")
    }
    files.write_private(file, json.dumps({**hosts, name: {**other, **ssh}}, indent=2, ensure_ascii=False) + "\n")
