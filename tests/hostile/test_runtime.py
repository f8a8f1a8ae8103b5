"""The container runtime: its sockets, its traces, the known ways out through it."""

from __future__ import annotations

import pytest

from tests.hostile.attacker import Attacker

CASES = {
    "sockets by their names": (
        (
            "for s in /run/docker.sock /var/run/docker.sock /run/containerd/containerd.sock /run/podman/podman.sock "
            "/run/dbus/system_bus_socket /run/systemd/private /run/snapd.socket; do "
            "curl -sS -m 2 --unix-socket $s http://x/version && echo PWNED; done"
        ),
        "Could ?n.t connect to server|Failed to connect|Could not connect",
    ),
    "any socket at all": (
        (
            "find / -xdev -type s 2>/dev/null | grep . && echo PWNED; find /run /var /tmp /workspace -type s | "
            "grep . && "
            "echo PWNED; echo searched"
        ),
        "^searched$",
    ),
    "docker over TCP": (
        'for p in 2375 2376 4243; do timeout 2 bash -c "echo > /dev/tcp/127.0.0.1/$p" && echo PWNED; done',
        "Connection refused",
    ),
    "the release agent of cgroups": (
        (
            "for f in $(find /sys/fs/cgroup -name release_agent -o -name notify_on_release -o -name devices.allow "
            "2>/dev/null); do echo /workspace/x > $f && echo PWNED; done; mkdir /sys/fs/cgroup/x && echo PWNED; "
            "mkdir /sys/fs/cgroup/memory/x && echo PWNED; echo tried"
        ),
        "Read-only file system|Permission denied",
    ),
    "core_pattern and its kin": (
        (
            "for f in kernel/core_pattern kernel/modprobe kernel/hotplug kernel/hostname vm/drop_caches "
            "fs/binfmt_misc/register net/ipv4/ip_forward kernel/unprivileged_userns_clone vm/overcommit_memory; do "
            "echo x > /proc/sys/$f && echo PWNED; done"
        ),
        "Read-only file system|Permission denied",
    ),
    "runc's own binary": (
        (
            "ls -l /proc/*/exe 2>/dev/null | grep -E 'runc|docker|containerd' && echo PWNED; echo > /proc/1/exe && "
            "echo "
            "PWNED; echo > /proc/self/exe && echo PWNED"
        ),
        "Permission denied|Text file busy|Read-only",
    ),
    "descriptors that runc left open": (
        (
            "for f in /proc/self/fd/*; do readlink $f | grep -E '^/(sys|var|run|etc)' && echo PWNED; "
            "test -e $f/../../../etc/picoclaw && echo PWNED; done; "
            "cat /proc/self/fd/[0-9]/../../../../etc/shadow && echo PWNED; echo looked"
        ),
        "^looked$",
    ),
    "the host's disk": (
        (
            "ls /dev/sd* /dev/vd* /dev/nvme* /dev/mapper /dev/loop* /dev/fuse /dev/kvm && echo PWNED; "
            "grep -oE '/dev/(sd|vd|nvme|loop)[a-z0-9]*' /proc/mounts | while read d; do head -c 1 $d && echo "
            "PWNED; done"
        ),
        "cannot access",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_escape(attacker: Attacker, name: str) -> None:
    command, refusal = CASES[name]
    attacker.run(command, timeout_s=20).refused(refusal)
