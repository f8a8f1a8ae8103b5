"""What is read from the host about a container."""

from __future__ import annotations

from collections.abc import Sequence

from pyinfra.api.command import StringCommand
from pyinfra.api.exceptions import FactProcessError
from pyinfra.api.facts import FactBase

from roles.common.commands import script
from roles.common.words import sentence
from roles.containers.state import ContainerState, parse


class Container(FactBase[ContainerState]):
    """A container, the image and network it should have, and when its configuration last changed."""

    _names: tuple[str, str, str] = ("", "", "")

    @staticmethod
    def default() -> ContainerState:
        """There is none, nor an image for it."""
        return ContainerState()

    def requires_command(self, *_args: object, **_kwargs: object) -> str:
        """On a fresh host there is no Docker yet."""
        return "docker"

    def command(self, container: str, image: str, network: str, config_files: Sequence[str]) -> StringCommand:
        """One inspect for all three; ctime, because a copied file may carry an old mtime."""
        self._names = (container, image, network)
        return script(
            """
            [ $# -eq 0 ] || stat -c 'changed %.9Z' -- "$@" 2>/dev/null
            inspected=$(docker inspect "$container" "$image" "$network" 2>/dev/null)
            case $inspected in
                *'"MemorySwap": -1'*) echo "swap $(docker info --format '{{.SwapLimit}}')" ;;
            esac
            printf '%s\\n' "$inspected"
            """,
            container=container,
            image=image,
            network=network,
            config_files=config_files,
        )

    def process(self, output: list[str]) -> ContainerState:
        """See `ContainerState`."""
        try:
            return parse(output, *self._names)
        except (ValueError, KeyError) as error:
            raise FactProcessError(sentence("not_understood", who="docker inspect", answer=repr(error))) from error


class Leftovers(FactBase[dict[str, list[str]]]):
    """What there is of a container that is not wanted: itself, the tags of its images, its volumes."""

    @staticmethod
    def default() -> dict[str, list[str]]:
        """Nothing."""
        return {"container": [], "image": [], "volume": []}

    def requires_command(self, *_args: object, **_kwargs: object) -> str:
        """On a fresh host there is no Docker yet."""
        return "docker"

    def command(self, container: str, repository: str, volumes: Sequence[str]) -> StringCommand:
        """Lines of kind and name."""
        return script(
            """
            {
                docker container inspect --format 'container {{slice .Name 1}}' "$container"
                docker image ls --format 'image {{.Repository}}:{{.Tag}}' "$repository"
                docker volume inspect --format 'volume {{.Name}}' "$@"
            } 2>/dev/null | grep -v -e '^$' -e ':<none>$'
            true
            """,
            container=container,
            repository=repository,
            volumes=volumes,
        )

    def process(self, output: list[str]) -> dict[str, list[str]]:
        """Names by kind."""
        found = self.default()
        for line in output:
            kind, _, name = line.partition(" ")
            if kind not in found:
                raise FactProcessError(sentence("not_understood", who="docker", answer=repr(line)))
            found[kind].append(name)
        return found
