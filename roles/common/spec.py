"""One description of a container, from which come both how it is made and what is compared with `docker inspect`.

`create_arguments` and `wanted` are to be read side by side with `roles.common.inspected.found`: a control stands in all
three, under the name of its `docker create` option.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from roles.common.names import GID, UID
from roles.common.words import sentence

SPEC_LABEL = "picoclaw.spec"
MEBIBYTE = 1024 * 1024

# What the image decides and a container made by hand could override.
SET_BY_IMAGE = ("entrypoint", "command", "workdir", "healthcheck", "stop-signal", "env")


@dataclass(frozen=True)
class Mount:
    """A directory of the host (`bind`) or a volume, at `target` in the container."""

    kind: str
    source: str
    target: str
    read_only: bool
    propagation: str = "rprivate"

    def argument(self) -> str:
        """The value of `--mount`. A volume is not filled from the image: its owner and content are the deploy's."""
        parts = [f"type={self.kind}", f"source={self.source}", f"target={self.target}"]
        parts += ["readonly"] if self.read_only else []
        parts += ["volume-nocopy"] if self.kind == "volume" else []
        return ",".join(parts)

    def __str__(self) -> str:
        """As the owner reads it when mounts differ."""
        shared = "" if self.propagation in ("", "rprivate") else f",{self.propagation}"
        return f"{self.source}:{self.target}:{'ro' if self.read_only else 'rw'}{shared}"


@dataclass(frozen=True)
class ContainerSpec:
    """A confined container. What has a default here holds for every container of this project.

    Attributes:
        image: repository and tag.
        seccomp_path: the profile's path on the host, where the docker client reads it.
        seccomp: the profile itself, as JSON.
        network: the one network it is on, or `none`.
        config_files: files of the mounted configuration; when one of them is newer than the running container,
            the container is restarted.
        extra_hosts: `name:address` lines for its /etc/hosts.
    """

    name: str
    image: str
    seccomp_path: str
    seccomp: str
    network: str
    mounts: tuple[Mount, ...]
    tmpfs: tuple[tuple[str, str], ...]
    config_files: tuple[str, ...] = ()
    extra_hosts: tuple[str, ...] = ()
    user: str = f"{UID}:{GID}"
    memory: int = 128 * MEBIBYTE
    cpus: int = 1
    pids: int = 64
    open_files: int = 1024
    log_size: str = "1m"
    log_files: str = "3"
    # unless-stopped would leave them down after a crash of Docker: its next start ends what outlived it, as if by hand.
    restart: str = "always"

    def digest(self) -> str:
        """What the label holds: a hash of all that the container is made from but the image, which has its own id."""
        text = json.dumps([self._options(), json.loads(self.seccomp), self.config_files], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def create_arguments(self) -> list[str]:
        """The words after `docker create`."""
        return [*self._options(), f"--label={SPEC_LABEL}={self.digest()}", self.image]

    def _options(self) -> list[str]:
        return [
            f"--name={self.name}",
            f"--hostname={self.name}",
            f"--user={self.user}",
            "--read-only",
            "--cap-drop=ALL",
            "--security-opt=no-new-privileges",
            f"--security-opt=seccomp={self.seccomp_path}",
            f"--memory={self.memory}",
            f"--memory-swap={self.memory}",
            f"--cpus={self.cpus}",
            f"--pids-limit={self.pids}",
            f"--ulimit=nofile={self.open_files}:{self.open_files}",
            "--ulimit=core=0:0",
            "--ipc=private",
            "--cgroupns=private",
            f"--network={self.network}",
            f"--restart={self.restart}",
            "--log-driver=json-file",
            f"--log-opt=max-size={self.log_size}",
            f"--log-opt=max-file={self.log_files}",
            *(f"--tmpfs={path}:{options}" for path, options in self.tmpfs),
            *(f"--mount={mount.argument()}" for mount in self.mounts),
            *(f"--add-host={line}" for line in self.extra_hosts),
        ]

    def wanted(
        self, image: Mapping[str, Any] | None, network_id: str | None, *, swap_counted: bool = True
    ) -> dict[str, Any]:
        """Every control as `found` reads it from an inspected container made by `create_arguments`.

        Args:
            image: the inspected image, or None while it is not built; then only that is compared.
            network_id: the id of `network`; a container that hangs on a removed network of that name cannot start.
            swap_counted: whether the kernel counts swap; where it does not, Docker drops the limit when creating.
        """
        if image is None:
            return {"image": sentence("image_unbuilt", image=self.image)}
        return {
            "image": image["Id"],
            **_from_image(image),
            **self._limits(swap_counted=swap_counted),
            **self._isolation(),
            "network": self.network,
            "networks": [self.network],
            "network-id": network_id,
            "spec": self.digest(),
            "seccomp": json.loads(self.seccomp),
            "mounts": sorted(str(mount) for mount in self.mounts),
            "tmpfs": dict(self.tmpfs),
            "add-host": sorted(self.extra_hosts),
            "dns": [],
            "hostname": self.name,
            "user": self.user,
            "restart": self.restart,
            "log": {"driver": "json-file", "max-size": self.log_size, "max-file": self.log_files},
        }

    def _limits(self, *, swap_counted: bool) -> dict[str, Any]:
        return {
            "memory": self.memory,
            "memory-swap": self.memory if swap_counted else -1,
            "cpus": self.cpus * 10**9,
            "cpu-quota": 0,
            "cpu-period": 0,
            "cpuset": "",
            "pids-limit": self.pids,
            "ulimits": {"nofile": (self.open_files, self.open_files), "core": (0, 0)},
            "oom-kill-disable": False,
            "oom-score-adj": 0,
        }

    @staticmethod
    def _isolation() -> dict[str, Any]:
        return {
            "read-only": True,
            "privileged": False,
            "cap-drop": ["ALL"],
            "cap-add": [],
            "no-new-privileges": True,
            "security-opt": [],
            "masked-paths": True,
            "read-only-paths": True,
            "pid": "",
            "ipc": "private",
            "cgroupns": "private",
            "userns": "",
            "uts": "",
            "cgroup-parent": "",
            "devices": [],
            "device-cgroup-rules": [],
            "device-requests": [],
            "group-add": [],
            "publish": [],
            "publish-all": False,
            "links": [],
            "volumes-from": [],
            "sysctls": {},
            "tty": False,
            "interactive": False,
            "init": False,
        }


def _from_image(image: Mapping[str, Any]) -> dict[str, Any]:
    config = image["Config"]
    return {
        "entrypoint": config.get("Entrypoint") or [],
        "command": config.get("Cmd") or [],
        "workdir": config.get("WorkingDir") or "",
        "healthcheck": config.get("Healthcheck") or {},
        "stop-signal": config.get("StopSignal") or "",
        "env": [],  # nothing beyond the image's
    }
