"""What is read from a host about the volumes."""

from __future__ import annotations

import json

from pyinfra.api.command import StringCommand
from pyinfra.api.exceptions import FactProcessError
from pyinfra.api.facts import FactBase

from roles.common.commands import script
from roles.storage.volumes import VolumeState, parse


class Volumes(FactBase[dict[str, VolumeState]]):
    """Each of these volumes that exists, by name."""

    @staticmethod
    def default() -> dict[str, VolumeState]:
        """Nothing exists."""
        return {}

    def requires_command(self, *_args: object, **_kwargs: object) -> str:
        """On a fresh host there is no Docker yet."""
        return "docker"

    def command(self, names: list[str]) -> StringCommand:
        """Lines `owner UID:GID PATH`, then the inspected volumes."""
        return script(
            """
            inspected=$(docker volume inspect "$@" 2>/dev/null)
            printf '%s\\n' "$inspected" | sed -n 's/^ *"Mountpoint": "\\(.*\\)",$/\\1/p' |
                while read -r path; do stat -c 'owner %u:%g %n' -- "$path" 2>/dev/null; done
            printf '%s\\n' "$inspected"
            """,
            names=names,
        )

    def process(self, output: list[str]) -> dict[str, VolumeState]:
        """See volumes.py."""
        owners = [line.split(" ", 2) for line in output if line.startswith("owner ")]
        text = "\n".join(line for line in output if not line.startswith("owner "))
        try:
            return parse(json.loads(text or "[]"), {path: owner for _, owner, path in owners})
        except (ValueError, KeyError) as error:
            raise FactProcessError(f"docker volume inspect answered what is not understood: {error!r}") from error
