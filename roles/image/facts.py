"""What is read from a host about the images."""

from __future__ import annotations

from pyinfra.api.command import StringCommand
from pyinfra.api.exceptions import FactProcessError
from pyinfra.api.facts import FactBase

from roles.common.commands import script
from roles.common.words import sentence
from roles.image.images import CONTAINER_OF, Images, parse


class ImagesFact(FactBase[Images]):
    """The images of these repositories, and which of them the containers were made from."""

    @staticmethod
    def default() -> Images:
        """There are none."""
        return Images()

    def requires_command(self, *_args: object, **_kwargs: object) -> str:
        """On a fresh host there is no Docker yet."""
        return "docker"

    def command(self, repositories: list[str]) -> StringCommand:
        """One round trip."""
        return script(
            """
            for repository; do
                docker image ls --no-trunc --format 'image {{.Repository}}:{{.Tag}} {{.ID}}' "$repository" 2>/dev/null
            done
            for container in $containers; do
                docker container inspect --format 'used {{.Name}} {{.Image}}' "$container" 2>/dev/null
            done
            true
            """,
            containers=" ".join(CONTAINER_OF[repository] for repository in repositories),
            repositories=repositories,
        )

    def process(self, output: list[str]) -> Images:
        """See images.py."""
        try:
            return parse(output)
        except ValueError as error:
            raise FactProcessError(sentence("not_understood", who="docker image ls", answer=error)) from error
