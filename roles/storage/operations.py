"""Volumes that are there with the right options and owner."""

from __future__ import annotations

from collections.abc import Generator, Sequence

from pyinfra.api.command import PyinfraCommand
from pyinfra.api.operation import operation
from pyinfra.context import host

from roles.common.commands import command, docker, fail, script
from roles.common.names import CONTAINERS, GID, UID
from roles.common.report import say
from roles.storage.facts import Volumes
from roles.storage.volumes import Volume, VolumeState

_OWNER = f"{UID}:{GID}"


@operation()
def volumes(wanted: Sequence[Volume]) -> Generator[PyinfraCommand, None, None]:
    """The volumes, each with its driver options, and the agent as the owner of those that hold data."""
    found = host.get_fact(Volumes, names=[volume.name for volume in wanted])
    changed = False
    for volume in wanted:
        for step in _repair(volume, found.get(volume.name)):
            changed = True
            yield step
    if not changed:
        host.noop(f"{len(wanted)} volumes are as they should be")


def _repair(volume: Volume, state: VolumeState | None) -> Generator[PyinfraCommand, None, None]:
    if state is None:
        say([f"volume {volume.name}: volume wanted, none found"])
        yield from _create(volume)
    elif drift := state.drift(volume):
        say(drift)
        yield from _replace(volume, state)
    elif volume.holds_data and state.owner != _OWNER:
        say([f"volume {volume.name}: owner {_OWNER} wanted, {state.owner or 'none'} found"])
        yield command("chown", _OWNER, "--", state.mountpoint)


def _create(volume: Volume) -> Generator[PyinfraCommand, None, None]:
    yield docker("volume", "create", *volume.create_arguments())
    if volume.holds_data:
        # Docker makes a volume's root directory root's.
        yield script(
            """
            path=$(docker volume inspect --format '{{.Mountpoint}}' "$volume") || exit 1
            chown "$owner" -- "$path" && chmod 0700 -- "$path"
            """,
            volume=volume.name,
            owner=_OWNER,
        )


def _replace(volume: Volume, state: VolumeState) -> Generator[PyinfraCommand, None, None]:
    if volume.holds_data:
        yield fail(
            f"volume {volume.name} has other driver options than it should and holds your data, so it is not touched: "
            f"copy {state.mountpoint} somewhere, `docker volume rm {volume.name}`, run this again and copy it back"
        )
        return
    # The containers that mount it must go first; the containers role makes them again.
    yield docker("rm", "--force", *CONTAINERS)
    yield docker("volume", "rm", volume.name)
    yield from _create(volume)
