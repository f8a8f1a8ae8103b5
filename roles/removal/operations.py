"""Removing what there is, in the order in which one thing lets go of the next."""

from __future__ import annotations

from collections.abc import Generator

from pyinfra.api.command import PyinfraCommand
from pyinfra.api.operation import operation
from pyinfra.context import host

from roles.common.commands import command, docker, script
from roles.common.names import CONFIG_FILE, STACK_DIR
from roles.common.report import left_over, say
from roles.common.words import sentence
from roles.removal.facts import KINDS, Everything


@operation()
def nothing_left(*, purge: bool) -> Generator[PyinfraCommand, None, None]:
    """No container, network, image, volume, unit, table or file of this project; the owner's data if `purge`."""
    found = host.get_fact(Everything)
    kept = [] if purge else found.pop("data")
    removable = {kind: found.get(kind, []) for kind in KINDS}
    if not purge and _only_the_config_is_left(removable):
        removable["file"] = []
    if not any(removable.values()):
        host.noop(sentence("only_data_here", names=", ".join(kept)) if kept else sentence("nothing_here"))
        return
    say(left_over(removable))
    say(sentence("volume_kept", name=name) for name in kept)
    for kind, names in removable.items():
        if names:
            yield from _REMOVE[kind](names, purge=purge)


def _only_the_config_is_left(removable: dict[str, list[str]]) -> bool:
    return removable["file"] == [STACK_DIR] and not any(removable[kind] for kind in KINDS if kind != "file")


def _containers(names: list[str], **_: bool) -> Generator[PyinfraCommand, None, None]:
    """In their own time first, so that the message in hand is finished."""
    yield script('docker stop "$@" >/dev/null 2>&1; docker rm --force "$@"', names=names)


def _networks(names: list[str], **_: bool) -> Generator[PyinfraCommand, None, None]:
    yield docker("network", "rm", *names)


def _images(names: list[str], **_: bool) -> Generator[PyinfraCommand, None, None]:
    yield docker("image", "rm", "--force", *names)


def _volumes(names: list[str], **_: bool) -> Generator[PyinfraCommand, None, None]:
    yield docker("volume", "rm", *names)


def _units(names: list[str], **_: bool) -> Generator[PyinfraCommand, None, None]:
    yield script(
        """
        # What starts a unit goes first, or it might start it once more.
        for unit; do case $unit in *.path) systemctl disable --quiet --now -- "$unit" ;; esac; done
        systemctl disable --quiet --now -- "$@"
        for unit; do rm -f -- "/etc/systemd/system/$unit"; done
        systemctl daemon-reload
        systemctl reset-failed -- "$@" 2>/dev/null || true
        """,
        names=names,
    )


def _tables(names: list[str], **_: bool) -> Generator[PyinfraCommand, None, None]:
    for name in names:
        # The unit that loaded it may have taken it away as it stopped.
        yield script('! nft list table inet "$table" >/dev/null 2>&1 || nft delete table inet "$table"', table=name)


def _files(names: list[str], *, purge: bool) -> Generator[PyinfraCommand, None, None]:
    for name in names:
        if name == STACK_DIR and not purge:
            yield script(
                """
                find "$directory" -mindepth 1 ! -path "$kept" ! -path "${kept%/*}" -delete
                rmdir --ignore-fail-on-non-empty -- "${kept%/*}" "$directory" 2>/dev/null || true
                """,
                directory=STACK_DIR,
                kept=CONFIG_FILE,
            )
        else:
            yield command("rm", "-rf", "--", name)


_REMOVE = {
    "container": _containers,
    "network": _networks,
    "image": _images,
    "stage": _images,
    "unit": _units,
    "table": _tables,
    "volume": _volumes,
    "data": _volumes,
    "file": _files,
}
