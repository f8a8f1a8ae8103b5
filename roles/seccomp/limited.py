"""The system calls that are allowed with some arguments only, as rules in Docker's format."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable
from typing import Any

Rule = dict[str, Any]

# CLONE_NEWNS | NEWCGROUP | NEWUTS | NEWIPC | NEWUSER | NEWPID | NEWNET
_NAMESPACES = 0x7E020000
_THREAD = 0x00010000
_TYPE = 0xF  # of socket(2)'s second argument, below SOCK_NONBLOCK and SOCK_CLOEXEC
_WHOLE_WORD = 0xFFFFFFFF  # the kernel reads 32 bits of some arguments, and a program may set the others
_PRIO_PROCESS, _IOPRIO_WHO_PROCESS = 0, 1

# ioctl requests as (mask, value). Of a terminal, all that programs ask, without TIOCSTI (types in somebody else's
# name), TIOCLINUX (the console) and TIOCSETD (loads a line discipline into the kernel).
_IOCTLS = (
    (0xFFFFFFF0, 0x5400),  # TCGETS to TIOCGPGRP
    (0xFFFFFFFE, 0x5410),  # TIOCSPGRP, TIOCOUTQ
    (0xFFFFFFFE, 0x5414),  # TIOCSWINSZ, TIOCMGET
    (_WHOLE_WORD, 0x5413),  # TIOCGWINSZ
    (_WHOLE_WORD, 0x541B),  # FIONREAD
    (0xFFFFFFFE, 0x5420),  # TIOCPKT, FIONBIO
    (_WHOLE_WORD, 0x5422),  # TIOCNOTTY
    (_WHOLE_WORD, 0x5429),  # TIOCGSID
    (_WHOLE_WORD, 0x5441),  # TIOCGPTPEER
    (0xFFFFFFFC, 0x5450),  # FIONCLEX, FIOCLEX, FIOASYNC
    (_WHOLE_WORD, 0x802C542A),  # TCGETS2
    (0xFFFFFFF8, 0x402C5428),  # TCSETS2, TCSETSW2, TCSETSF2
    (_WHOLE_WORD, 0x80045430),  # TIOCGPTN
    (_WHOLE_WORD, 0x40045431),  # TIOCSPTLCK
    (0x0000FF00, 0x6600),  # file attributes and extents: lsattr, cp
    (0x0000FF00, 0x9400),  # cloning of files: cp
    (0x0000FF00, 0x8900),  # names and addresses of network interfaces
)

# prctl options: names, dumpability, parents and subreapers, no new privileges, what the bounding set holds, names of
# memory areas. Not: seccomp, memory layout, speculation, keeping capabilities, being traced.
_PRCTLS = (1, 3, 4, 15, 16, 23, 36, 37, 38, 39, 0x53564D41)


def limited(call: str, *, may_fork: bool) -> list[Rule] | None:
    """The rules for a call that depends on its arguments; None for one that does not."""
    if call == "clone":
        return [_clone(may_fork=may_fork)]
    make = _LIMITED.get(call)
    return list(make(call)) if make is not None else None


def allow(*names: str, args: Iterable[Rule] = ()) -> Rule:
    """Allow these calls when all conditions hold."""
    return {"names": list(names), "action": "SCMP_ACT_ALLOW", "args": list(args)}


def _clone(*, may_fork: bool) -> Rule:
    """No new namespaces; where no process may be made, only what shares its maker's thread group."""
    if may_fork:
        return allow("clone", args=[_masked(0, _NAMESPACES, 0)])
    return allow("clone", args=[_masked(0, _NAMESPACES | _THREAD, _THREAD)])


def _socket(call: str) -> Iterable[Rule]:
    """Unix sockets, TCP and UDP over IPv4 and IPv6: no netlink, packet, vsock, crypto, raw, SCTP or MPTCP sockets."""
    yield from _unix(call)
    kinds = [(socket.SOCK_STREAM, (0, socket.IPPROTO_TCP)), (socket.SOCK_DGRAM, (0, socket.IPPROTO_UDP))]
    for family in (socket.AF_INET, socket.AF_INET6):
        for kind, protocols in kinds:
            for protocol in protocols:
                yield allow(call, args=[_equal(0, family), _masked(1, _TYPE, kind), _equal(2, protocol)])


def _unix(call: str) -> Iterable[Rule]:
    yield allow(call, args=[_equal(0, socket.AF_UNIX)])


def _ioctl(call: str) -> Iterable[Rule]:
    for mask, value in _IOCTLS:
        yield allow(call, args=[_masked(1, mask, value)])


def _prctl(call: str) -> Iterable[Rule]:
    for option in _PRCTLS:
        yield allow(call, args=[_masked(0, _WHOLE_WORD, option)])


# By number a process could be PID 1, whose limits and priority are not a command's to change. Only an exact zero is
# safe to ask for: of "not 1" the kernel sees half the bits that the filter compares.
def _of_itself(call: str) -> Iterable[Rule]:
    yield allow(call, args=[_equal(0, 0)])


def _process_of_itself(call: str) -> Iterable[Rule]:
    which = _IOPRIO_WHO_PROCESS if call == "ioprio_set" else _PRIO_PROCESS
    yield allow(call, args=[_equal(0, which), _equal(1, 0)])


def _equal(index: int, value: int) -> Rule:
    return {"index": index, "value": int(value), "valueTwo": 0, "op": "SCMP_CMP_EQ"}


def _masked(index: int, mask: int, value: int) -> Rule:
    return {"index": index, "value": mask, "valueTwo": int(value), "op": "SCMP_CMP_MASKED_EQ"}


_LIMITED: dict[str, Callable[[str], Iterable[Rule]]] = {
    "ioctl": _ioctl,
    "ioprio_set": _process_of_itself,
    "prctl": _prctl,
    "prlimit64": _of_itself,
    "sched_setaffinity": _of_itself,
    "sched_setattr": _of_itself,
    "sched_setparam": _of_itself,
    "sched_setscheduler": _of_itself,
    "setpriority": _process_of_itself,
    "socket": _socket,
    "socketpair": _unix,
}
