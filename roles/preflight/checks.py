"""What a host must be. Each check gives one sentence, what was found and what to do about it, or nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator

from roles.common.names import CONFIG_FILE, CONTAINERS
from roles.preflight.machine import Machine

SUPPORTED = {"debian": ("12", "13"), "ubuntu": ("22.04", "24.04")}
ARCHITECTURES = ("x86_64", "aarch64")
OLDEST_DOCKER = (20, 10)

# What `docker info` tells of the kernel, and the README's row that would be empty without it.
_NEEDED = {
    "MemoryLimit": "memory",
    "CpuCfsQuota": "CPU",
    "PidsLimit": "process",
}

NO_CONFIG = (
    f"there is no config.json, neither beside deploy.py nor at {CONFIG_FILE} on the host: "
    "copy config.example.json to config.json beside deploy.py, put your keys in, and run this again"
)


def elevation(user: str, way: str, *, can_ask: bool) -> str | None:
    """Whether `user` can act as root on the host; `can_ask` says whether somebody is there to type a password."""
    if way in ("root", "sudo") or (way == "password" and can_ask):
        return None
    if way == "password":
        return f"sudo asks {user} for a password and nobody is here to type it: use a terminal, or log in as root"
    return f"{user} is neither root nor has sudo: log in as root (ssh_user in the inventory) or install sudo there"


def machine(found: Machine, *, min_memory_mb: int, min_disk_mb: int) -> Iterator[str]:
    """Whether this project can run on the machine."""
    name, version = found.os
    if version not in SUPPORTED.get(name, ()):
        yield (
            f"{name} {version or '(no version)'} is not supported: "
            "use Debian 12 or 13, or Ubuntu 22.04 or 24.04 (choose the system in the provider's panel)"
        )
    if found.architecture not in ARCHITECTURES:
        yield f"the processor is {found.architecture}, not {' or '.join(ARCHITECTURES)}: use another VPS"
    if not found.systemd:
        yield "systemd is not running here: use a VPS or container whose init is systemd"
    if found.memory_mb < min_memory_mb:
        yield (
            f"{found.memory_mb} MB of memory is too little, {min_memory_mb} MB are needed: "
            "choose a plan with 1 GB (Mikrus 2.1 or more)"
        )
    if found.disk_free_mb < min_disk_mb:
        yield (
            f"{found.disk_free_mb} MB of disk are free at {found.disk_path}, {min_disk_mb} MB are needed: "
            "free some (`docker system df` and `du -xh / | sort -h | tail` show where it went)"
        )


def docker(found: Machine) -> Iterator[str]:
    """Whether the Docker that is there, if any, can be used as it is."""
    if found.docker_client is None:
        return
    path, _, banner = found.docker_client.partition(" ")
    if path.startswith("/snap/"):
        yield "this Docker is a snap, which cannot read /opt/stacks: `snap remove docker`, then run this again"
    elif "podman" in banner.lower():
        yield "`docker` is Podman here: `apt-get remove podman-docker`, then run this again"
    elif found.docker_info is not None:
        yield from _daemon(found, str(found.docker_info["ServerVersion"]))


def _daemon(found: Machine, version: str) -> Iterator[str]:
    numbers = tuple(int(number) for number in re.findall(r"\d+", version)[:2])
    if numbers < OLDEST_DOCKER:
        yield f"Docker {version} is too old, 20.10 is needed: upgrade it (it is not touched here, others may use it)"
    info = found.docker_info or {}
    for key, name in _NEEDED.items():
        if info.get(key) is False:
            yield (
                f"this kernel cannot limit a container's {name} use (`docker info` says {key}=false): "
                "ask the provider to enable that cgroup controller"
            )
    if not any("seccomp" in option for option in info.get("SecurityOptions") or ["seccomp"]):
        yield "this Docker has no seccomp: install the distribution's docker.io, or a kernel with CONFIG_SECCOMP_FILTER"


def installed(found: Machine) -> bool:
    """Whether containers of this project exist already."""
    return any(name in found.containers for name in CONTAINERS)


def running(found: Machine) -> bool:
    """Whether all of them run, which proves that containers can start here."""
    return all(found.containers.get(name) == "running" for name in CONTAINERS)
