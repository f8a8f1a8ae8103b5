"""Starting what Docker left lying, with a `docker` put in its place; and the unit that does it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from roles.common.names import CONTAINERS_UNIT
from roles.common.operations import unit_enabled
from roles.containers import starting
from tests.unit.roles.pyinfra_run import commands, fake

_DOCKER = """#!/bin/sh
if [ "$1" = container ]; then
    for name; do :; done
    cat "{folder}/$name" 2>/dev/null
else
    echo "$2" >> {folder}/tried
    [ "$(grep -c "$2" {folder}/tried)" -gt "$(cat {folder}/in-vain)" ] && echo "running always" > "{folder}/$2"
fi
"""


def start(folder: Path, states: dict[str, str], *, in_vain: int = 0) -> tuple[int, list[str]]:
    """Exit code of the script, and which starts it tried; each is in vain that many times."""
    (folder / "docker").write_text(_DOCKER.format(folder=folder))
    (folder / "docker").chmod(0o755)
    (folder / "in-vain").write_text(str(in_vain))
    (folder / "tried").touch()
    for name, state in states.items():
        (folder / name).write_text(state + "\n")
    script, _ = starting.entries()
    assert script.content is not None
    assert "sleep 5" in script.content
    text = script.content.replace("PATH=", f"PATH={folder}:").replace("sleep 5", "sleep 0")
    code = subprocess.run(["sh"], input=text, text=True, capture_output=True, check=False).returncode
    return code, (folder / "tried").read_text().split()


def test_what_runs_or_was_put_aside_is_left_alone(tmp_path: Path) -> None:
    states = {"picoclaw": "running always", "picoclaw-sandbox": "exited no", "picoclaw-llm": "restarting always"}

    assert start(tmp_path, states) == (0, [])


def test_what_docker_left_is_started_again_until_it_runs(tmp_path: Path) -> None:
    states = {"picoclaw": "running always", "picoclaw-sandbox": "exited always"}

    assert start(tmp_path, states, in_vain=2) == (0, ["picoclaw-sandbox"] * 3)


def test_what_cannot_be_started_is_given_up_and_the_unit_fails(tmp_path: Path) -> None:
    assert start(tmp_path, {"picoclaw": "exited always"}, in_vain=99) == (1, ["picoclaw"] * 12)


def test_the_unit_runs_after_each_start_of_docker() -> None:
    script, unit = starting.entries()

    assert unit.path == f"/etc/systemd/system/{CONTAINERS_UNIT}"
    assert unit.content is not None
    assert {"After=docker.service", "WantedBy=docker.service", f"ExecStart=/bin/sh {script.path}"} <= set(
        unit.content.splitlines()
    )
    assert "RemainAfterExit" not in unit.content, "or it would run once, at boot"


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("UnitFileState=disabled\nNeedDaemonReload=no", "UnitFileState: enabled wanted, disabled found"),
        ("UnitFileState=enabled\nNeedDaemonReload=yes", "NeedDaemonReload: no wanted, yes found"),
        ("UnitFileState=enabled\nNeedDaemonReload=no", ""),
    ],
)
def test_a_unit_that_would_not_start_is_enabled(state: str, said: str) -> None:
    answer = {"stdout": [f"Id={CONTAINERS_UNIT}", *state.split("\n")]}
    made = fake(unit_enabled, {"systemctl show": answer}, name="unit", unit=CONTAINERS_UNIT).execute()

    assert made.said == ({f"{CONTAINERS_UNIT}: {said}"} if said else set())
    ran = [command.split("'")[0] for command in commands(made, "systemctl ") if "show" not in command]
    assert len(ran) == (2 if said else 0)
