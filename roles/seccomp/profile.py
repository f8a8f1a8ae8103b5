"""From groups of system calls to the JSON that Docker reads; and the calls that are limited by their arguments."""

from __future__ import annotations

import errno
import json
import socket
from dataclasses import dataclass
from typing import Any

from roles.seccomp import groups

# CLONE_NEWNS | NEWCGROUP | NEWUTS | NEWIPC | NEWUSER | NEWPID | NEWNET
_NAMESPACES = 0x7E020000
_THREAD = 0x00010000
_TYPE = 0xF  # of socket(2)'s second argument, below SOCK_NONBLOCK and SOCK_CLOEXEC

# Native calls only. The 32-bit and x32 tables of the same machines are further attack surface, and need `socketcall`.
_ARCHITECTURES = ("SCMP_ARCH_X86_64", "SCMP_ARCH_AARCH64")

_EVERYWHERE = (
    groups.MEMORY
    + groups.START
    + groups.THREADS
    + groups.SIGNALS
    + groups.IDENTITY
    + groups.TIME
    + groups.FILES
    + groups.TREE
    + groups.EVENTS
    + groups.SOCKETS
)


@dataclass(frozen=True)
class Profile:
    """What a container may ask of the kernel.

    Attributes:
        calls: allowed whatever their arguments are.
        may_fork: whether `clone` may make processes, or threads only.
    """

    calls: tuple[str, ...]
    may_fork: bool


PROFILES = {
    # The gateway holds the chat token: it makes threads (name resolution), but no process of its own.
    "gateway": Profile(_EVERYWHERE, may_fork=False),
    "sandbox": Profile(_EVERYWHERE + groups.CHILDREN + groups.COMMANDS, may_fork=True),
}


def render(profile: Profile) -> str:
    """The profile in Docker's format; the same text for the same profile."""
    document = {
        "defaultAction": "SCMP_ACT_ERRNO",
        "archMap": [{"architecture": name, "subArchitectures": []} for name in _ARCHITECTURES],
        "syscalls": [
            _allow(*sorted(profile.calls)),
            *_sockets(),
            _clone(profile),
            # glibc and Go go on with clone when clone3, whose flags no filter can read, is not there.
            {"names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": errno.ENOSYS},
        ],
    }
    return json.dumps(document, indent=1) + "\n"


def _allow(*names: str, args: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    return {"names": list(names), "action": "SCMP_ACT_ALLOW", "args": args or []}


def _clone(profile: Profile) -> dict[str, Any]:
    """No new namespaces; where no process may be made, only what shares its maker's thread group."""
    if profile.may_fork:
        return _allow("clone", args=[_masked(0, _NAMESPACES, 0)])
    return _allow("clone", args=[_masked(0, _NAMESPACES | _THREAD, _THREAD)])


def _sockets() -> list[dict[str, Any]]:
    """Unix sockets, TCP and UDP over IPv4 and IPv6: no netlink, packet, vsock, crypto, raw, SCTP or MPTCP sockets."""
    kinds = [(socket.SOCK_STREAM, (0, socket.IPPROTO_TCP)), (socket.SOCK_DGRAM, (0, socket.IPPROTO_UDP))]
    internet = [
        _allow("socket", args=[_equal(0, family), _masked(1, _TYPE, kind), _equal(2, protocol)])
        for family in (socket.AF_INET, socket.AF_INET6)
        for kind, protocols in kinds
        for protocol in protocols
    ]
    return [_allow("socket", "socketpair", args=[_equal(0, socket.AF_UNIX)]), *internet]


def _equal(index: int, value: int) -> dict[str, Any]:
    return {"index": index, "value": int(value), "valueTwo": 0, "op": "SCMP_CMP_EQ"}


def _masked(index: int, mask: int, value: int) -> dict[str, Any]:
    return {"index": index, "value": mask, "valueTwo": int(value), "op": "SCMP_CMP_MASKED_EQ"}
