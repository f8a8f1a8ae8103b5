"""The volumes, and what differs. Nothing here touches a host."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from roles.common.diff import differences
from roles.common.names import EGRESS_VOLUME, GID, LLM_SOCKET_VOLUME, SOCKET_VOLUME, STATE_VOLUME, UID, WORKSPACE_VOLUME
from roles.common.words import sentence


@dataclass(frozen=True)
class Volume:
    """A named volume of the local driver.

    Attributes:
        holds_data: it must never be made anew by a machine.
        flags: what its directory is mounted with on the host, for the containers to inherit; see mounts.py. One in
            memory is a mount by itself and has them among its options.
    """

    name: str
    holds_data: bool
    flags: tuple[str, ...] = ()
    options: Mapping[str, str] = field(default_factory=dict)

    def create_arguments(self) -> list[str]:
        """The words after `docker volume create`."""
        return ["--driver=local", *(f"--opt={name}={value}" for name, value in self.options.items()), self.name]


def _in_memory(name: str) -> Volume:
    """A place for a socket, which needs no disk; and a host that lost power leaves none behind.

    Bounded in files too: empty ones take no room in it, but the host's memory, and outlive the container.
    """
    options = f"size=1m,nr_inodes=1k,uid={UID},gid={GID},mode=0700,nosuid,nodev,noexec"
    return Volume(name, holds_data=False, options={"type": "tmpfs", "device": "tmpfs", "o": options})


VOLUMES = (
    Volume(STATE_VOLUME, holds_data=True, flags=("nosuid", "nodev", "noexec")),
    # The owner's commands compile and run programs in it.
    Volume(WORKSPACE_VOLUME, holds_data=True, flags=("nosuid", "nodev")),
    _in_memory(SOCKET_VOLUME),
)
# Only when picoclaw-llm is there: the gateway asks it through the one, and it goes out through the other.
LLM_VOLUMES = (_in_memory(LLM_SOCKET_VOLUME), _in_memory(EGRESS_VOLUME))


@dataclass(frozen=True)
class VolumeState:
    """A volume as it is; `access` is its root directory's owner and mode, such as 1000:1000:700."""

    driver: str
    options: Mapping[str, str]
    mountpoint: str
    access: str

    def drift(self, volume: Volume) -> list[str]:
        """What is not as `volume` wants it, apart from the access."""
        wanted = {"driver": "local", "options": dict(volume.options)}
        found = {"driver": self.driver, "options": dict(self.options)}
        return [sentence("of_volume", name=volume.name, line=line) for line in differences(wanted, found)]


def parse(inspected: Iterable[Mapping[str, Any]], access: Mapping[str, str]) -> dict[str, VolumeState]:
    """From `docker volume inspect` and the owners and modes of the mount points, by volume name."""
    return {
        item["Name"]: VolumeState(
            item["Driver"], item.get("Options") or {}, item["Mountpoint"], access.get(item["Mountpoint"], "")
        )
        for item in inspected
    }
