"""Reading the one answer that tells of a container, its image and its network."""

from __future__ import annotations

import json
from typing import Any

import pytest

from roles.containers.state import ContainerState, parse
from tests.unit.roles.recordings import VERSIONS, recording

STARTED = "2026-11-22T16:20:01.123456789Z"
STARTED_SECONDS = 1795364401.123456789


def answer(*elements: dict[str, Any], before: tuple[str, ...] = ()) -> ContainerState:
    return parse([*before, *json.dumps(list(elements), indent=4).splitlines()], "picoclaw", "gateway:1", "net")


CONTAINER = {"Name": "/picoclaw", "HostConfig": {}, "State": {"Status": "running", "StartedAt": STARTED}}
IMAGE = {"Id": "sha256:1", "RepoTags": ["gateway:1"]}
NETWORK = {"Name": "net", "Id": "n1", "IPAM": {}}


def test_the_elements_are_told_apart() -> None:
    state = answer(CONTAINER, IMAGE, NETWORK)

    assert (state.container, state.image, state.network_id) == (CONTAINER, IMAGE, "n1")


def test_something_else_of_the_same_name_is_not_mistaken() -> None:
    """`docker inspect picoclaw` finds an image called picoclaw where there is no container of that name."""
    state = answer(
        {"Id": "sha256:2", "RepoTags": ["picoclaw:latest"]},
        {"Name": "/net", "HostConfig": {}},
        {"Name": "net", "Mountpoint": "/var/lib/docker/volumes/net"},
    )

    assert state == ContainerState()


@pytest.mark.parametrize("output", [[], ["[]"], [""]])
def test_nothing_is_found(output: list[str]) -> None:
    assert parse(output, "picoclaw", "gateway:1", "net").status == "missing"


def test_no_json_is_an_error() -> None:
    with pytest.raises(ValueError, match="Expecting value"):
        parse(["Cannot connect to the Docker daemon"], "picoclaw", "gateway:1", "net")


@pytest.mark.parametrize(
    ("changed", "newer"),
    [(STARTED_SECONDS - 0.01, False), (STARTED_SECONDS + 0.01, True), (0.0, False)],
)
def test_configuration_that_changed_after_the_start_is_noticed(changed: float, newer: bool) -> None:
    state = answer(CONTAINER, before=("changed 12.000000000", f"changed {changed:.9f}"))

    assert state.config_is_newer is newer


def test_a_container_that_never_ran_is_older_than_any_configuration() -> None:
    created = {**CONTAINER, "State": {"Status": "created", "StartedAt": "0001-01-01T00:00:00Z"}}

    assert answer(created, before=("changed 12.5",)).config_is_newer


def test_whether_swap_is_counted() -> None:
    assert answer(before=("swap false",)).swap_counted is False
    assert answer(before=("swap true",)).swap_counted is True
    assert answer().swap_counted is True


@pytest.mark.parametrize("version", VERSIONS)
def test_a_real_answer_is_read(version: str) -> None:
    recorded = recording(version)
    name = recorded["container"]["Name"].lstrip("/")
    lines = json.dumps([recorded["container"], recorded["image"]]).splitlines()

    state = parse(lines, name, recorded["image"]["RepoTags"][0], "none")

    assert state.container == recorded["container"]
    assert state.image == recorded["image"]
    assert state.status in ("running", "restarting"), "it ends at once and is restarted, over and over"
