"""What is asked of a host before anything is changed, parsed. Nothing here touches a host."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

# Every line of its output is `key value`; a key may come more than once. Prints nothing secret.
SCRIPT = r"""
. /etc/os-release 2>/dev/null && echo "os $ID $VERSION_ID"
[ -d /run/systemd/system ] && echo "systemd yes"
echo "architecture $(uname -m)"
sed -n 's/^MemTotal: *\([0-9]*\) kB$/memory_kb \1/p' /proc/meminfo
for limit in /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes; do
    [ -r "$limit" ] && echo "memory_limit $(cat "$limit")"
done
command -v nft >/dev/null && echo "nft yes"
command -v dockerd >/dev/null && echo "dockerd yes"
[ "$(cat /sys/module/apparmor/parameters/enabled 2>/dev/null)" = Y ] && echo "apparmor kernel"
command -v apparmor_parser >/dev/null && echo "apparmor parser"
echo "virtualization $(systemd-detect-virt --container 2>/dev/null)"
[ -s "$config_file" ] && echo "config yes"
root=/var/lib/docker
if client=$(command -v docker); then
    info=$(docker info --format '{{json .}}' 2>/dev/null)
    case $info in
        *'"ServerVersion":"'[0-9]*)
            echo "docker_client $client"
            echo "docker_info $info"
            root=$(printf '%s' "$info" | sed -n 's/.*"DockerRootDir":"\([^"]*\)".*/\1/p')
            docker ps --all --format 'container {{.Names}} {{.State}}' --filter name=picoclaw 2>/dev/null ;;
        *) echo "docker_client $client $(docker --version 2>/dev/null | head -n 1)" ;;
    esac
    echo "docker_unit $(systemctl is-enabled docker.service 2>/dev/null) $(systemctl is-active docker.service)"
fi
while [ -n "$root" ] && [ ! -d "$root" ]; do root=${root%/*}; done
echo "disk_kb $(df -Pk "${root:-/}" | awk 'NR == 2 { print $4 }') ${root:-/}"
[ -e "$daemon_hardened" ] && echo "daemon_hardened yes"
[ -r /etc/docker/daemon.json ] && echo "daemon_json $(tr '\n' ' ' < /etc/docker/daemon.json)"
true
"""


@dataclass(frozen=True)
class Machine:
    """A host as it was found.

    Attributes:
        os: such as ("debian", "12").
        memory_mb: what the machine has, or less when its own container is limited to less.
        disk_free_mb, disk_path: where Docker keeps its data, or will.
        docker_client: path of the `docker` command, and its version line when no daemon answers it.
        docker_info: what the daemon tells of itself; None when there is none or it does not answer.
        docker_unit: whether docker.service is enabled and active.
        containers: state by name, of those whose name has `picoclaw` in it.
        config: whether a config.json lies on the host.
        daemon_json: Docker's configuration file, on one line.
        daemon_was_hardened: whether a deploy has hardened it once (roles/daemon).
        docker_dns: resolvers that daemon.json names and that containers reach themselves.
    """

    os: tuple[str, str] = ("unknown", "")
    systemd: bool = False
    architecture: str = ""
    memory_mb: int = 0
    disk_free_mb: int = 0
    disk_path: str = "/"
    nft: bool = False
    dockerd: bool = False
    docker_client: str | None = None
    docker_info: Mapping[str, Any] | None = None
    docker_unit: bool = False
    wants_apparmor: bool = False
    config: bool = False
    containers: Mapping[str, str] = field(default_factory=dict)
    daemon_json: str = ""
    daemon_was_hardened: bool = False
    docker_dns: Sequence[str] = ()


def parse(lines: Iterable[str]) -> Machine:
    """Read the output of SCRIPT.

    Raises:
        ValueError: a line is not of its form.
    """
    said: dict[str, list[str]] = {}
    for line in lines:
        key, _, value = line.partition(" ")
        said.setdefault(key, []).append(value.strip())

    def first(key: str, default: str = "") -> str:
        return said.get(key, [default])[0]

    disk_kb, _, disk_path = first("disk_kb", "0 /").partition(" ")
    limits = [int(value) for value in said.get("memory_limit", []) if value.isdigit()]
    name, _, version = first("os", "unknown").partition(" ")
    return Machine(
        os=(name, version),
        systemd="systemd" in said,
        architecture=first("architecture"),
        memory_mb=min([int(first("memory_kb", "0")) * 1024, *limits]) // 1024**2,
        disk_free_mb=int(disk_kb or 0) // 1024,
        disk_path=disk_path,
        nft="nft" in said,
        dockerd="dockerd" in said,
        docker_client=first("docker_client") or None,
        docker_info=_daemon(first("docker_info")),
        docker_unit=first("docker_unit") == "enabled active",
        wants_apparmor=said.get("apparmor") == ["kernel"] and not first("virtualization").replace("none", ""),
        config="config" in said,
        containers=dict(line.split(" ", 1) for line in said.get("container", [])),
        daemon_json=first("daemon_json"),
        daemon_was_hardened="daemon_hardened" in said,
        docker_dns=_docker_dns(first("daemon_json")),
    )


def _daemon(text: str) -> dict[str, Any] | None:
    """`docker info` answers with zeros and a list of errors when the daemon does not."""
    info: dict[str, Any] = json.loads(text or "{}")
    return info if info.get("ServerVersion") else None


def _docker_dns(daemon_json: str) -> list[str]:
    """Of a file that is no JSON nothing is known: the daemon that runs has not read it."""
    try:
        listed = json.loads(daemon_json or "{}").get("dns") or []
    except (ValueError, AttributeError):
        return []
    return [address for address in listed if ":" not in address and not address.startswith("127.")]
