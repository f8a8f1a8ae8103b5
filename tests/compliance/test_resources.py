"""How much of the host a container may take."""

from __future__ import annotations

import pytest

from tests.compliance.live import Container

MEMORY = 128 * 1024 * 1024
PIDS = 64


@pytest.mark.control("limits")
def test_limits_are_configured(container: Container) -> None:
    config = container.host_config
    assert config["Memory"] == MEMORY
    assert config["MemorySwap"] == MEMORY, "more than Memory lets it swap as much again"
    assert config["NanoCpus"] == 1_000_000_000
    assert config["PidsLimit"] == PIDS


@pytest.mark.control("limits")
def test_memory_limit_is_in_force(container: Container) -> None:
    cgroup = container.cgroup
    assert int(cgroup.get("memory.max") or cgroup["memory.limit_in_bytes"]) == MEMORY


@pytest.mark.control("limits")
def test_no_swap_on_top(container: Container) -> None:
    cgroup = container.cgroup
    if "memory.swap.max" in cgroup:
        assert cgroup["memory.swap.max"] == "0"
    elif "memory.memsw.limit_in_bytes" in cgroup:
        assert int(cgroup["memory.memsw.limit_in_bytes"]) == MEMORY
    else:
        pytest.skip("this kernel does not account for swap (no memory.memsw files, no memory.swap.max)")


@pytest.mark.control("limits")
def test_cpu_limit_is_in_force(container: Container) -> None:
    cgroup = container.cgroup
    quota, period = cgroup["cpu.max"].split() if "cpu.max" in cgroup else (
        cgroup["cpu.cfs_quota_us"], cgroup["cpu.cfs_period_us"],
    )  # fmt: skip
    assert int(quota) == int(period)


@pytest.mark.control("limits")
def test_pids_limit_is_in_force(container: Container) -> None:
    assert int(container.cgroup["pids.max"]) == PIDS
