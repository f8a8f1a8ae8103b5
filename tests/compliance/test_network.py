"""What a container can reach, and what can reach it."""

from __future__ import annotations

import json

import pytest

from tests.compliance.live import Container

NETWORK, BRIDGE = "picoclaw-net", "br-picoclaw"
CONNECT = "import socket; socket.create_connection(({address!r}, {port}), 2); print('connected')"
# What a refused connection may look like: rejected, or not answered at all.
REFUSED = {"ECONNREFUSED", "EHOSTUNREACH", "ENETUNREACH", "EACCES", "EPERM", "timed out", "None"}


@pytest.mark.control("network")
def test_gateway_is_alone_in_its_own_network(gateway: Container) -> None:
    assert set(gateway.inspect["NetworkSettings"]["Networks"]) == {NETWORK}
    (network,) = json.loads(gateway.host.check_output("docker network inspect %s", NETWORK))
    assert network["Driver"] == "bridge"
    assert network["Options"]["com.docker.network.bridge.name"] == BRIDGE
    assert [member["Name"] for member in network["Containers"].values()] == [gateway.name]


@pytest.mark.control("network")
def test_sandbox_has_no_network(sandbox: Container) -> None:
    assert sandbox.host_config["NetworkMode"] == "none"
    assert set(sandbox.inspect["NetworkSettings"]["Networks"]) == {"none"}
    for process in sandbox.processes:
        assert process.interfaces == {"lo"}, process.pid


@pytest.mark.control("network")
def test_nothing_is_published(container: Container) -> None:
    assert not container.host_config["PortBindings"]
    assert not any(container.inspect["NetworkSettings"]["Ports"].values())
    assert container.host_config["PublishAllPorts"] is False


@pytest.mark.control("network")
def test_namespaces_are_its_own(container: Container) -> None:
    for mode in ("PidMode", "UTSMode", "UsernsMode"):
        assert container.host_config[mode] == "", mode
    assert container.host_config["IpcMode"] == "private"


@pytest.mark.control("network")
def test_gateway_cannot_reach_the_host(gateway: Container) -> None:
    addresses = gateway.host.check_output("hostname -I").split()
    listening = gateway.host.socket("tcp://22").is_listening
    assert listening, "the probe needs a port that is open: sshd's"
    reached = [a for a in addresses if gateway.python(CONNECT.format(address=a, port=22)) not in REFUSED]
    assert reached == []
