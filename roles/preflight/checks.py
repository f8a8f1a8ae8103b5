"""What a host must be. Each check gives one sentence, what was found and what to do about it, or nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator

from roles.common.names import CONFIG_FILE, CONTAINERS
from roles.common.words import sentence
from roles.preflight.machine import Machine

SUPPORTED = {"debian": ("12", "13"), "ubuntu": ("22.04", "24.04")}
ARCHITECTURES = ("x86_64", "aarch64")
OLDEST_DOCKER = (20, 10)

# What `docker info` tells of the kernel, and the README's row that would be empty without it.
_NEEDED = {
    "MemoryLimit": "memory",
    "CpuCfsQuota": "cpu",
    "PidsLimit": "pids",
}


def config(*, here: bool, there: bool) -> Iterator[str]:
    """Whether there is a config.json, beside deploy.py or on the host."""
    if not here and not there:
        yield sentence("no_config", file=CONFIG_FILE)


def elevation(user: str, way: str, *, can_ask: bool) -> str | None:
    """Whether `user` can act as root on the host; `can_ask` says whether somebody is there to type a password."""
    if way in ("root", "sudo") or (way == "password" and can_ask):
        return None
    if way == "password":
        return sentence("sudo_password", user=user)
    return sentence("no_root", user=user)


def machine(found: Machine, *, min_memory_mb: int, min_disk_mb: int) -> Iterator[str]:
    """Whether this project can run on the machine."""
    name, version = found.os
    if version not in SUPPORTED.get(name, ()):
        yield sentence("unsupported_os", name=name, version=version or sentence("no_version"))
    if found.architecture not in ARCHITECTURES:
        yield sentence("processor", found=found.architecture, wanted=sentence("or").join(ARCHITECTURES))
    if not found.systemd:
        yield sentence("no_systemd")
    if found.memory_mb < min_memory_mb:
        yield sentence("little_memory", found=found.memory_mb, needed=min_memory_mb)
    if found.disk_free_mb < min_disk_mb:
        yield sentence("little_disk", found=found.disk_free_mb, path=found.disk_path, needed=min_disk_mb)


def docker(found: Machine) -> Iterator[str]:
    """Whether the Docker that is there, if any, can be used as it is."""
    if found.docker_client is None:
        return
    path, _, banner = found.docker_client.partition(" ")
    if path.startswith("/snap/"):
        yield sentence("docker_snap")
    elif "podman" in banner.lower():
        yield sentence("docker_podman")
    elif found.docker_info is not None:
        yield from _daemon(found, str(found.docker_info["ServerVersion"]))


def _daemon(found: Machine, version: str) -> Iterator[str]:
    numbers = tuple(int(number) for number in re.findall(r"\d+", version)[:2])
    if numbers < OLDEST_DOCKER:
        yield sentence("docker_old", version=version)
    info = found.docker_info or {}
    for key, name in _NEEDED.items():
        if info.get(key) is False:
            yield sentence("kernel_limit", name=sentence(f"kernel_{name}"), key=key)
    if not any("seccomp" in option for option in info.get("SecurityOptions") or ["seccomp"]):
        yield sentence("no_seccomp")


def installed(found: Machine) -> bool:
    """Whether containers of this project exist already."""
    return any(name in found.containers for name in CONTAINERS)


def running(found: Machine) -> bool:
    """Whether all of them run, which proves that containers can start here."""
    return all(found.containers.get(name) == "running" for name in CONTAINERS)
