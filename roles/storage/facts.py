"""What is read from a host about the volumes and their mounts."""

from __future__ import annotations

import json

from pyinfra.api.command import StringCommand
from pyinfra.api.exceptions import FactProcessError
from pyinfra.api.facts import FactBase

from roles.common.commands import script
from roles.common.names import CONFIG_FILE
from roles.common.words import sentence
from roles.storage import mounts
from roles.storage.mounts import MountState
from roles.storage.volumes import VolumeState, parse

# In the place of every secret that does not leave the host.
KEPT_ON_HOST = "kept-on-the-host"


class HostConfig(FactBase[str]):
    """The host's config.json without its secrets, on one line; empty when there is none."""

    @staticmethod
    def default() -> str:
        """There is none."""
        return ""

    def command(self) -> StringCommand:
        """The secrets go before anything is printed: whoever runs the deploy may show what facts say."""
        return script(
            r"""
            [ ! -r "$file" ] || tr '\n' ' ' < "$file" | sed -E \
                's/"(api_key|bot_token|app_token)"[[:space:]]*:[[:space:]]*"([^"\\]|\\.)*"/"\1": "'"$kept"'"/g'
            """,
            file=CONFIG_FILE,
            kept=KEPT_ON_HOST,
        )

    def process(self, output: list[str]) -> str:
        """As it came."""
        return "".join(output)


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
        """Lines `access UID:GID:MODE PATH`, then the inspected volumes."""
        return script(
            """
            inspected=$(docker volume inspect "$@" 2>/dev/null)
            printf '%s\\n' "$inspected" | sed -n 's/^ *"Mountpoint": "\\(.*\\)",$/\\1/p' |
                while read -r path; do stat -c 'access %u:%g:%a %n' -- "$path" 2>/dev/null; done
            printf '%s\\n' "$inspected"
            """,
            names=names,
        )

    def process(self, output: list[str]) -> dict[str, VolumeState]:
        """See volumes.py."""
        access = [line.split(" ", 2) for line in output if line.startswith("access ")]
        text = "\n".join(line for line in output if not line.startswith("access "))
        try:
            return parse(json.loads(text or "[]"), {path: found for _, found, path in access})
        except (ValueError, KeyError) as error:
            raise FactProcessError(
                sentence("not_understood", who="docker volume inspect", answer=repr(error))
            ) from error


class VolumeMounts(FactBase[dict[str, MountState]]):
    """How the directory of each of these volumes is mounted, on the host and in the containers, by volume."""

    @staticmethod
    def default() -> dict[str, MountState]:
        """Nothing exists."""
        return {}

    def requires_command(self, *_args: object, **_kwargs: object) -> str:
        """On a fresh host there is no Docker yet."""
        return "docker"

    def command(self, names: list[str], containers: str) -> StringCommand:
        """In mountinfo the fourth word is the directory on its file system, then come its place and its options."""
        return script(
            r"""
            running=$(docker inspect --type container --format '{{.State.Pid}} {{.Name}}' $containers 2>/dev/null)
            for volume in "$@"; do
                path=$(docker volume inspect --format '{{.Mountpoint}}' "$volume" 2>/dev/null) || continue
                unit=$(systemd-escape --path --suffix=mount "$path")
                echo "volume $volume"
                echo "path $path"
                sed 's/^/file /' "/etc/systemd/system/$unit" 2>/dev/null
                systemctl show --property=ActiveState,UnitFileState,NeedDaemonReload -- "$unit" | sed 's/^/unit /'
                awk -v path="$path" '$5 == path { print "mount " $6 }' /proc/1/mountinfo
                printf '%s\n' "$running" | while read -r pid name; do
                    [ "${pid:-0}" != 0 ] || continue
                    awk -v name="${name#/}" -v end="/$volume/_data" '
                        substr($4, length($4) - length(end) + 1) == end { options = $6 }
                        END { if (options) print "inside " name " " options }' "/proc/$pid/mountinfo"
                done
            done
            true
            """,
            names=names,
            containers=containers,
        )

    def process(self, output: list[str]) -> dict[str, MountState]:
        """See mounts.py."""
        try:
            return mounts.parse(output)
        except ValueError as error:
            raise FactProcessError(sentence("mounts_not_understood", answer=error)) from error
