"""What one round trip tells of a container, its image and its network. Nothing here touches a host."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from roles.common.diff import differences
from roles.common.inspected import found
from roles.common.spec import SET_BY_IMAGE, ContainerSpec


@dataclass(frozen=True)
class ContainerState:
    """A container as it is, with what it is compared against.

    Attributes:
        container: the inspected container, or None.
        image: the inspected image that is wanted, or None while it is not built.
        network_id: the id of the wanted network, or None while there is none.
        config_changed: when the newest of the configuration files last changed, in seconds since the epoch.
        swap_counted: whether the kernel can limit swap.
    """

    container: Mapping[str, Any] | None = None
    image: Mapping[str, Any] | None = None
    network_id: str | None = None
    config_changed: float = 0.0
    swap_counted: bool = True

    def drift(self, spec: ContainerSpec) -> list[str]:
        """What of the container is not as `spec` wants it, apart from whether it runs."""
        if self.container is None:
            return []
        wanted = spec.wanted(self.image, self.network_id, swap_counted=self.swap_counted)
        if self.container["Image"] != wanted["image"]:
            # The old image's own settings would all be named as differences, too.
            wanted = {name: value for name, value in wanted.items() if name not in SET_BY_IMAGE}
        return differences(wanted, found(self.container, self.image))

    @property
    def upgrades(self) -> bool:
        """Whether it is replaced because it is of another image than wanted, and is not known to be ill."""
        if self.container is None or self.image is None or self.container["Image"] == self.image["Id"]:
            return False
        health = (self.container["State"].get("Health") or {}).get("Status")
        return self.status == "running" and health in ("healthy", "starting")

    @property
    def status(self) -> str:
        """Docker's word: running, exited, created, paused, restarting, dead; or missing."""
        return str(self.container["State"]["Status"]) if self.container else "missing"

    @property
    def config_is_newer(self) -> bool:
        """Whether the configuration changed after the container was started."""
        if self.container is None:
            return False
        return self.config_changed > _seconds(self.container["State"]["StartedAt"])


def _seconds(timestamp: str) -> float:
    """Docker writes nanoseconds, Python reads microseconds: `2026-11-22T16:20:01.123456789Z`."""
    whole, _, fraction = timestamp.removesuffix("Z").partition(".")
    return datetime.fromisoformat(f"{whole}+00:00").timestamp() + float(f"0.{fraction or 0}")


def parse(lines: Iterable[str], name: str, image: str, network: str) -> ContainerState:
    """Read the output of `ContainerFact`: lines `changed SECONDS` and `swap BOOLEAN`, then one JSON list.

    The three names are looked up by one `docker inspect`, in which any of them can also be something else's name
    (an image called `picoclaw`, a container called `none`): what an element is shows in its keys.

    Raises:
        ValueError: the output is not of that form.
    """
    changed, swap, text = 0.0, True, []
    for line in lines:
        word, _, value = line.partition(" ")
        if word == "changed":
            changed = max(changed, float(value))
        elif word == "swap":
            swap = value != "false"
        else:
            text.append(line)
    elements = json.loads("\n".join(text) or "[]")
    return ContainerState(
        container=next((item for item in elements if "HostConfig" in item and item["Name"] == f"/{name}"), None),
        image=next((item for item in elements if image in (item.get("RepoTags") or [])), None),
        network_id=next((item["Id"] for item in elements if "IPAM" in item and item["Name"] == network), None),
        config_changed=changed,
        swap_counted=swap,
    )
