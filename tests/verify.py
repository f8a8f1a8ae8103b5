"""`make verify`: the compliance checks on every host of `./inventory`.

python -m tests.verify [--lang en|pl] [--html FILE] [--junit FILE] [pytest's own options]
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from agent.errors import ConfigError
from agent.language import language_of
from agent.operator import reach

COMPLIANCE = Path(__file__).with_name("compliance")


def main() -> int:
    """Run the checks; exit as pytest does."""
    with tempfile.TemporaryDirectory() as directory:
        config = Path(directory, "ssh_config")
        hosts = _inventory()
        config.write_text(reach.ssh_config(hosts, directory), encoding="utf-8")
        urls = [testinfra_url(name, config) for name in hosts]
        options = ["-q", "-rN", "--tb=no", "--no-header", f"--hosts={','.join(urls)}", f"--confcutdir={COMPLIANCE}"]
        return int(pytest.main([str(COMPLIANCE), *options, *map(_renamed, sys.argv[1:])]))


def _inventory() -> dict[str, dict[str, Any]]:
    try:
        return reach.read_inventory(language_of(os.environ), Path.cwd())
    except ConfigError as error:
        sys.exit(str(error))


def _renamed(option: str) -> str:
    """The option as pytest calls it."""
    name, equals, value = option.partition("=")
    return f"--junit-xml{equals}{value}" if name == "--junit" else option


def testinfra_url(name: str, config: Path) -> str:
    """The host in testinfra's form (a bare name would mean paramiko there), with sudo for who is not root."""
    return f"ssh://{name}?ssh_config={config}{'' if reach.is_root(name, config) else '&sudo=true'}"


if __name__ == "__main__":
    sys.exit(main())
