"""What a host tells of itself, as the script of machine.py printed it on real hosts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from roles.preflight import checks
from roles.preflight.machine import Machine, parse

RECORDED = Path(__file__).with_name("recorded")
FIT = {"min_memory_mb": 900, "min_disk_mb": 2048}


def recorded(system: str) -> list[str]:
    return (RECORDED / f"machine-{system}.txt").read_text(encoding="utf-8").splitlines()


def changed(*lines: str, without: Sequence[str] = ()) -> Machine:
    """The bookworm host, had it said `lines` instead of what it said under the same keys."""
    keys = {line.split(" ")[0] for line in lines} | set(without)
    return parse([*(line for line in recorded("bookworm") if line.split(" ")[0] not in keys), *lines])


def refusals(machine: Machine) -> list[str]:
    return [*checks.machine(machine, **FIT), *checks.docker(machine)]


@pytest.mark.parametrize(("system", "version", "docker"), [("bookworm", "12", "20.10"), ("trixie", "13", "26.1")])
def test_a_real_host_is_read_and_found_fit(system: str, version: str, docker: str) -> None:
    machine = parse(recorded(system))

    assert machine.os == ("debian", version)
    assert machine.systemd
    assert machine.nft
    assert machine.dockerd
    assert machine.docker_client == "/usr/bin/docker"
    assert machine.docker_info is not None
    assert machine.docker_info["ServerVersion"].startswith(docker)
    assert machine.docker_unit
    assert machine.memory_mb == 24105
    assert machine.disk_path == "/var/lib/docker"
    assert machine.containers == {"picoclaw": "running", "picoclaw-sandbox": "running"}
    assert machine.config
    assert refusals(machine) == []
    assert checks.installed(machine)
    assert checks.running(machine)


@pytest.mark.parametrize("limit", ["805306368", "max"])
def test_memory_is_what_the_own_container_allows(limit: str) -> None:
    machine = changed("memory_kb 2097152", f"memory_limit {limit}")

    assert machine.memory_mb == (2048 if limit == "max" else 768)


@pytest.mark.parametrize(
    ("line", "found", "remedy"),
    [
        ("os debian 11", "debian 11", "use Debian 12 or 13"),
        ("os fedora 40", "fedora 40", "use Debian 12 or 13"),
        ("os ubuntu 20.04", "ubuntu 20.04", "use Debian 12 or 13"),
        ("architecture armv7l", "armv7l", "use another VPS"),
        ("memory_kb 524288", "512 MB of memory", "choose a plan with 1 GB"),
        ("disk_kb 1048576 /srv/docker", "1024 MB of disk are free at /srv/docker", "free some"),
        ("docker_client /snap/bin/docker", "a snap", "snap remove docker"),
        ("docker_client /usr/bin/docker podman version 4.3.1", "Podman", "apt-get remove podman-docker"),
        ('docker_info {"ServerVersion":"19.03.8"}', "Docker 19.03.8 is too old", "upgrade it"),
        ('docker_info {"ServerVersion":"24.0.1","PidsLimit":false}', "PidsLimit=false", "ask the provider"),
        ('docker_info {"ServerVersion":"24.0.1","MemoryLimit":false}', "MemoryLimit=false", "ask the provider"),
        (
            'docker_info {"ServerVersion":"24.0.1","SecurityOptions":["name=cgroupns"]}',
            "this Docker has no seccomp",
            "install the distribution's docker.io",
        ),
    ],
)
def test_an_unfit_host_is_refused_with_one_sentence(line: str, found: str, remedy: str) -> None:
    (refusal,) = refusals(changed(line))

    assert found in refusal
    assert remedy in refusal
    assert "\n" not in refusal


def test_without_systemd_a_host_is_refused() -> None:
    (refusal,) = refusals(changed(without=["systemd"]))

    assert "systemd" in refusal


@pytest.mark.parametrize("system", ["debian 12", "debian 13", "ubuntu 22.04", "ubuntu 24.04"])
def test_each_supported_system_is_fit(system: str) -> None:
    assert refusals(changed(f"os {system}")) == []


def test_newer_docker_is_fit() -> None:
    assert refusals(changed('docker_info {"ServerVersion":"29.0.1","PidsLimit":true}')) == []


def test_a_host_without_docker_is_fit() -> None:
    keys = ["dockerd", "docker_client", "docker_info", "docker_unit", "container"]
    machine = changed(without=keys)

    assert refusals(machine) == []
    assert machine.docker_info is None
    assert not machine.docker_unit
    assert not checks.installed(machine)
    assert not checks.running(machine)


def test_a_stopped_sandbox_is_installed_but_not_running() -> None:
    machine = changed("container picoclaw running", "container picoclaw-sandbox exited")

    assert checks.installed(machine)
    assert not checks.running(machine)


def test_a_client_without_a_daemon_is_no_daemon() -> None:
    machine = changed("docker_client /usr/bin/docker Docker version 26.1.5", without=["docker_info"])

    assert machine.docker_info is None
    assert refusals(machine) == []


@pytest.mark.parametrize(
    ("daemon_json", "resolvers"),
    [
        ('{"dns": ["9.9.9.9", "10.0.0.53"]}', ["9.9.9.9", "10.0.0.53"]),
        ('{"dns": ["127.0.0.1", "fd00::53", "9.9.9.9"]}', ["9.9.9.9"]),
        ('{"log-level": "warn"} ', []),
        ("{ broken", []),
        ("[]", []),
    ],
)
def test_resolvers_of_dockers_own_are_known(daemon_json: str, resolvers: list[str]) -> None:
    assert changed(f"daemon_json {daemon_json}").docker_dns == resolvers


@pytest.mark.parametrize(
    ("kernel", "virtualization", "wants"), [(True, "none", True), (True, "lxc", False), (False, "none", False)]
)
def test_apparmor_is_wanted_where_the_kernel_has_it_and_no_container_is_around(
    kernel: bool, virtualization: str, wants: bool
) -> None:
    lines = [f"virtualization {virtualization}", *(["apparmor kernel"] if kernel else [])]

    assert changed(*lines).wants_apparmor is wants
    assert not changed(*lines, "apparmor parser").wants_apparmor


def test_root_and_sudo_may_go_on() -> None:
    assert checks.elevation("root", "root", can_ask=False) is None
    assert checks.elevation("mik", "sudo", can_ask=False) is None
    assert checks.elevation("mik", "password", can_ask=True) is None


@pytest.mark.parametrize("way", ["password", "none"])
def test_who_cannot_become_root_is_refused_by_name(way: str) -> None:
    refusal = checks.elevation("mik", way, can_ask=False)

    assert refusal is not None
    assert "mik" in refusal
    assert "log in as root" in refusal
