"""Which cgroups a process is in, told from the kernel's own files, for both versions and their mixture."""

from pathlib import Path

from tests.lab.cgroups import Hierarchy, parse

V1_MOUNTS = """\
29 28 0:26 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755
30 29 0:27 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
31 29 0:28 / /sys/fs/cgroup/memory rw shared:9 - cgroup cgroup rw,memory
32 29 0:29 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd
33 29 0:30 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
"""
V1_MEMBERSHIP = "4:memory:/job/17\n3:cpu,cpuacct:/batch\n1:name=systemd:/user.slice\n0::/user.slice\n"


def test_version_one_with_a_unified_hierarchy_beside_it() -> None:
    root = Path("/sys/fs/cgroup")

    assert parse(V1_MOUNTS, V1_MEMBERSHIP) == [
        Hierarchy(root / "cpu,cpuacct", "/batch", unified=False),
        Hierarchy(root / "memory", "/job/17", unified=False),
        Hierarchy(root / "systemd", "/user.slice", unified=False),
        Hierarchy(root / "unified", "/user.slice", unified=True),
    ]


def test_version_two() -> None:
    mounts = "29 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"

    assert parse(mounts, "0::/\n") == [Hierarchy(Path("/sys/fs/cgroup"), "/", unified=True)]
