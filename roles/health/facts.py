"""What is read from a host about the health of its containers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pyinfra.api.command import StringCommand
from pyinfra.api.exceptions import FactProcessError
from pyinfra.api.facts import FactBase

from roles.common.commands import script
from roles.common.names import BEFORE, CONTAINERS, LLM
from roles.common.words import sentence

HEALTHY = "healthy"


@dataclass(frozen=True)
class Health:
    """The word that tells best how a container is, and how often Docker has restarted it.

    The word is `healthy`, starting, unhealthy, or Docker's for one that does not run: missing, exited, restarting ...
    """

    word: str = "missing"
    restarts: int = 0


def ask(names: Sequence[str]) -> StringCommand:
    """One line for each container: name, status, health, restarts.

    Docker puts its first question a whole interval after the start; who waits for the answer puts the same one at once.
    """
    return script(
        """
        for name; do
            state=$(docker container inspect --format \
                '{{.State.Status}} {{with .State.Health}}{{.Status}}{{else}}-{{end}} {{.RestartCount}}' "$name" \
                2>/dev/null) || state="missing - 0"
            case $state in
                "running starting "*)
                    docker container inspect --format \
                        '{{range $i, $word := .Config.Healthcheck.Test}}{{if $i}}{{println $word}}{{end}}{{end}}' \
                        "$name" | sed '/^$/d' | xargs -d '\\n' docker exec "$name" >/dev/null 2>&1 &&
                        state="running healthy ${state##* }"
                    ;;
            esac
            echo "$name $state"
        done
        true
        """,
        names=names,
    )


def parse(lines: Iterable[str]) -> dict[str, Health]:
    """Read the output of `ask`, by container.

    Raises:
        ValueError: a line is not of that form.
    """
    found = {}
    for line in lines:
        name, status, health, restarts = line.split(" ")
        word = status if status != "running" else "without a health check" if health == "-" else health
        found[name] = Health(word, int(restarts))
    return found


class KeptAside(FactBase[list[str]]):
    """The containers that were kept aside when a new image's took their places."""

    @staticmethod
    def default() -> list[str]:
        """None."""
        return []

    def requires_command(self, *_args: object, **_kwargs: object) -> str:
        """On a fresh host there is no Docker yet."""
        return "docker"

    def command(self) -> StringCommand:
        """Their names, one a line."""
        names = " ".join(f"{name}{BEFORE}" for name in (*CONTAINERS, LLM))
        return script(
            """
            for name in $names; do
                docker container inspect --format '{{slice .Name 1}}' "$name" 2>/dev/null | grep .
            done
            true
            """,
            names=names,
        )

    def process(self, output: list[str]) -> list[str]:
        """As they came."""
        return output


class ContainerHealth(FactBase[dict[str, Health]]):
    """How each of these containers is, by name."""

    @staticmethod
    def default() -> dict[str, Health]:
        """Nothing exists."""
        return {}

    def requires_command(self, *_args: object, **_kwargs: object) -> str:
        """On a fresh host there is no Docker yet."""
        return "docker"

    def command(self, names: list[str]) -> StringCommand:
        """One round trip for all of them."""
        return ask(names)

    def process(self, output: list[str]) -> dict[str, Health]:
        """See `parse`."""
        try:
            return parse(output)
        except ValueError as error:
            raise FactProcessError(sentence("not_understood", who="docker inspect", answer=error)) from error
