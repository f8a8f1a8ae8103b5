"""The hosts of `inventory`, and the operator's own ssh client to reach them: nothing else has his keys and aliases."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.errors import ConfigError, PicoClawError
from agent.gateway.printable import one_line
from agent.operator.words import say, speaking
from roles.common.names import REPOSITORY

# pyinfra's host data and the ssh client's words for the same.
_SSH_OPTIONS = {
    "ssh_hostname": "HostName",
    "ssh_port": "Port",
    "ssh_user": "User",
    "ssh_key": "IdentityFile",
    "ssh_known_hosts_file": "UserKnownHostsFile",
}
# Seconds until an address that does not answer counts as unreachable.
_CONNECT_S = 10
_SSH_FAILED = 255


class UnreachableError(PicoClawError):
    """ssh did not come through to the host; the text is its own last line."""


@dataclass(frozen=True)
class Host:
    """A host of the inventory; commands run on it as root."""

    name: str
    data: Mapping[str, Any]
    _config: Path
    _root: bool

    @property
    def sudo(self) -> str:
        """What comes before a command there, with a space; empty for root."""
        return "" if self._root else "sudo "

    @property
    def shell(self) -> str:
        """What the operator types to log in there."""
        options = {"-p": self.data.get("ssh_port"), "-i": self.data.get("ssh_key")}
        given = [f"{option} {shlex.quote(str(value))}" for option, value in options.items() if value]
        user = self.data.get("ssh_user")
        address = self.data.get("ssh_hostname") or self.name
        return " ".join(["ssh", *given, f"{user}@{address}" if user else address])

    def command(self, script: str) -> list[str]:
        """What runs a shell script there, for whoever starts it with pipes of his own; secrets do not belong in it."""
        sudo = self.sudo and "sudo -n "
        return ["ssh", "-F", str(self._config), "-o", "BatchMode=yes", self.name, f"{sudo}sh -c {shlex.quote(script)}"]

    def run(
        self, script: str, *, stdin: bytes | None = None, timeout: float = 60
    ) -> subprocess.CompletedProcess[bytes]:
        """Run a shell script there and return how it ended.

        UnreachableError when ssh itself fails or nothing comes back within `timeout` seconds.
        """
        given: dict[str, Any] = {"stdin": subprocess.DEVNULL} if stdin is None else {"input": stdin}
        try:
            done = subprocess.run(self.command(script), capture_output=True, timeout=timeout, check=False, **given)
        except subprocess.TimeoutExpired:
            raise UnreachableError(f"no answer within {timeout:g} s") from None
        if done.returncode == _SSH_FAILED:
            said = done.stderr.decode(errors="replace").strip().splitlines()
            raise UnreachableError(one_line(said[-1]) if said else "ssh failed")
        return done


@contextmanager
def inventory_hosts(language: str, *names: str, repository: Path = REPOSITORY) -> Iterator[list[Host]]:
    """Hosts of the inventory, by their names or those of groups, all without a name, while the block runs.

    They stand in the order of the inventory, and everything that is run on one of them shares a connection.
    ConfigError when the inventory cannot be read or has nothing of such a name.
    """
    known = _debug_inventory(language, repository)
    chosen = _chosen(known, names, language)
    data = {host["name"]: host["data"] for host in known}
    with tempfile.TemporaryDirectory(prefix="picoclaw-ssh.") as directory:
        config = Path(directory, "config")
        config.write_text(ssh_config(data, directory), encoding="utf-8")
        hosts = [Host(name, data[name], config, is_root(name, config)) for name in chosen]
        try:
            yield hosts
        finally:
            for host in hosts:
                _hang_up(host.name, config)


def read_inventory(language: str, repository: Path = REPOSITORY) -> dict[str, dict[str, Any]]:
    """The hosts as pyinfra resolves them, each with its data; ConfigError when it cannot."""
    return {host["name"]: host["data"] for host in _debug_inventory(language, repository)}


def _debug_inventory(language: str, repository: Path) -> list[dict[str, Any]]:
    """The hosts, each with `name`, `groups` and `data`."""
    command = [str(Path(sys.executable).with_name("pyinfra")), "inventory", "debug-inventory", "--json"]
    done = subprocess.run(
        command, cwd=repository, env=speaking(language, os.environ), stdin=subprocess.DEVNULL, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip()
        raise ConfigError(say("no_inventory", language, reason=said.splitlines()[-1] if said else "?"))
    return list(json.loads(done.stdout))


def _chosen(known: list[dict[str, Any]], names: Sequence[str], language: str) -> list[str]:
    if not known:
        raise ConfigError(say("no_hosts", language))
    for name in names:
        if not any(name in (host["name"], *host["groups"]) for host in known):
            listed = ", ".join(host["name"] for host in known) or "-"
            raise ConfigError(say("no_such_host", language, name=name, known=listed))
    wanted = set(names)
    return [host["name"] for host in known if not wanted or wanted & {host["name"], *host["groups"]}]


def ssh_config(hosts: Mapping[str, Mapping[str, Any]], directory: str) -> str:
    """The hosts for the ssh client: what the inventory says, then the operator's own configuration, one connection."""
    lines = []
    for name, data in hosts.items():
        lines.append(f"Host {name}")
        lines += [f"    {option} {data[key]}" for key, option in _SSH_OPTIONS.items() if data.get(key)]
    shared = [
        "Host *",
        "    ControlMaster auto",
        f"    ControlPath {directory}/%C",
        "    ControlPersist 60",
        f"    ConnectTimeout {_CONNECT_S}",
        "    ServerAliveInterval 15",
        "    ServerAliveCountMax 4",
    ]
    return "\n".join([*lines, *shared, "    LogLevel ERROR", "Match all", "    Include config", ""])


def is_root(name: str, config: Path) -> bool:
    """Whether this configuration of ssh logs in there as root.

    ConfigError, in ssh's own words, when it is none or there is no ssh.
    """
    command = ["ssh", "-G", "-F", str(config), name]
    try:
        resolved = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise ConfigError("ssh: command not found (apt install openssh-client)") from None
    if resolved.returncode != 0:
        said = resolved.stderr.strip().splitlines()
        raise ConfigError(said[-1] if said else f"ssh -G {name}: {resolved.returncode}")
    return "user root" in resolved.stdout.splitlines()


def _hang_up(name: str, config: Path) -> None:
    subprocess.run(["ssh", "-F", str(config), "-O", "exit", name], capture_output=True, check=False)
