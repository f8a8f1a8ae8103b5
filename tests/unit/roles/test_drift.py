"""The comparison of a specification with `docker inspect`, on what real Dockers answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from roles.common.inspected import found
from roles.containers.state import ContainerState
from tests.unit.roles.mutations import MUTATIONS, SPEC, Mutation
from tests.unit.roles.recordings import VERSIONS, mutated, recording


def drift(recorded: Mapping[str, Any], container: Mapping[str, Any], **changed: Any) -> list[str]:
    """What the containers role would say of `container`."""
    known = {"image": recorded["image"], "network_id": recorded["network_id"], **changed}
    return ContainerState(container=container, **known).drift(SPEC)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_container_made_by_the_specification_has_no_drift(version: str) -> None:
    recorded = recording(version)

    assert drift(recorded, recorded["container"]) == []


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.title)
def test_every_difference_is_named_and_nothing_else(version: str, mutation: Mutation) -> None:
    recorded = recording(version)

    named = [line.partition(":")[0] for line in drift(recorded, mutated(recorded, mutation.title))]

    assert sorted(named) == sorted(mutation.named)


def test_every_control_has_a_mutation() -> None:
    recorded = recording(VERSIONS[-1])
    wanted = SPEC.wanted(recorded["image"], recorded["network_id"])
    mutable = wanted.keys() - {"image", "device-requests", "links"}  # the lab has no GPU, the network no links

    assert mutable == {name for mutation in MUTATIONS for name in mutation.named}
    assert wanted.keys() == found(recorded["container"], recorded["image"]).keys()


@pytest.mark.parametrize("version", VERSIONS)
def test_a_difference_is_told_as_wanted_and_found(version: str) -> None:
    recorded = recording(version)

    def said(title: str) -> list[str]:
        return drift(recorded, mutated(recorded, title))

    assert said("no --memory") == [
        "memory: 134217728 wanted, 0 found",
        "memory-swap: 134217728 wanted, 0 found",
    ]
    assert said("--cap-add=NET_RAW") == ["cap-add: none wanted, NET_RAW found"]
    assert said("no --read-only") == ["read-only: yes wanted, no found"]
    assert said("no --security-opt=seccomp --security-opt=seccomp=unconfined")[0].endswith("wanted, unconfined found")


@pytest.mark.parametrize("version", VERSIONS)
def test_a_variable_is_named_without_its_value(version: str) -> None:
    recorded = recording(version)

    said = drift(recorded, mutated(recorded, "--env=AWS_SECRET_ACCESS_KEY=do-not-show-me"))

    assert said == ["env: none wanted, AWS_SECRET_ACCESS_KEY found"]


def test_another_image_is_the_only_thing_said_of_what_images_decide() -> None:
    recorded = recording("26.1")
    newer = {**recorded["image"], "Id": "sha256:" + 64 * "7", "Config": {"Entrypoint": ["/other"], "Env": ["A=b"]}}

    assert drift(recorded, recorded["container"], image=newer) == [
        f"image: 777777777777 wanted, {recorded['image']['Id'][7:19]} found"
    ]


def test_an_image_that_is_not_built_yet_is_the_only_thing_said() -> None:
    recorded = recording("26.1")

    (line,) = drift(recorded, recorded["container"], image=None)

    assert line.startswith("image: picoclaw-recorded:latest (not built yet) wanted")


def test_a_network_made_anew_under_the_same_name_is_drift() -> None:
    recorded = recording("20.10")

    assert [line.partition(":")[0] for line in drift(recorded, recorded["container"], network_id="anew")] == [
        "network-id"
    ]


def test_an_uncounted_swap_is_accepted_only_where_the_kernel_does_not_count() -> None:
    recorded = recording("20.10")
    unlimited = mutated(recorded, "no --memory-swap --memory-swap=-1")

    assert drift(recorded, unlimited, swap_counted=False) == []
    assert drift(recorded, unlimited, swap_counted=True) == ["memory-swap: 134217728 wanted, -1 found"]
    assert drift(recorded, recorded["container"], swap_counted=False) == ["memory-swap: -1 wanted, 134217728 found"]
