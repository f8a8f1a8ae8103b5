"""Becoming somebody else: setuid files, capabilities, namespaces, the kernel's own knobs."""

from __future__ import annotations

import pytest

from tests.hostile.attacker import Attacker

STATUS = "awk '/^(Uid|Gid|Groups|Cap|NoNewPrivs|Seccomp:)/' /proc/self/status"

COMMANDS = {
    "sudo and su": (
        (
            "sudo -n id 2>&1; echo | su -c id 2>&1; pkexec id 2>&1; doas id 2>&1; newgrp root 2>&1 "
            "</dev/null; "
            "runuser -u root id 2>&1; test $(id -u) = 0 && echo PWNED"
        ),
        "not found|Authentication failure|must be run from a terminal|may not be used",
    ),
    "setuid files": (
        "find / -xdev -perm /6000 -type f 2>/dev/null | grep . && echo PWNED; echo searched",
        "^searched$",
    ),
    "a setuid file of one's own": (
        (
            "cp /usr/bin/id i; chmod 6755 i; ./i -u | grep -x 0 && echo PWNED; findmnt -no "
            "OPTIONS "
            "/workspace 2>/dev/null || grep ' /workspace ' /proc/self/mounts"
        ),
        "nosuid",
    ),
    "file capabilities": (
        (
            "cp /usr/bin/python3 p 2>&1; setfattr -n security.capability -v "
            "0x0100000200000000000000000000000000000000 p "
            '2>&1 && echo PWNED; python3 -c \'import os; os.setxattr("p", "security.capability", '
            'bytes.fromhex("0100000200040000000000000000000000000000"))\' && echo PWNED'
        ),
        "not permitted",
    ),
    "chown to root": (
        "touch f; chown 0:0 f && echo PWNED; chgrp 0 f && echo PWNED; chmod 7777 /tmp && echo PWNED",
        "not permitted",
    ),
    "sysrq and reboot": (
        (
            "echo b > /proc/sysrq-trigger && echo PWNED; reboot -f 2>&1 && echo PWNED; "
            "shutdown now 2>&1 && echo PWNED; kill -INT 1 && kill -TERM 1; sleep 0.2; echo running"
        ),
        "^running$",
    ),
    "writing the kernel's settings": (
        (
            "for f in $(find /proc/sys /sys -type f -writable 2>/dev/null | head -50); "
            "do echo $f; "
            "echo 1 2>/dev/null > $f && echo PWNED; done; echo tried"
        ),
        "^tried$",
    ),
    "modules": ("insmod x.ko; modprobe dummy; rmmod loop; ls /lib/modules && echo PWNED", "not found|cannot access"),
    "a higher priority": (
        (
            "nice -n -20 true 2>&1 | grep -q 'cannot set' || echo PWNED; renice -n -5 $$ && echo PWNED; "
            "chrt -f 99 true && echo PWNED; ionice -c 1 true && echo PWNED"
        ),
        "not permitted|Permission denied",
    ),
    "own ceilings": (
        (
            "ulimit -n 100000 2>&1 && echo PWNED; ulimit -c unlimited 2>&1 && echo PWNED; "
            "ulimit -f unlimited 2>&1 && echo PWNED; ulimit -i unlimited && echo PWNED"
        ),
        "cannot modify limit",
    ),
    "out of the cgroup": (
        (
            "for f in $(find /sys/fs/cgroup -name cgroup.procs -o -name tasks 2>/dev/null); do "
            "echo $$ > $f && echo PWNED; done; for f in $(find /sys/fs/cgroup -name '*limit*' -o -name "
            "'*.max' 2>/dev/null); do echo 999999999 > $f && echo PWNED; done; echo tried"
        ),
        "Read-only file system|Permission denied",
    ),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_command(attacker: Attacker, name: str) -> None:
    command, refusal = COMMANDS[name]
    attacker.run(command, timeout_s=30).refused(refusal)


def test_what_a_command_is(attacker: Attacker) -> None:
    """Every id 1000, every capability set empty, the bounding set too; no way to gain any, a filter in force."""
    seen = dict(line.split(":\t", 1) for line in attacker.run(STATUS).lines[:-1])
    assert seen.pop("Groups").strip() in ("", "1000")
    assert {name: seen.pop(name).split() for name in ("Uid", "Gid")} == {"Uid": ["1000"] * 4, "Gid": ["1000"] * 4}
    assert seen == {
        **dict.fromkeys(("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"), "0" * 16),
        "NoNewPrivs": "1",
        "Seccomp": "2",
    }


IDENTITIES = """
call("setuid", 0); call("setgid", 0); call("setresuid", 0, 0, 0); call("setgroups", 1, (ctypes.c_int * 1)(0))
"""
# Each flag alone, and together with the user namespace that would give the others away for free.
NAMESPACES = """
flags = dict(mount=0x20000, cgroup=0x2000000, uts=0x4000000, ipc=0x8000000, user=0x10000000, pid=0x20000000,
             net=0x40000000)
for name, flag in flags.items():
    call("unshare", flag, label=f"unshare {name}")
    if call("clone", flag | 17, 0, 0, 0, 0, label=f"clone {name}") == 0: os._exit(0)
    call("unshare", flag | 0x10000000, label=f"unshare user and {name}")
for name in ("mnt", "net", "pid", "user", "ipc", "uts", "cgroup"):
    call("setns", os.open(f"/proc/self/ns/{name}", os.O_RDONLY), 0, label=f"setns {name}")
call("setns", -1, 0)
"""
CLONE3 = """
arguments = (ctypes.c_ulong * 11)(0x10000000, 0, 0, 0, 17)
if call("clone3", arguments, 88) == 0: os._exit(0)
"""
MOUNTS = """
call("mount", b"none", b"/workspace", b"tmpfs", 0, 0); call("mount", b"/", b"/tmp", 0, 4096, 0, label="bind")
call("umount2", b"/tmp", 2); call("pivot_root", b"/workspace", b"/workspace"); call("chroot", b"/workspace")
call("fsopen", b"tmpfs", 0); call("open_tree", -100, b"/", 1); call("move_mount", -1, b"", -1, b"", 0)
call("mount_setattr", -1, b"", 0, 0, 0); call("swapon", b"/workspace/s", 0); call("swapoff", b"/x")
call("quotactl", 0x800002, b"/dev/sda", 0, 0); call("acct", b"/workspace/acct")
"""
MACHINE = """
call("reboot", 0xfee1dead, 672274793, 0, 0); call("kexec_load", 0, 0, 0, 0); call("init_module", 0, 0, b"")
call("finit_module", -1, b"", 0); call("delete_module", b"loop", 0); call("sethostname", b"x", 1)
call("setdomainname", b"x", 1); call("settimeofday", (ctypes.c_long * 2)(0, 0), 0); call("clock_settime", 0, 0)
call("syslog", 3, 0, 0); call("vhangup")
"""
HANDLES = """
call("open_by_handle_at", -100, bytes(16), 0); call("name_to_handle_at", -100, b"/", bytes(140), bytes(8), 0)
call("fanotify_init", 0, 0)
"""

CALLS = {
    "another user": (IDENTITIES, 4, "EPERM"),
    "namespaces": (NAMESPACES, 29, "EPERM"),
    "clone3, whose flags no filter sees": (CLONE3, 1, "ENOSYS"),
    "mounts and roots": (MOUNTS, 13, "EPERM"),
    "the machine itself": (MACHINE, 11, "EPERM"),
    "file handles (shocker)": (HANDLES, 3, "EPERM"),
}


@pytest.mark.parametrize("name", CALLS)
def test_system_calls(attacker: Attacker, name: str) -> None:
    program, attempts, errors = CALLS[name]
    attacker.python(program).all_refused(attempts, *errors.split())


def test_unshare_as_a_command(attacker: Attacker) -> None:
    told = attacker.run(
        "unshare -r id && echo PWNED; unshare -Urm true && echo PWNED; nsenter -t 1 -a true && "
        "echo PWNED; "
        "chroot / true && echo PWNED; setpriv --reuid 0 true && echo PWNED; capsh --print && echo "
        "PWNED"
    )
    told.refused("not permitted|Permission denied")
