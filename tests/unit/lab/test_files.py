"""What a lab writes for others to read: its places, its state, its hosts and exports."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.lab import inventory
from tests.lab.addresses import Subnet
from tests.lab.errors import LabError
from tests.lab.paths import Places, state_dirs
from tests.lab.processes import ProcessId
from tests.lab.state import State


@pytest.fixture(name="places")
def make_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    # A blank in the path shows who forgets to quote.
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "own state"))
    places = Places("lab-test")
    places.dir.mkdir(parents=True)
    return places


@pytest.mark.parametrize("name", ["", "Lab", "-lab", "lab/..", "la b", "1lab", "l" * 41])
def test_a_name_that_is_no_host_name_is_refused(name: str) -> None:
    with pytest.raises(LabError, match="lower-case"):
        Places(name)


def test_state_survives_being_written_and_read(places: Places) -> None:
    state = State("trixie", 7, {"host": ProcessId(12, 345)}, complete=True)
    state.save(places)

    assert State.load(places) == state
    assert State.load(Places("another")) is None
    assert state_dirs() == [places.dir]


def test_the_inventory_says_how_to_reach_the_host_and_what_the_owner_allows(places: Places) -> None:
    inventory.write_hosts(places, Subnet(7))

    data = json.loads(places.hosts.read_text())["lab-test"]
    assert data["ssh_hostname"] == "10.99.7.2"
    assert data["picoclaw_extra_hosts"]["api.telegram.org"] == "10.99.7.10"
    assert "10.99.7.10/32:443" in data["picoclaw_allow_outbound"]


def test_a_shell_can_evaluate_the_exports(places: Places) -> None:
    script = f"{inventory.exports(places)}\nenv"
    printed = subprocess.run(
        ["sh", "-c", script], capture_output=True, text=True, check=True, env={**os.environ}
    ).stdout

    assert f"PICOCLAW_LAB={places.dir}\n" in printed
    assert f"PICOCLAW_HOSTS_FILE={places.hosts}\n" in printed
