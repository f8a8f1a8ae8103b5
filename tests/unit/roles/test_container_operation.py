"""What the containers role runs on the host, for each state a container can be found in."""

from __future__ import annotations

import dataclasses
import json
import shlex
from typing import Any

import pytest

from roles.containers.operations import container, removed
from tests.unit.roles.mutations import SPEC
from tests.unit.roles.pyinfra_run import Run, commands, fake
from tests.unit.roles.recordings import mutated, recording

RECORDED = recording("26.1")
NETWORK = {"Name": SPEC.network, "Id": RECORDED["network_id"], "IPAM": {}}


def found(status: str = "running", title: str | None = None) -> dict[str, Any]:
    inspected = mutated(RECORDED, title) if title else dict(RECORDED["container"])
    return {**inspected, "State": {"Status": status, "StartedAt": "2026-11-22T16:20:01.5Z"}}


def run(*elements: dict[str, Any], changed: float = 0.0) -> Run:
    answer = json.dumps([*elements, RECORDED["image"], NETWORK])
    fact = {"stdout": [f"changed {changed}", answer]}
    return fake(container, {"docker inspect": fact}, name="container", spec=SPEC).execute()


def done(made: Run) -> list[str]:
    """The words after `docker` of each command that changed something."""
    ran = [command.split()[1:] for command in commands(made, "docker ") if command.startswith("docker ")]
    return [" ".join(words[:1] if words[0] == "create" else words) for words in ran]


def test_one_that_is_right_and_runs_is_left_alone() -> None:
    made = run(found())

    assert not made.would_change
    assert done(made) == []
    assert made.said == set()


def test_a_missing_one_is_created_and_started() -> None:
    made = run()

    assert done(made) == ["create", f"start {SPEC.name}"]
    assert made.said == {f"{SPEC.name}: container wanted, none found"}


@pytest.mark.parametrize("status", ["exited", "created"])
def test_a_stopped_one_is_started(status: str) -> None:
    made = run(found(status))

    assert done(made) == [f"start {SPEC.name}"]
    assert made.said == {f"{SPEC.name}: running wanted, {status} found"}


def test_a_paused_one_goes_on() -> None:
    assert done(run(found("paused"))) == [f"unpause {SPEC.name}"]


def test_one_that_lacks_a_control_is_stopped_in_its_own_time_and_made_anew() -> None:
    made = run(found(title="no --memory"))

    assert done(made) == [f"stop {SPEC.name}", f"rm --force {SPEC.name}", "create", f"start {SPEC.name}"]
    assert f"{SPEC.name}: memory: 134217728 wanted, 0 found" in made.said


def test_a_stopped_one_that_lacks_a_control_is_not_stopped_again() -> None:
    assert done(run(found("exited", "no --memory"))) == [f"rm --force {SPEC.name}", "create", f"start {SPEC.name}"]


def test_a_paused_one_that_lacks_a_control_can_stop_only_when_it_goes_on() -> None:
    assert done(run(found("paused", "no --memory")))[:2] == [f"unpause {SPEC.name}", f"stop {SPEC.name}"]


def test_newer_configuration_restarts_it() -> None:
    made = run(found(), changed=1795364402.0)

    assert done(made) == [f"restart {SPEC.name}"]
    assert made.said == {f"{SPEC.name}: config.json changed after it was started"}


def test_a_difference_is_said_once_though_the_host_is_looked_at_twice(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        run(found(title="no --memory"))

    assert caplog.text.count("memory: 134217728 wanted, 0 found") == 1


def test_every_word_reaches_docker_as_it_is() -> None:
    hostile = dataclasses.replace(SPEC, extra_hosts=("a b:$(reboot); 'x' \"y\" `z`\n&",))

    made = fake(container, {}, name="container", spec=hostile).execute()

    (create,) = commands(made, "docker create")
    assert shlex.split(create) == ["docker", "create", *hostile.create_arguments()]


def remove(*found: str) -> Run:
    what = {"container": "picoclaw-llm", "repository": "picoclaw-llm", "volumes": ["one", "other"]}
    return fake(removed, {"docker volume inspect": {"stdout": list(found)}}, name="removed", **what).execute()


def test_where_there_is_nothing_of_it_nothing_is_removed() -> None:
    made = remove()

    assert not made.would_change
    assert done(made) == []
    assert made.said == set()


def test_what_is_not_wanted_goes_the_container_first() -> None:
    images = ["image picoclaw-llm:new", "image picoclaw-llm:previous"]
    made = remove("container picoclaw-llm", *images, "volume one", "volume other")

    assert done(made) == [
        "rm --force picoclaw-llm",
        "image rm picoclaw-llm:new picoclaw-llm:previous",
        "image prune --force --filter=label=picoclaw.stage",
        "volume rm one other",
    ]
    assert "container picoclaw-llm: none wanted, found" in made.said
    assert "volume other: none wanted, found" in made.said


@pytest.mark.parametrize("left", ["container picoclaw-llm", "image picoclaw-llm:new", "volume other"])
def test_what_a_run_that_was_cut_left_behind_goes_by_itself(left: str) -> None:
    kind, name = left.split(" ")

    assert done(remove(left))[0].split()[-1] == name
    assert {words.split()[0] for words in done(remove(left))} == {"rm" if kind == "container" else kind}
