"""The flags that the volumes are mounted with: what differs is named, and repaired where it differs."""

from __future__ import annotations

import pytest

from roles.storage import mounts
from roles.storage.operations import flagged
from roles.storage.volumes import VOLUMES, Volume
from tests.unit.roles.pyinfra_run import Run, commands, fake

STATE, WORKSPACE = (volume for volume in VOLUMES if volume.flags)
FACT = "docker volume inspect --format '{{.Mountpoint}}' \"$volume\" 2>/dev/null"
OPTIONS = {STATE.name: "rw,nosuid,nodev,noexec,relatime", WORKSPACE.name: "rw,nosuid,nodev,relatime"}
CONTAINER = {STATE.name: "picoclaw", WORKSPACE.name: "picoclaw-sandbox"}


def right(volume: Volume) -> list[str]:
    """What the fact reads when all is well."""
    path = f"/var/lib/docker/volumes/{volume.name}/_data"
    unit = mounts.unit_template(volume).replace("@PATH@", path)
    return [
        f"volume {volume.name}",
        f"path {path}",
        *(f"file {line}" for line in unit.splitlines()),
        "unit ActiveState=active",
        "unit UnitFileState=enabled",
        "unit NeedDaemonReload=no",
        f"mount {OPTIONS[volume.name]}",
        f"inside {CONTAINER[volume.name]} {OPTIONS[volume.name]}",
    ]


def run(workspace: list[str], state: list[str] | None = None) -> Run:
    answers = {FACT: {"stdout": [*(right(STATE) if state is None else state), *workspace]}}
    return fake(flagged, answers, name="flags", wanted=[STATE, WORKSPACE]).execute()


def test_nothing_is_done_when_all_is_well() -> None:
    made = run(right(WORKSPACE))

    assert not made.changed
    assert made.said == set()


def changed(old: str, *new: str) -> list[str]:
    lines = right(WORKSPACE)
    position = next(number for number, line in enumerate(lines) if line.startswith(old))
    return [*lines[:position], *new, *lines[position + 1 :]]


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (changed("mount"), "mount with nosuid,nodev wanted, none found"),
        (changed("mount", "mount rw,nodev"), "mount with nosuid,nodev wanted, one without nosuid found"),
        (changed("mount", "mount rw,nosuid,nodev", "mount rw"), "one mount wanted, 2 on top of one another found"),
        (changed("file Options"), "the present unit wanted, another or none found"),
        (changed("unit UnitFileState", "unit UnitFileState="), "UnitFileState: enabled wanted, none found"),
        (changed("unit ActiveState", "unit ActiveState=failed"), "ActiveState: active wanted, failed found"),
        (changed("unit Need", "unit NeedDaemonReload=yes"), "NeedDaemonReload: no wanted, yes found"),
        ([], "mount flags wanted, no volume found"),
    ],
    ids=["unmounted", "flag taken", "stacked", "unit changed", "disabled", "failed", "not reloaded", "fresh host"],
)
def test_what_differs_is_named_and_repaired_and_nothing_else(found: list[str], said: str) -> None:
    made = run(found)

    assert made.said == {f"volume {WORKSPACE.name}: {said}"}
    assert [WORKSPACE.name in command for command in commands(made, "systemctl enable")] == [True]
    # Whether the container has to be restarted is seen only after that.
    assert [WORKSPACE.name in command for command in commands(made, "docker restart")] == [True]


@pytest.mark.parametrize("flag", ["nosuid", "nodev"])
def test_a_container_with_an_older_mount_is_restarted(flag: str) -> None:
    options = OPTIONS[WORKSPACE.name].replace(f"{flag},", "")
    made = run(changed("inside", f"inside picoclaw-sandbox {options}"))

    assert made.said == {f"picoclaw-sandbox: nosuid,nodev on {WORKSPACE.name} wanted, a mount without found"}
    assert commands(made, "systemctl enable") == []
    assert len(commands(made, "docker restart")) == 1


def test_a_container_that_does_not_run_needs_nothing() -> None:
    assert not run(changed("inside")).changed


def test_what_is_not_understood_is_an_error() -> None:
    with pytest.raises(ValueError, match="gibberish"):
        mounts.parse(["volume x", "gibberish"])
