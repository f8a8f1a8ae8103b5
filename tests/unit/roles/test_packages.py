"""Installing packages, with an apt that answers as it is told."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from roles.common.operations import packages
from tests.unit.roles.pyinfra_run import commands, fake

APT_GET = '#!/bin/sh\necho "apt-get $*" >> "$LOG"\n[ "$1" != "$FAILS" ] || { echo "E: no network" >&2; exit 100; }\n'
APT_CACHE = '#!/bin/sh\n[ "$2" = docker-cli ]\n'


def run(tmp_path: Path, *, fails: str = "") -> subprocess.CompletedProcess[str]:
    """Run the operation's own script; what apt-get was asked for is in LOG."""
    for name, text in (("apt-get", APT_GET), ("apt-cache", APT_CACHE)):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    made = fake(packages, {}, name="packages", names=["docker.io"], optional=["docker-cli", "none"]).execute()
    (script,) = commands(made, "apt-get")
    path = f"{tmp_path}:{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "LOG": str(tmp_path / "log"), "FAILS": fails}
    return subprocess.run(["sh", "-c", script], env=environment, capture_output=True, text=True, check=False)


def test_lists_are_renewed_and_what_the_distribution_has_is_installed(tmp_path: Path) -> None:
    assert run(tmp_path).returncode == 0

    update, install = (tmp_path / "log").read_text().splitlines()
    assert update == "apt-get update -q"
    assert install.endswith("-- docker.io docker-cli")
    assert "--no-install-recommends" in install


@pytest.mark.parametrize(("fails", "named"), [("update", "apt-get update"), ("install", "apt-get install")])
def test_a_failure_is_one_sentence_below_what_apt_said(tmp_path: Path, fails: str, named: str) -> None:
    done = run(tmp_path, fails=fails)

    assert done.returncode == 1
    said, sentence = done.stderr.splitlines()
    assert said == "E: no network"
    assert sentence.startswith(named)
    assert sentence.endswith("check the host's network and its package sources")
