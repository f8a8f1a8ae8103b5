"""Taking it all away again: `pyinfra inventory deploy.py --data picoclaw_state=absent`.

Whatever this project has made on the host goes, and nothing else. What its owner has made stays (the workspace, the
assistant's memory, config.json) unless `picoclaw_purge=true`. Docker and nftables stay: others may use them by now.
"""

from __future__ import annotations

from typing import Any

from pyinfra.api.deploy import deploy
from pyinfra.context import host

from roles.common import settings
from roles.common.words import sentence
from roles.removal.operations import nothing_left

DEFAULTS: dict[str, Any] = {
    # `present`, or `absent` to remove everything from the host.
    "picoclaw_state": "present",
    # With `absent`: whether the volumes with the owner's data, and config.json, go as well.
    "picoclaw_purge": False,
}


def unwanted() -> bool:
    """Whether the host in hand shall have none of it.

    Raises:
        DeployError: `picoclaw_state` is neither of its two words.
    """
    given = host.data.get("picoclaw_state") is not None
    return given and settings.choice("picoclaw_state", "present", "absent") == "absent"


@deploy("removal", data_defaults=DEFAULTS)
def removal() -> None:
    """Remove everything, the owner's data only when told to."""
    nothing_left(name=sentence("name_removed"), purge=settings.switch("picoclaw_purge"))
