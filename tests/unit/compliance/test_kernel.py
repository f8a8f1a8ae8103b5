"""Reading /proc and both kinds of cgroup files."""

from __future__ import annotations

import pytest

from tests.compliance import kernel
from tests.compliance.kernel import Limits, everywhere, megabytes
from tests.compliance.words import UNLIMITED, shown

MEBIBYTE = 1024 * 1024
NONE = "9223372036854771712"  # what cgroup v1 writes for «no limit»


@pytest.mark.parametrize(
    ("files", "limits"),
    [
        pytest.param(
            {"memory.max": "134217728", "memory.swap.max": "0", "cpu.max": "100000 100000", "pids.max": "64"},
            Limits(128 * MEBIBYTE, swap_counted=True, swap=0, cpus=1.0, pids=64),
            id="v2",
        ),
        pytest.param(
            {"memory.max": "max", "memory.swap.max": "max", "cpu.max": "max 100000", "pids.max": "max"},
            Limits(None, swap_counted=True, swap=None, cpus=None, pids=None),
            id="v2 without limits",
        ),
        pytest.param({"memory.max": "134217728"}, Limits(128 * MEBIBYTE, False, None, None, None), id="v2, no swap"),
        pytest.param(
            {
                "memory.limit_in_bytes": "134217728", "memory.memsw.limit_in_bytes": "134217728",
                "cpu.cfs_quota_us": "200000", "cpu.cfs_period_us": "100000", "pids.max": "64",
            },
            Limits(128 * MEBIBYTE, swap_counted=True, swap=0, cpus=2.0, pids=64),
            id="v1",
        ),
        pytest.param(
            {
                "memory.limit_in_bytes": "134217728", "memory.memsw.limit_in_bytes": "268435456",
                "cpu.cfs_quota_us": "-1", "cpu.cfs_period_us": "100000", "pids.max": "max",
            },
            Limits(128 * MEBIBYTE, swap_counted=True, swap=128 * MEBIBYTE, cpus=None, pids=None),
            id="v1 with swap on top",
        ),
        pytest.param(
            {"memory.limit_in_bytes": NONE, "memory.memsw.limit_in_bytes": NONE},
            Limits(None, swap_counted=True, swap=None, cpus=None, pids=None),
            id="v1 without limits",
        ),
        pytest.param({}, Limits(None, False, None, None, None), id="nothing"),
    ],
)  # fmt: skip
def test_limits(files: dict[str, str], limits: Limits) -> None:
    assert kernel.limits(files) == limits


LINES = [
    "7 status:Name:\tpython3",
    "7 status:NSpid:\t7\t1",
    "7 status:CapBnd:\t0000000000000000",
    "7 limits:Limit                     Soft Limit           Hard Limit           Units     ",
    "7 limits:Max core file size        0                    unlimited            bytes     ",
    "7 mountinfo:10 9 0:63 / / rw,relatime master:190 - overlay overlay ro,lowerdir=/a:/b",
    "7 mountinfo:11 10 0:93 / /tmp rw,nosuid,nodev,noexec,relatime - tmpfs tmpfs rw,size=16384k",
    "7 mountinfo:12 10 0:94 / /shared rw,relatime shared:5 master:1 - ext4 /dev/sda rw",
    "7 mountinfo:13 10 0:95 / /tmp rw,nosuid - tmpfs tmpfs rw",
    "7 net/dev:    lo:       0       0",
    "7 net/dev:  eth0:    1234       0",
    "7 attr/current:docker-default (enforce)",
    "7 ns/net net:[4026531840]",
    "8 status:Name:\tsleep",
    *("6 status:Name:\tpicoclaw", "6 status:NSpid:\t6\t30", "6 mountinfo:10 9 0:63 / / ro - overlay overlay ro"),
    "garbage",
]


def test_a_process() -> None:
    found = kernel.processes(LINES)
    assert set(found) == {7}, "one that ended while it was read is left out"
    process = found[7]
    assert (process.status["CapBnd"], process.number_inside) == ("0" * 16, 1)
    assert process.limit("Max core file size") == ("0", "unlimited")
    assert process.limit("Max nonsense") == ("?", "?")
    assert process.interfaces == {"lo", "eth0"}
    assert process.apparmor == "docker-default (enforce)"
    assert process.namespaces == {"net": "net:[4026531840]"}


def test_mounts() -> None:
    mounts = kernel.processes(LINES)[7].mounts
    assert mounts["/"].read_only, "a file system that is read-only as a whole is, whatever the mount says"
    assert mounts["/tmp"].size is None, "the mount that covers the other counts"
    assert mounts["/shared"].propagation == {"shared:5", "master:1"}
    assert kernel.mount(LINES[6].partition("mountinfo:")[2]).size == 16 * MEBIBYTE


def test_everywhere_tells_who_differs() -> None:
    one = kernel.processes(LINES)[7]
    other = kernel.processes([line.replace("7 ", "9 ", 1) for line in LINES])[9]
    assert everywhere([one, other], lambda process: process.status["Name"]) == "python3"
    assert everywhere([one, other], lambda process: process.pid) == {"python3 (7)": 7, "python3 (9)": 9}
    assert everywhere([], lambda process: process.pid) == {}, "nobody looked at is nobody proven"


def test_megabytes() -> None:
    assert (megabytes(8 * MEBIBYTE), megabytes(0), megabytes(None)) == ("8 MB", "0 MB", UNLIMITED)
    assert shown(megabytes(None), "pl") == "bez granic"
