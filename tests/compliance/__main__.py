"""`make verify`: the compliance checks on every host of `./inventory`.

python -m tests.compliance [--lang en|pl] [--html FILE] [--junit FILE] [pytest's own options]
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

# pyinfra's host data and the ssh client's words for the same.
SSH_OPTIONS = {
    "ssh_hostname": "HostName",
    "ssh_port": "Port",
    "ssh_user": "User",
    "ssh_key": "IdentityFile",
    "ssh_known_hosts_file": "UserKnownHostsFile",
}


def main() -> int:
    """Run the checks; exit as pytest does."""
    with tempfile.TemporaryDirectory() as directory:
        config = Path(directory, "ssh_config")
        hosts = inventory()
        config.write_text(ssh_config(hosts, directory), encoding="utf-8")
        urls = [testinfra_url(name, config) for name in hosts]
        options = ["-q", "-rN", "--tb=no", "--no-header", f"--hosts={','.join(urls)}"]
        return int(pytest.main([str(Path(__file__).parent), *options, *map(_renamed, sys.argv[1:])]))


def _renamed(option: str) -> str:
    """The option as pytest calls it."""
    name, equals, value = option.partition("=")
    return f"--junit-xml{equals}{value}" if name == "--junit" else option


def inventory() -> dict[str, dict[str, Any]]:
    """The hosts as pyinfra resolves them, each with its data."""
    command = [str(Path(sys.executable).with_name("pyinfra")), "inventory", "debug-inventory", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"pyinfra cannot read ./inventory: {(done.stderr or done.stdout).strip()}")
    return {host["name"]: host["data"] for host in json.loads(done.stdout)}


def ssh_config(hosts: Mapping[str, Mapping[str, Any]], directory: str) -> str:
    """The hosts for the ssh client: what the inventory says, then the operator's own configuration, one connection."""
    lines = []
    for name, data in hosts.items():
        lines.append(f"Host {name}")
        lines += [f"    {option} {data[key]}" for key, option in SSH_OPTIONS.items() if data.get(key)]
    shared = ["Host *", "    ControlMaster auto", f"    ControlPath {directory}/%C", "    ControlPersist 60"]
    return "\n".join([*lines, *shared, "    LogLevel ERROR", "Match all", "    Include config", ""])


def testinfra_url(name: str, config: Path) -> str:
    """The host in testinfra's form (a bare name would mean paramiko there), with sudo for who is not root."""
    resolved = subprocess.run(["ssh", "-G", "-F", str(config), name], capture_output=True, text=True, check=True)
    sudo = "" if "user root" in resolved.stdout.splitlines() else "&sudo=true"
    return f"ssh://{name}?ssh_config={config}{sudo}"


if __name__ == "__main__":
    sys.exit(main())
