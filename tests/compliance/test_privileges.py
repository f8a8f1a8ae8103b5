"""What the processes of a container may do: user, capabilities, privileges, system calls."""

from __future__ import annotations

import json

import pytest

from tests.compliance.live import Container

NO_CAPABILITIES = "0000000000000000"


@pytest.mark.control("non-root")
def test_user_is_configured(container: Container) -> None:
    assert container.inspect["Config"]["User"] == "1000:1000"


@pytest.mark.control("non-root")
def test_every_process_is_uid_1000(container: Container) -> None:
    assert container.processes
    for process in container.processes:
        assert process.status["Uid"].split() == ["1000"] * 4, process.pid
        assert process.status["Gid"].split() == ["1000"] * 4, process.pid
        assert set(process.status["Groups"].split()) <= {"1000"}, process.pid


@pytest.mark.control("cap-drop")
def test_capabilities_are_dropped(container: Container) -> None:
    assert container.host_config["CapDrop"] == ["ALL"]
    assert not container.host_config["CapAdd"]
    assert container.host_config["Privileged"] is False


@pytest.mark.control("cap-drop")
def test_no_process_has_a_capability(container: Container) -> None:
    # CapEff of a non-root process is empty even with a full bounding set; the bounding set is what counts.
    for process in container.processes:
        for capabilities in ("CapBnd", "CapPrm", "CapEff", "CapInh", "CapAmb"):
            assert process.status[capabilities] == NO_CAPABILITIES, f"{capabilities} of {process.pid}"


@pytest.mark.control("no-new-privileges")
def test_no_new_privileges_is_configured(container: Container) -> None:
    options = container.host_config["SecurityOpt"]
    assert {"no-new-privileges", "no-new-privileges:true"} & set(options)


@pytest.mark.control("no-new-privileges")
def test_no_process_can_gain_privileges(container: Container) -> None:
    for process in container.processes:
        assert process.status["NoNewPrivs"] == "1", process.pid


@pytest.mark.control("seccomp")
def test_profile_is_the_one_of_the_stack(container: Container) -> None:
    role = {"picoclaw": "gateway"}.get(container.name, "sandbox")
    (configured,) = [o for o in container.host_config["SecurityOpt"] if o.startswith("seccomp=")]
    wanted = container.host.check_output("cat /opt/stacks/picoclaw/seccomp/%s.json", role)
    profile = json.loads(configured.removeprefix("seccomp="))
    assert profile == json.loads(wanted)
    assert profile["defaultAction"] == "SCMP_ACT_ERRNO"


@pytest.mark.control("seccomp")
def test_every_process_is_filtered(container: Container) -> None:
    for process in container.processes:
        assert process.status["Seccomp"] == "2", process.pid
        # Kernels before 5.9 do not count them.
        filters = int(process.status.get("Seccomp_filters", container.filters_of_the_host + 1))
        assert filters > container.filters_of_the_host, process.pid


@pytest.mark.control("seccomp")
def test_a_call_that_dockers_default_allows_is_refused(container: Container) -> None:
    assert container.python("import os; os.memfd_create('probe'); print('made')") == "EPERM"
