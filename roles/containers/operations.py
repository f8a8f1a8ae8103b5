"""Making a container what its specification says, and saying what it was instead."""

from __future__ import annotations

from collections.abc import Generator, Sequence

from pyinfra.api.command import PyinfraCommand
from pyinfra.api.operation import operation
from pyinfra.context import host

from roles.common import started
from roles.common.commands import docker, script
from roles.common.names import BEFORE
from roles.common.report import left_over, say
from roles.common.spec import ContainerSpec
from roles.common.words import sentence
from roles.containers.facts import Container, Leftovers
from roles.containers.state import ContainerState
from roles.image.operations import STAGE_LABEL


@operation()
def container(spec: ContainerSpec) -> Generator[PyinfraCommand, None, None]:
    """A running container that is as `spec` describes it.

    Created when there is none, recreated when the label or any control seen by `docker inspect` differs, started
    when it is stopped, restarted when only its mounted configuration changed. One that is replaced for a new image is
    kept aside, stopped, until the health role has seen the new one healthy.
    """
    state = host.get_fact(
        Container, container=spec.name, image=spec.image, network=spec.network, config_files=list(spec.config_files)
    )
    drift = state.drift(spec)
    if drift or state.status not in ("running", "restarting") or state.config_is_newer:
        started.note(spec.name)
    say(f"{spec.name}: {line}" for line in drift)
    if drift:
        yield from _remove(state, spec.name)
    if drift or state.container is None:
        say([] if drift else [sentence("container_missing", name=spec.name)])
        yield docker("create", *spec.create_arguments())
        yield docker("start", spec.name)
    elif state.status not in ("running", "restarting"):
        say([sentence("container_stopped", name=spec.name, status=state.status)])
        yield docker("unpause" if state.status == "paused" else "start", spec.name)
    elif state.config_is_newer:
        say([sentence("config_newer", name=spec.name)])
        yield docker("restart", spec.name)
    else:
        host.noop(sentence("container_right", name=spec.name))


@operation()
def removed(container: str, repository: str, volumes: Sequence[str]) -> Generator[PyinfraCommand, None, None]:
    """No such container, no image of that repository, none of these volumes, which hold no data."""
    found = host.get_fact(Leftovers, container=container, repository=repository, volumes=list(volumes))
    if not any(found.values()):
        host.noop(sentence("container_gone", name=container))
        return
    say(left_over(found))
    yield from (docker("rm", "--force", name) for name in found["container"])
    if found["image"]:
        yield docker("image", "rm", *found["image"])
        # What the legacy builder keeps of its build is larger than the image.
        yield docker("image", "prune", "--force", f"--filter=label={STAGE_LABEL}")
    if found["volume"]:
        yield docker("volume", "rm", *found["volume"])


def _remove(state: ContainerState, name: str) -> Generator[PyinfraCommand, None, None]:
    """Stop it in its own time first, so that the message in hand is finished; a paused one cannot stop."""
    if state.upgrades:
        yield docker("stop", name)
        yield script(
            # A reboot before it is settled starts the new one alone.
            'docker rm --force "$name$before" >/dev/null 2>&1; docker update --restart=no "$name" >/dev/null'
            ' && docker rename "$name" "$name$before"',
            name=name,
            before=BEFORE,
        )
        return
    if state.status == "paused":
        yield docker("unpause", name)
    if state.status in ("running", "paused", "restarting"):
        yield docker("stop", name)
    yield docker("rm", "--force", name)
