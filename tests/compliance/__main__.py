"""`make verify`: the compliance checks on every host of `./inventory`."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest


def main() -> int:
    """Run the checks; exit as pytest does."""
    hosts = [testinfra_url(name, data) for name, data in inventory().items()]
    return int(pytest.main([str(Path(__file__).parent), "-q", f"--hosts={','.join(hosts)}", *sys.argv[1:]]))


def inventory() -> dict[str, dict[str, Any]]:
    """The hosts as pyinfra resolves them, each with its data."""
    command = [str(Path(sys.executable).with_name("pyinfra")), "inventory", "debug-inventory", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"pyinfra cannot read ./inventory: {(done.stderr or done.stdout).strip()}")
    return {name: host["data"] for name, host in json.loads(done.stdout)["hosts"].items()}


def testinfra_url(name: str, data: Mapping[str, Any]) -> str:
    """The host in testinfra's form; a bare name would mean paramiko there."""
    user = f"{quote(str(data['ssh_user']))}@" if data.get("ssh_user") else ""
    port = f":{data['ssh_port']}" if data.get("ssh_port") else ""
    options = "&".join(
        f"{option}={quote(str(data[key]), safe='/')}"
        for key, option in (("ssh_key", "ssh_identity_file"), ("ssh_config_file", "ssh_config"))
        if data.get(key)
    )
    return f"ssh://{user}{data.get('ssh_hostname', name)}{port}?{options}"


if __name__ == "__main__":
    sys.exit(main())
