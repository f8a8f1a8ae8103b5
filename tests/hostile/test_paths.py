"""Escaping by path: the file tools and commands reach the sandbox's own tree, of which only the workspace is theirs."""

from __future__ import annotations

import time

import pytest

from tests.hostile.attacker import Attacker

# Where a write would change the host, the server's code, or the way to the gateway.
TARGETS = (
    "/etc/passwd",
    "../../../../etc/passwd",
    "/workspace/../etc/hosts",
    "/proc/self/root/etc/passwd",
    "/proc/1/root/etc/passwd",
    "/proc/1/cwd/x",
    "/opt/picoclaw/agent/sandbox/server.py",
    "/run/sandbox/gateway.sock",
    "/run/sandbox/new",
    "/proc/sys/kernel/core_pattern",
    "/proc/sysrq-trigger",
    "/sys/kernel/uevent_helper",
    "/sys/fs/cgroup/memory/memory.limit_in_bytes",
    "/dev/new",
    "/new",
    "/usr/local/bin/bash",
    "/etc/ld.so.preload",
)
NO = "^error: .*(denied|Read-only file system|No such file|Not a directory|not permitted|device, socket|no directory)"


@pytest.mark.parametrize("path", TARGETS)
def test_writing(attacker: Attacker, path: str) -> None:
    attacker.use("write_file", path=path, content="PWNED").refused(NO)


def test_editing(attacker: Attacker) -> None:
    for path, old in (
        ("/etc/passwd", "picoclaw:x:1000:"),
        ("/proc/self/root/etc/group", "root:x:0:"),
        ("/opt/picoclaw/agent/sandbox/server.py", "import"),
        ("/proc/sys/kernel/hostname", "a"),
    ):
        attacker.use("edit_file", path=path, old=old, new="x", every=True).refused("^error: ")


def test_listing(attacker: Attacker) -> None:
    for path in ("/proc/1/root", "/proc/1/fd", "/proc/1/cwd/..", "/root", "/proc/1/task/1/cwd", "/proc/1/map_files"):
        attacker.use("list_files", path=path).refused(NO)


def test_symbolic_links(attacker: Attacker) -> None:
    attacker.run(
        "ln -s /etc/passwd a; ln -s / root; ln -s /proc/1/root host; ln -s /run/sandbox/gateway.sock s; "
        "ln -s loop loop; ln -s /proc/self/fd/0 zero"
    )
    for path in ("a", "root/etc/passwd", "host/etc/passwd", "s", "root/opt/picoclaw/agent/__init__.py"):
        attacker.use("write_file", path=path, content="x").refused(NO)
    for path in ("host/etc/shadow", "loop", "root/etc/shadow"):
        attacker.use("read_file", path=path).refused("^error: ")


def test_hard_links(attacker: Attacker) -> None:
    told = attacker.run(
        "for f in /etc/passwd /bin/bash /proc/1/environ /run/sandbox "
        "/opt/picoclaw/agent/__init__.py; do "
        "ln $f linked 2>&1 && echo PWNED; done"
    )
    told.refused("Invalid cross-device link|not permitted")


def test_swapping_a_link_while_a_file_is_written(attacker: Attacker) -> None:
    """The classic race: a path that is checked, and leads elsewhere when it is used."""
    attacker.run(
        "mkdir d e; (timeout 6 sh -c 'while :; do ln -sfn d r; ln -sfn /etc r; ln -sfn /run/sandbox r; done' "
        ">/dev/null 2>&1 &)"
    )
    for _ in range(12):
        attacker.use("write_file", path="r/passwd", content="PWNED")
        attacker.use("write_file", path="r/gateway.sock", content="PWNED")
    told = attacker.run("grep -c PWNED /etc/passwd; ls -A /run/sandbox | wc -l; test -w /etc/passwd && echo PWNED")
    told.refused("^0$")


def test_devices_and_fifos(attacker: Attacker) -> None:
    """Refused for what they are, at once: none is waited for."""
    attacker.run("mkfifo fifo")
    began = time.monotonic()
    for path in ("fifo", "/dev/zero", "/dev/random", "/dev/stdin", "/dev/tty", "/dev/full"):
        attacker.use("read_file", path=path).refused("^error: ")
        attacker.use("edit_file", path=path, old="a", new="b").refused("^error: ")
    assert time.monotonic() - began < 15


def test_making_devices(attacker: Attacker) -> None:
    told = attacker.run(
        "for d in 'b 8 0' 'c 1 1' 'c 1 2' 'b 7 0' 'c 5 1'; do mknod dev$RANDOM $d && echo PWNED; done; "
        "ls -l /dev | grep -cE '^b|kmsg|fuse|kvm|loop|net|sd|vd|nvme|mem$'"
    )
    told.refused("not permitted", "^0$")


def test_writing_anywhere_but_where_it_may(attacker: Attacker) -> None:
    """Each directory in turn, whatever its modes say."""
    program = """
found = []
for folder, names, _ in os.walk("/"):
    if folder in ("/proc", "/sys"): names.clear(); continue
    names[:] = [n for n in names if not os.path.islink(os.path.join(folder, n))]
    try: os.close(os.open(os.path.join(folder, ".w"), os.O_CREAT | os.O_WRONLY)); os.unlink(os.path.join(folder, ".w"))
    except OSError: continue
    found.append(folder)
print(*sorted(f for f in found if not f.startswith("/workspace/") and not f.startswith("/tmp/")))
"""
    told = attacker.python(program, timeout_s=30)
    assert set(told.lines[0].split()) <= {"/workspace", "/tmp", "/dev/shm", "/dev/mqueue"}, told.text


def test_running_what_was_put_into_tmp(attacker: Attacker) -> None:
    told = attacker.run(
        "for d in /tmp /dev/shm /dev/mqueue; do cp /bin/true $d/t 2>&1 && $d/t 2>&1 && echo PWNED; "
        "done; "
        "/lib*/ld-linux-*.so* /tmp/t && echo PWNED"
    )
    told.refused("Permission denied", "failed to map segment")


def test_names_that_are_no_names(attacker: Attacker) -> None:
    for path in ("", "\0", "a\0b", "/" * 5000, "a/" * 3000 + "b", "x" * 300, "~/../..\0"):
        attacker.use("read_file", path=path).refused("^error: ")
    for path in (".", "/", "..", "/workspace/."):
        attacker.use("write_file", path=path, content="x").refused("^error: ")


def test_mounting_over_a_path(attacker: Attacker) -> None:
    told = attacker.run(
        "mkdir m; for c in 'mount -t tmpfs x m' 'mount --bind / m' 'mount -o remount,rw /' 'umount "
        "/tmp' "
        "'umount -l /proc' 'mount -o remount,exec /tmp' 'fusermount -u m'; do $c && echo PWNED; done"
    )
    told.refused("must be superuser|permission denied|not permitted|not found")
