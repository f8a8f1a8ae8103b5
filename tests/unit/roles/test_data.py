"""Keys of the deploy's data that nothing reads."""

from __future__ import annotations

import importlib
import json
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest
from pyinfra.api.exceptions import DeployError
from pyinfra.api.inventory import Inventory
from pyinfra.context import ctx_host

import roles
from roles.common.names import REPOSITORY
from roles.preflight.data import KNOWN, known_data_only, unknown


@pytest.mark.parametrize("file", ["README.md", "README.pl.md"])
def test_what_is_known_is_what_the_roles_read_and_the_readme_lists(file: str) -> None:
    modules = [importlib.import_module(f"roles.{one.name}") for one in pkgutil.iter_modules(roles.__path__)]
    read = {key for module in modules for key in getattr(module, "DEFAULTS", {}) if key.startswith("picoclaw_")}
    listed = re.findall(r"^\| (`picoclaw_.*?`) \|", (REPOSITORY / file).read_text(encoding="utf-8"), re.MULTILINE)
    assert read < KNOWN
    assert {key for cell in listed for key in re.findall(r"`(\w+)`", cell)} == KNOWN


def test_a_key_that_nothing_reads_is_a_sentence_with_what_was_meant() -> None:
    given = ["ssh_port", "picoclaw_refresh", "preflight_min_memory_mb", "picoclaw_harden_dokcer", "picoclaw-zzz"]
    assert list(unknown(given, KNOWN)) == [
        (
            "picoclaw_harden_dokcer is no key of the deploy's data: did you mean picoclaw_harden_docker? The README "
            "(A real VPS in five lines) lists them; correct it in the inventory, hosts.json or --data"
        ),
        (
            "picoclaw-zzz is no key of the deploy's data: the README (A real VPS in five lines) lists them; "
            "correct it in the inventory, hosts.json or --data"
        ),
    ]


@pytest.mark.parametrize("place", ["host", "group", "all", "--data"])
def test_wherever_it_was_given(place: str) -> None:
    data = {one: {"picoclaw_sate": "absent"} if one == place else {} for one in ("host", "group", "all", "--data")}
    inventory = Inventory(
        ([("@local", data["host"])], data["all"]), override_data=data["--data"], hosts=(["@local"], data["group"])
    )  # type: ignore[no-untyped-call]
    with ctx_host.use(next(iter(inventory))), pytest.raises(DeployError, match="did you mean picoclaw_state"):
        known_data_only()


def test_one_hosts_wrong_key_leaves_that_host_out(tmp_path: Path) -> None:
    """As pyinfra runs deploy.py; the other host goes on, to a trouble of its own."""
    fakes = {"fake_responses": {}, "fake_delay": 0, "fake_delay_jitter": 0}
    hosts = {"@fake/wrong": {**fakes, "picoclaw_stat": "absent"}, "@fake/right": fakes}
    (tmp_path / "hosts.json").write_text(json.dumps(hosts))
    done = subprocess.run(
        [Path(sys.executable).with_name("pyinfra"), "inventory", "deploy.py", "--dry", "-y"],
        cwd=REPOSITORY, env={"PATH": "/usr/bin:/bin", "PICOCLAW_HOSTS_FILE": str(tmp_path / "hosts.json")},
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    said = [line.strip() for line in done.stdout.splitlines() if line.strip().startswith("[@fake/wrong]")]
    said = [line for line in said if "Ready: deploy.py" not in line]  # pyinfra's, of all but the last
    assert said[0] == "[@fake/wrong] Connected"
    assert said[1].startswith(
        "[@fake/wrong] picoclaw_stat is no key of the deploy's data: did you mean picoclaw_state?"
    )
    assert len(said) == 2, "it was asked nothing"
    assert "[@fake/right] unknown is neither root nor has sudo" in done.stdout
    assert "Traceback" not in done.stdout
