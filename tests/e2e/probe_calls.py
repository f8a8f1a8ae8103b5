"""Runs inside a container, on its Python: makes system calls that must be refused and prints what came of each.

A call that was let through does nothing, or as little as its arguments allow. The program imports no more than the
gateway's image has; the test appends the call of `main`.
"""

import ctypes
import json
import os

_libc = ctypes.CDLL(None, use_errno=True)
_ZERO = (0, 0, 0, 0, 0, 0)
# (family, type, protocol): netlink, packet, crypto, vsock, Bluetooth, CAN, XDP; raw, SCTP and MPTCP over IP.
SOCKETS = {
    "AF_NETLINK": (16, 3, 0),
    "AF_PACKET": (17, 3, 0),
    "AF_ALG": (38, 5, 0),
    "AF_VSOCK": (40, 1, 0),
    "AF_BLUETOOTH": (31, 3, 1),
    "AF_CAN": (29, 3, 1),
    "AF_XDP": (44, 3, 0),
    "raw IPv4": (2, 3, 1),
    "raw IPv6": (10, 3, 58),
    "ping": (2, 2, 1),
    "SCTP": (2, 1, 132),
    "MPTCP": (2, 1, 262),
}
NAMESPACES = {
    "mount": 0x20000,
    "cgroup": 0x2000000,
    "uts": 0x4000000,
    "ipc": 0x8000000,
    "user": 0x10000000,
    "pid": 0x20000000,
    "net": 0x40000000,
}
_OTHER_WORD = 1 << 32
# By name of a call: arguments that are refused where others are allowed.
ARGUMENTS: dict[str, dict[str, tuple[int, ...]]] = {
    "ioctl": {"TIOCSTI": (0, 0x5412, 0), "TIOCLINUX": (0, 0x541C, 0), "TIOCSETD": (0, 0x5423, 0)},
    "prctl": {"PR_SET_SECCOMP": (22, 1), "PR_SET_MM": (35, 1), "PR_SET_PTRACER": (0x59616D61, 1)},
    "prlimit64": {"PID 1": (1, 7, 0, 0), "PID 1, disguised": (_OTHER_WORD + 1, 7, 0, 0)},
    "setpriority": {"PID 1": (0, 1, 0), "user": (2, 0, 0)},
    "sched_setaffinity": {"PID 1": (1, 8, 0)},
    "sched_setscheduler": {"PID 1": (1, 0, 0)},
}


def tried(number: int, *arguments: int) -> int:
    """The errno of a call; 0 when it succeeded."""
    words = [ctypes.c_ulong(word) for word in (*arguments, *_ZERO)[:6]]
    ctypes.set_errno(0)
    result = _libc.syscall(ctypes.c_long(number), *words)
    return ctypes.get_errno() if result == -1 else 0


def forked(number: int, flags: int) -> int:
    """The same for a call that may make a child, which ends at once."""
    ctypes.set_errno(0)
    result = _libc.syscall(ctypes.c_long(number), *[ctypes.c_ulong(word) for word in (flags | 17, *_ZERO[1:])])
    if result == 0:
        os._exit(0)
    return ctypes.get_errno() if result == -1 else 0


def main(known: dict[str, int], refused: dict[str, int]) -> None:
    """Print {what was tried: errno, or 0 where it was let through}; that it is printed shows that nothing was killed.

    Args:
        known: the number of every call.
        refused: those that are to be refused whatever their arguments.
    """
    found = {name: tried(number) for name, number in refused.items()}
    found |= {name: tried(known["socket"], *arguments) for name, arguments in SOCKETS.items()}
    found |= {f"{name} namespace": forked(known["clone"], flag) for name, flag in NAMESPACES.items()}
    for call, cases in ARGUMENTS.items():
        found |= {f"{call}: {case}": tried(known[call], *arguments) for case, arguments in cases.items()}
    print(json.dumps(found))
