"""The flags that the volumes with data are mounted with, and what differs. Nothing here touches a host.

A volume of the local driver is a directory of the host's own file system, and Docker takes no nosuid or nodev for it.
But a container's bind mount inherits the flags of the mount it is made from. So a systemd unit binds the directory onto
itself with these flags, before Docker starts: no data moves, and the volume stays what it is to Docker.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from roles.common.diff import differences
from roles.common.words import sentence
from roles.storage.volumes import Volume

_TEMPLATE = (Path(__file__).with_name("templates") / "volume.mount").read_text(encoding="utf-8")
_UNIT = {"UnitFileState": "enabled", "ActiveState": "active", "NeedDaemonReload": "no"}


def unit_template(volume: Volume) -> str:
    """The unit but for the path, which is known where the volume is."""
    return _TEMPLATE.replace("@NAME@", volume.name).replace("@FLAGS@", ",".join(volume.flags))


@dataclass
class MountState:
    """A volume's mount as it is.

    Attributes:
        path: the volume's directory; empty while there is no volume.
        file: the lines of the unit's file.
        unit: what systemd says of it.
        mounts: the options of each mount on the directory, the one in force last.
        inside: the options in force in each running container that has the volume.
    """

    path: str = ""
    file: list[str] = field(default_factory=list)
    unit: dict[str, str] = field(default_factory=dict)
    mounts: list[str] = field(default_factory=list)
    inside: dict[str, str] = field(default_factory=dict)

    def drift(self, volume: Volume) -> list[str]:
        """What is not as it should be on the host."""
        if not self.path:
            lines = [sentence("mount_no_volume")]
        else:
            lines = [] if self._file_is(volume) else [sentence("mount_unit")]
            lines += differences(_UNIT, self.unit)
            lines += self._mount_drift(volume)
        return [sentence("of_volume", name=volume.name, line=line) for line in lines]

    def _file_is(self, volume: Volume) -> bool:
        return unit_template(volume).replace("@PATH@", self.path).splitlines() == self.file

    def _mount_drift(self, volume: Volume) -> list[str]:
        wanted = ",".join(volume.flags)
        if not self.mounts:
            return [sentence("mount_missing", flags=wanted)]
        if len(self.mounts) > 1:
            return [sentence("mount_stacked", count=len(self.mounts))]
        missing = ",".join(_missing(volume, self.mounts[0]))
        return [sentence("mount_flags", flags=wanted, missing=missing)] if missing else []


def _missing(volume: Volume, options: str) -> list[str]:
    return [flag for flag in volume.flags if flag not in options.split(",")]


def parse(lines: Iterable[str]) -> dict[str, MountState]:
    """Read the output of `VolumeMounts`, by volume.

    Raises:
        ValueError: it is not understood.
    """
    found: dict[str, MountState] = {}
    state = MountState()
    for line in lines:
        word, _, value = line.partition(" ")
        if word == "volume":
            state = found[value] = MountState()
        elif word == "path":
            state.path = value
        elif word == "file":
            state.file.append(value)
        elif word == "mount":
            state.mounts.append(value)
        elif word in ("unit", "inside"):
            name, separator, rest = value.partition("=" if word == "unit" else " ")
            if not separator:
                raise ValueError(line)
            (state.unit if word == "unit" else state.inside)[name] = rest
        else:
            raise ValueError(line)
    return found


def drifted(wanted: Iterable[Volume], found: Mapping[str, MountState]) -> list[tuple[Volume, list[str]]]:
    """The volumes whose mounts are not as they should be, with what differs."""
    compared = [(volume, found.get(volume.name, MountState()).drift(volume)) for volume in wanted]
    return [(volume, drift) for volume, drift in compared if drift]


def unflagged(wanted: Iterable[Volume], found: Mapping[str, MountState]) -> list[tuple[str, Volume]]:
    """Running containers that hold a volume without its flags: they were started before, or it was mounted anew."""
    states = [(volume, found.get(volume.name, MountState())) for volume in wanted]
    return [
        (name, volume)
        for volume, state in states
        for name, options in state.inside.items()
        if _missing(volume, options)
    ]
