"""Other processes' memory, environment and descriptors: above all those of the sandbox server, PID 1."""

from __future__ import annotations

import pytest

from tests.hostile.attacker import Attacker

READ = """
for name in ("environ", "mem", "maps", "smaps", "pagemap", "auxv", "stack", "syscall", "io", "personality"):
    attempt(name, lambda: open(f"/proc/1/{name}", "rb").read(1) or "empty")
for name in ("map_files", "fd", "fdinfo"):
    attempt(name, os.listdir, f"/proc/1/{name}")
for name in ("exe", "cwd", "root", "ns/net", "ns/pid", "ns/mnt"):
    attempt(name, os.readlink, f"/proc/1/{name}")
"""
CHANGE = """
for name in ("mem", "oom_score_adj", "coredump_filter", "comm", "clear_refs", "timerslack_ns", "setgroups", "uid_map"):
    attempt(name, lambda: os.write(os.open(f"/proc/1/{name}", os.O_WRONLY), b"0"))
"""
TRACE = """
for request, name in ((16, "attach"), (0x4206, "seize"), (0, "trace me")):
    call("ptrace", request, 1, 0, 0, label=name)
"""
COPY = """
buffer = ctypes.create_string_buffer(64)
local, remote = (ctypes.c_ulong * 2)(ctypes.addressof(buffer), 64), (ctypes.c_ulong * 2)(4096, 64)
call("process_vm_readv", 1, local, 1, remote, 1, 0)
call("process_vm_writev", 1, local, 1, remote, 1, 0)
call("process_madvise", -1, local, 1, 4, 0)
"""
STEAL = """
pidfd = libc.syscall(ctypes.c_long(NUMBERS["pidfd_open"][COLUMN]), 1, 0)
for number in range(3, 8):
    call("pidfd_getfd", pidfd, number, 0, label=f"descriptor {number}")
call("kcmp", 1, os.getpid(), 0, 0, 0)
"""
MOVE = """
call("move_pages", 1, 0, 0, 0, 0, 0)
call("mbind", 0, 0, 0, 0, 0, 0)
call("memfd_secret", 0)
"""
SIBLING = """
child = os.fork()
if not child: time.sleep(5); os._exit(0)
call("ptrace", 16, child, 0, 0, label="a child of one's own")
word = (ctypes.c_ulong * 2)(4096, 8)
call("process_vm_readv", child, word, 1, word, 1, 0)
os.kill(child, 9)
"""

CASES = {
    "reading all of the server in proc": (READ, 19, "EACCES EPERM"),
    "changing the server through proc": (CHANGE, 8, "EACCES EPERM"),
    "ptrace": (TRACE, 3, "EPERM"),
    "process_vm_readv and process_vm_writev": (COPY, 3, "EPERM"),
    "pidfd_getfd and kcmp": (STEAL, 6, "EPERM"),
    "moving pages": (MOVE, 3, "EPERM"),
    "ptrace of another command": (SIBLING, 2, "EPERM"),
}


@pytest.mark.parametrize("name", CASES)
def test_attempt(attacker: Attacker, name: str) -> None:
    program, attempts, errors = CASES[name]
    attacker.python(program).all_refused(attempts, *errors.split())


def test_core_dump_of_a_crash(attacker: Attacker) -> None:
    told = attacker.run("ulimit -c unlimited; ulimit -c; sh -c 'kill -SEGV $$'; ls | grep core && echo PWNED")
    told.refused("cannot modify limit", "^0$")


def test_core_dump_of_the_server(attacker: Attacker) -> None:
    told = attacker.run(
        "for s in SEGV ABRT QUIT BUS SYS; do kill -$s 1; done; sleep 0.3; ls /workspace /tmp | "
        "grep core "
        "&& echo PWNED; echo alive"
    )
    told.refused("^alive$")


def test_no_process_of_another_container_or_the_host_is_seen(attacker: Attacker) -> None:
    told = attacker.run(
        "ps axww -o args | grep -E 'dockerd|containerd|sshd|systemd|agent.gateway' | grep -v grep "
        "&& echo PWNED; ps ax -o pid= | wc -l"
    )
    told.refused(r"^[1-9]$")


def test_file_operations_cannot_be_watched(attacker: Attacker) -> None:
    """A file operation is a fork of the server: a command left in the background looks at it while it runs."""
    watch = """
import os, time
seen, end = set(), time.time() + 2.5
while time.time() < end:
    for pid in os.listdir("/proc"):
        if not pid.isdigit() or int(pid) in (1, os.getpid()): continue
        try:
            if not open(f"/proc/{pid}/cmdline").read().startswith("/usr/bin/python3\\0-ISOO"): continue
            open(f"/proc/{pid}/mem", "rb"); open(f"/proc/{pid}/environ", "rb").read(); seen.add("PWNED")
        except PermissionError: seen.add("denied")
        except OSError: pass
open("watched", "w").write(" ".join(sorted(seen)) or "nothing")
"""
    attacker.run(
        f"head -c 60M /dev/zero | tr '\\0' '\\n' > long; (python3 -c '{watch}' >/dev/null 2>&1 &)", timeout_s=20
    )
    attacker.use("read_file", path="long", first_line=50_000_000)
    attacker.run("for i in $(seq 60); do test -s watched && break; sleep 0.1; done; cat watched").refused("^denied$")
