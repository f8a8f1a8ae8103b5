"""The kernel's attack surface: calls whose bugs have been ways out of containers are refused before they do anything.

The arguments are such that without the filter most would end in another error than EPERM, or work.
"""

from __future__ import annotations

import pytest

from tests.hostile.attacker import Attacker

CASES = {
    "bpf": ('for command in (0, 5, 18): call("bpf", command, bytes(120), 120, label=f"bpf {command}")', 3),
    "perf_event_open": ('call("perf_event_open", struct.pack("IIQQ", 1, 112, 0, 0) + bytes(88), 0, -1, -1, 0)', 1),
    "io_uring and aio": (
        (
            'call("io_uring_setup", 4, ctypes.create_string_buffer(120)); '
            'call("io_setup", 1, ctypes.create_string_buffer(8))'
        ),
        2,
    ),
    "kernel keyring": (
        (
            'call("add_key", b"user", b"x", b"y", 1, -2); call("request_key", b"user", b"x", 0, -2); '
            'call("keyctl", 0, -3, 0)'
        ),
        3,
    ),
    "userfaultfd": ('call("userfaultfd", 1); attempt("device", os.open, "/dev/userfaultfd", os.O_RDWR)', 2),
    "a program without a file": ('call("memfd_create", b"x", 0); call("execveat", -1, b"", 0, 0, 0x1000)', 2),
    "personality": ('call("personality", 0x0040000); call("personality", 0x0400000); call("personality", 8)', 3),
    "pipes into page tables": ('call("vmsplice", -1, 0, 0, 0)', 1),
    "a filter of one's own": ('call("seccomp", 1, 0, 0)', 1),
    "System V memory": ('call("shmget", 0, 4096, 0o1600)', 1),
    "odd sockets": (
        (
            "for name, family in dict(netlink=16, packet=17, alg=38, vsock=40, xdp=44, bluetooth=31, can=29, tipc=30, "
            "rds=21, "
            "x25=9, ax25=3, key=15, ppp=24, kcm=41, nfc=39, smc=43, mctp=45, ib=27, llc=26, appletalk=5).items():\n"
            "    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW):\n"
            '        attempt(f"{name} {int(kind)}", socket.socket, family, kind)'
        ),
        60,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_refused(attacker: Attacker, name: str) -> None:
    program, attempts = CASES[name]
    attacker.python(program).all_refused(attempts, "EPERM", *(["ENOENT"] if name == "userfaultfd" else []))


def test_calls_of_other_tables(attacker: Attacker) -> None:
    """The 32-bit and x32 tables of the same machine hold the same doors once more: they do not open here."""
    program = """
import mmap
def x32():
    return libc.syscall(ctypes.c_long(0x40000000 + 39))
def i386():
    page = mmap.mmap(-1, 4096, prot=7)
    page.write(bytes.fromhex("b814000000cd80c3"))  # mov eax, 20 (getpid); int 0x80; ret
    return ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()
for table in (x32, i386):
    child = os.fork()
    if not child: os._exit(platform.machine() == "x86_64" and table() > 0)
    status = os.waitpid(child, 0)[1]
    how = "SIGSYS" if status else "EPERM"
    print(table.__name__, "PWNED" if os.WIFEXITED(status) and status else f"refused {how}")
"""
    attacker.python(program).all_refused(2, "EPERM", "SIGSYS")


def test_every_number_in_the_table(attacker: Attacker) -> None:
    """All numbers are tried with impossible arguments, each in a child: what answers is on the list, and no more.

    Docker's default profile lets 361 names through, and so would a container that lost its own profile.
    """
    program = """
harmless = set(range(0, 700)) - {15, 34, 35, 60, 61, 230, 231, 139, 94, 93, 29, 98, 247, 130, 133}
answered = 0
for number in sorted(harmless):
    child = os.fork()
    if not child:
        os.dup2(os.open("/dev/null", os.O_WRONLY), 1)
        signal.alarm(1); ctypes.set_errno(0)
        result = libc.syscall(ctypes.c_long(number), *[ctypes.c_long(-1)] * 6)
        os._exit(1 if result == -1 and ctypes.get_errno() in (errno.EPERM, errno.ENOSYS) else 0)
    status = os.waitpid(child, 0)[1]
    answered += status != 256
print("answered", answered)
"""
    told = attacker.python(program, timeout_s=30)
    answered = int(told.lines[0].removeprefix("answered "))
    assert 60 < answered < 300, told.text
