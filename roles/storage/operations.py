"""Volumes that are there with the right options, owner and mount flags."""

from __future__ import annotations

from collections.abc import Generator, Sequence

from pyinfra.api.command import PyinfraCommand, StringCommand
from pyinfra.api.operation import operation
from pyinfra.context import host

from roles.common.commands import command, docker, fail, script
from roles.common.diff import in_words
from roles.common.names import CONTAINERS, GID, UID
from roles.common.report import say
from roles.common.words import sentence
from roles.storage.facts import VolumeMounts, Volumes
from roles.storage.mounts import drifted, unflagged, unit_template
from roles.storage.volumes import Volume, VolumeState

_OWNER = f"{UID}:{GID}"
_ACCESS = f"{_OWNER}:700"


@operation()
def volumes(wanted: Sequence[Volume]) -> Generator[PyinfraCommand, None, None]:
    """The volumes, each with its driver options, and those that hold data open to the agent alone."""
    found = host.get_fact(Volumes, names=[volume.name for volume in wanted])
    changed = False
    for volume in wanted:
        for step in _repair(volume, found.get(volume.name)):
            changed = True
            yield step
    if not changed:
        host.noop(sentence("volumes_right", count=len(wanted)))


def _repair(volume: Volume, state: VolumeState | None) -> Generator[PyinfraCommand, None, None]:
    if state is None:
        say([sentence("volume_missing", name=volume.name)])
        yield from _create(volume)
    elif drift := state.drift(volume):
        say(drift)
        yield from _replace(volume, state)
    elif volume.holds_data and state.access != _ACCESS:
        say([sentence("volume_access", name=volume.name, wanted=_ACCESS, found=in_words(state.access))])
        yield command("chown", _OWNER, "--", state.mountpoint)
        yield command("chmod", "0700", "--", state.mountpoint)


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
        yield fail(sentence("volume_options", name=volume.name, mountpoint=state.mountpoint))
        return
    # The containers that mount it must go first; the containers role makes them again.
    yield script(
        'docker ps --all --quiet --filter "volume=$volume" | xargs --no-run-if-empty docker rm --force',
        volume=volume.name,
    )
    yield docker("volume", "rm", volume.name)
    yield from _create(volume)


@operation()
def flagged(wanted: Sequence[Volume]) -> Generator[PyinfraCommand, None, None]:
    """The directories of these volumes mounted with their flags, now and after every boot.

    A container that runs without them, or on a mount that was repaired, is restarted to inherit those there are now.
    """
    found = host.get_fact(VolumeMounts, names=[volume.name for volume in wanted], containers=" ".join(CONTAINERS))
    drift = drifted(wanted, found)
    for volume, lines in drift:
        say(lines)
        yield _mount(volume)
    behind = unflagged(wanted, found)
    for name, volume in behind:
        say([sentence("mount_inside", name=name, flags=",".join(volume.flags), volume=volume.name)])
    repaired = {volume.name: volume for volume in [*(volume for volume, _ in drift), *(volume for _, volume in behind)]}
    for volume in repaired.values():
        yield _restart_those_with(volume)
    if not drift and not behind:
        host.noop(sentence("mounts_right", count=len(wanted)))


def _mount(volume: Volume) -> StringCommand:
    return script(
        """
        refuse() {
            format=$1 && shift
            printf "$format\\n" "$@" >&2
            exit 1
        }
        path=$(docker volume inspect --format '{{.Mountpoint}}' "$volume") || exit 1
        case $path in
            *[!A-Za-z0-9/._-]*) refuse "$name" "$path" ;;
        esac
        unit=$(systemd-escape --path --suffix=mount "$path") || exit 1
        sed "s|@PATH@|$path|g" > "/etc/systemd/system/$unit" || exit 1
        systemctl daemon-reload || exit 1
        mounts() { awk -v path="$path" '$5 == path' /proc/1/mountinfo | wc -l; }
        for _ in 1 2 3 4 5 6 7 8; do
            [ "$(mounts)" -gt 0 ] || break
            umount -- "$path" || umount --lazy -- "$path" || break
        done
        systemctl enable --quiet "$unit" && systemctl restart "$unit" ||
            refuse "$failed" "$(systemctl status --no-pager "$unit" 2>&1 | tail -n 3)"
        [ "$(mounts)" -eq 1 ] || refuse "$stacked" "$path" "$(mounts)"
        """,
        stdin=unit_template(volume),
        volume=volume.name,
        name=sentence("mount_name", volume=volume.name, path="%s"),
        failed=sentence("of_volume", name=volume.name, line="%s"),
        stacked=sentence("mount_still_stacked", volume=volume.name, path="%s", count="%s"),
    )


def _restart_those_with(volume: Volume) -> StringCommand:
    """One that runs may get a new mount on top of its own, without the flags (propagation): only a restart is sure."""
    return script(
        'docker ps --quiet --filter "volume=$volume" | xargs --no-run-if-empty docker restart', volume=volume.name
    )
