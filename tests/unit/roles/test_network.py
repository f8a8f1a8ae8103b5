"""The bridge network, on what real Dockers say of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from roles.network import bridge
from roles.network.operations import bridge_network
from tests.unit.roles.pyinfra_run import Run, commands, fake

RECORDED = Path(__file__).with_name("recorded")
ICC = "com.docker.network.bridge.enable_icc"


def recorded(system: str = "trixie", **changes: Any) -> dict[str, Any]:
    (network,) = json.loads((RECORDED / f"network-{system}.json").read_text(encoding="utf-8"))
    return {**network, **changes}


def run(*networks: dict[str, Any]) -> Run:
    return fake(bridge_network, {'docker "$kind" inspect': json.dumps(list(networks))}, name="network").execute()


def done(made: Run) -> list[str]:
    return [command for command in commands(made, "docker network") if command.startswith("docker network")]


@pytest.mark.parametrize("system", ["bookworm", "trixie"])
def test_a_network_made_by_the_role_is_left_alone(system: str) -> None:
    assert bridge.drift(recorded(system)) == []
    assert done(run(recorded(system))) == []


def test_options_that_newer_versions_add_by_themselves_are_no_difference() -> None:
    options = {**bridge.OPTIONS, "com.docker.network.enable_ipv4": "true", "com.docker.network.enable_ipv6": "false"}

    assert bridge.drift(recorded(Options=options)) == []


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"Driver": "macvlan"}, "driver: bridge wanted, macvlan found"),
        ({"EnableIPv6": True}, "ipv6: no wanted, yes found"),
        ({"Attachable": True}, "attachable: no wanted, yes found"),
        ({"Internal": True}, "internal: no wanted, yes found"),
    ],
)
def test_a_difference_is_named(changes: dict[str, Any], named: str) -> None:
    assert bridge.drift(recorded(**changes)) == [f"network picoclaw-net: {named}"]


@pytest.mark.parametrize(
    "options",
    [{}, {**bridge.OPTIONS, ICC: "true"}, {**bridge.OPTIONS, "com.docker.network.bridge.gateway_mode_ipv4": "routed"}],
)
def test_options_are_compared_as_a_whole(options: dict[str, str]) -> None:
    (line,) = bridge.drift(recorded(Options=options))

    assert line.startswith("network picoclaw-net: options: ")


def test_a_missing_one_is_created() -> None:
    (create,) = done(run())

    assert create.split() == ["docker", "network", "create", *bridge.create_arguments()]


def test_a_different_one_is_made_anew_after_letting_everybody_go() -> None:
    made = run(recorded(Options={}))

    assert [command.split()[2] for command in done(made)] == ["disconnect", "rm", "create"]
    assert "docker network disconnect --force picoclaw-net picoclaw" in done(made)


def test_a_stranger_is_disconnected_and_named() -> None:
    endpoints = {"1": {"Name": "picoclaw"}, "2": {"Name": "stranger"}}

    made = run(recorded(Containers=endpoints))

    assert done(made) == ["docker network disconnect --force picoclaw-net stranger"]
    assert made.said == {"network picoclaw-net: only the gateway wanted, stranger found"}
