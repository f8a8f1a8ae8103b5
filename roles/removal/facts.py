"""What there is on a host of all that a deploy makes."""

from __future__ import annotations

from pyinfra.api.command import StringCommand
from pyinfra.api.exceptions import FactProcessError
from pyinfra.api.facts import FactBase

from roles.common.commands import script
from roles.common.names import (
    BEFORE,
    CONTAINERS,
    CONTAINERS_UNIT,
    DAEMON_PENDING,
    GATEWAY_IMAGE,
    LLM,
    LLM_IMAGE,
    NETWORK,
    NFT_TABLE,
    RESOLVERS_SEEN,
    SANDBOX_IMAGE,
    STACK_DIR,
)
from roles.common.words import sentence
from roles.image.operations import STAGE_LABEL
from roles.network.firewall import units
from roles.storage.volumes import LLM_VOLUMES, VOLUMES

# In the order in which they have to go.
KINDS = ("container", "network", "image", "stage", "unit", "table", "volume", "data", "file")


class Everything(FactBase[dict[str, list[str]]]):
    """What there is, by kind; `data` are the volumes that hold what the owner made."""

    @staticmethod
    def default() -> dict[str, list[str]]:
        """Nothing."""
        return {kind: [] for kind in KINDS}

    def command(self) -> StringCommand:
        """Lines of kind and name; on a host without Docker there is nothing of Docker's."""
        containers = [*CONTAINERS, LLM]
        return script(
            """
            {
                for name in $containers; do
                    docker container inspect --format 'container {{slice .Name 1}}' "$name"
                done
                docker network inspect --format 'network {{.Name}}' "$network"
                for repository in $repositories; do
                    docker image ls --format 'image {{.Repository}}:{{.Tag}}' "$repository" | grep -v ':<none>$'
                done
                docker image ls --quiet --filter "label=$stage" | sort -u | sed 's/^/stage /'
                for name in $volumes; do docker volume inspect --format 'volume {{.Name}}' "$name"; done
                for name in $data; do
                    docker volume inspect --format 'data {{.Name}}' "$name" || continue
                    path=$(docker volume inspect --format '{{.Mountpoint}}' "$name")
                    unit=$(systemd-escape --path --suffix=mount "$path")
                    [ ! -e "/etc/systemd/system/$unit" ] || echo "unit $unit"
                done
                for name in $units; do [ ! -e "/etc/systemd/system/$name" ] || echo "unit $name"; done
                ! nft list table inet "$table" >&2 || echo "table $table"
                for path in $files; do [ ! -e "$path" ] || echo "file $path"; done
            } 2>/dev/null | grep -v '^$'
            true
            """,
            containers=" ".join([*containers, *(f"{name}{BEFORE}" for name in containers)]),
            network=NETWORK,
            repositories=f"{GATEWAY_IMAGE} {SANDBOX_IMAGE} {LLM_IMAGE}",
            stage=STAGE_LABEL,
            volumes=" ".join(volume.name for volume in (*VOLUMES, *LLM_VOLUMES) if not volume.holds_data),
            data=" ".join(volume.name for volume in VOLUMES if volume.holds_data),
            units=" ".join([*units(), CONTAINERS_UNIT]),
            table=NFT_TABLE,
            files=f"{STACK_DIR} {RESOLVERS_SEEN} {DAEMON_PENDING}",
        )

    def process(self, output: list[str]) -> dict[str, list[str]]:
        """Names by kind."""
        found = self.default()
        for line in output:
            kind, _, name = line.partition(" ")
            if kind not in found or not name:
                raise FactProcessError(sentence("not_understood", who=sentence("the_host"), answer=repr(line)))
            found[kind].append(name)
        return found
