"""What a container sees and may write."""

from __future__ import annotations

import pytest

from tests.compliance.live import Container

DOCKER_SOCKETS = ("/var/run/docker.sock", "/run/docker.sock", "/run/containerd/containerd.sock")


@pytest.mark.control("read-only")
def test_root_is_configured_read_only(container: Container) -> None:
    assert container.host_config["ReadonlyRootfs"] is True


@pytest.mark.control("read-only")
def test_root_is_mounted_read_only(container: Container) -> None:
    for process in container.processes:
        assert "ro" in process.mounts["/"][1], process.pid


@pytest.mark.control("read-only")
@pytest.mark.parametrize("path", ["/probe", "/usr/bin/probe", "/etc/probe"])
def test_writing_to_root_is_refused(container: Container, path: str) -> None:
    assert container.python(f"open({path!r}, 'w'); print('written')") in ("EROFS", "EACCES")
    assert not container.host.file(f"/proc/{container.processes[0].pid}/root{path}").exists


@pytest.mark.control("tmpfs-noexec")
def test_tmp_is_configured(container: Container) -> None:
    options = set(container.host_config["Tmpfs"]["/tmp"].split(","))
    assert {"noexec", "nosuid", "nodev"} <= options
    assert any(option.startswith("size=") for option in options)


@pytest.mark.control("tmpfs-noexec")
def test_tmp_is_mounted_so(container: Container) -> None:
    for process in container.processes:
        kind, options = process.mounts["/tmp"]
        assert kind == "tmpfs"
        assert {"noexec", "nosuid", "nodev"} <= options
        assert any(option.startswith("size=") for option in options)


@pytest.mark.control("tmpfs-noexec")
def test_a_program_in_tmp_does_not_run(container: Container) -> None:
    code = (
        "import os; data = open('/proc/self/exe', 'rb').read(); path = '/tmp/probe';"
        " file = os.open(path, os.O_CREAT | os.O_WRONLY, 0o755); os.write(file, data); os.close(file);"
        " os.execv(path, [path, '-c', 'print(1)'])"
    )
    try:
        assert container.python(code) == "EACCES"
    finally:
        container.python("import os; os.unlink('/tmp/probe')")


@pytest.mark.control("no-docker-socket")
def test_no_docker_socket_is_mounted(container: Container) -> None:
    sources = [mount.get("Source", "") for mount in container.inspect["Mounts"]]
    assert not [source for source in sources if "docker.sock" in source or "containerd" in source]
    for process in container.processes:
        assert not [point for point in process.mounts if "docker.sock" in point or "containerd" in point]


@pytest.mark.control("no-docker-socket")
def test_no_docker_socket_is_there(container: Container) -> None:
    for path in DOCKER_SOCKETS:
        assert container.python(f"import os; os.stat({path!r}); print('there')") in ("ENOENT", "EACCES", "ENOTDIR")


@pytest.mark.control("secrets")
def test_config_belongs_to_the_gateways_user_alone(host_file_mode: tuple[str, str]) -> None:
    assert host_file_mode == ("600 1000 1000", "700 1000 1000")


@pytest.fixture
def host_file_mode(gateway: Container) -> tuple[str, str]:
    config = "/opt/stacks/picoclaw/config"
    stat = "stat -c '%%a %%u %%g' %s"
    return gateway.host.check_output(stat, f"{config}/config.json"), gateway.host.check_output(stat, config)


@pytest.mark.control("secrets")
def test_only_the_gateway_mounts_the_configuration(gateway: Container, sandbox: Container) -> None:
    for process in gateway.processes:
        assert "ro" in process.mounts["/etc/picoclaw"][1]
    for process in sandbox.processes:
        assert not [point for point in process.mounts if "etc/picoclaw" in point]
    assert sandbox.python("open('/etc/picoclaw/config.json'); print('read')") in ("ENOENT", "EACCES")
