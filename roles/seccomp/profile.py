"""From what was traced to the JSON that Docker reads."""

from __future__ import annotations

import errno
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from roles.seccomp.extras import OF_CONTAINER, TWINS
from roles.seccomp.limited import Rule, allow, limited
from roles.seccomp.refused import REFUSED

TRACED = Path(__file__).with_name("traced")

# Native calls only. The 32-bit and x32 tables of the same machines are further attack surface, and need `socketcall`.
_ARCHITECTURES = ("SCMP_ARCH_X86_64", "SCMP_ARCH_AARCH64")


@dataclass(frozen=True)
class Profile:
    """What a container may ask of the kernel: what it was seen to ask (traced/NAME.json), and the explained extras.

    Attributes:
        name: of the container in the files of this role.
        may_fork: whether `clone` may make processes, or threads only.
        answers: error numbers for calls that are refused otherwise than with EPERM.
    """

    name: str
    may_fork: bool
    answers: tuple[tuple[str, int], ...]

    def allowed(self) -> list[str]:
        """The names of the calls, those included that are limited by their arguments."""
        traced = json.loads((TRACED / f"{self.name}.json").read_text(encoding="utf-8"))["calls"].keys()
        twins = {call for twins in TWINS if twins & traced for call in twins}
        extras = {call for calls in OF_CONTAINER[self.name].values() for call in calls}
        return sorted((traced | twins | extras) - REFUSED - dict(self.answers).keys())

    def document(self) -> dict[str, Any]:
        """The profile in Docker's format."""
        return {
            "defaultAction": "SCMP_ACT_ERRNO",
            "archMap": [{"architecture": name, "subArchitectures": []} for name in _ARCHITECTURES],
            "syscalls": [*self._allowances(), *self.refusals()],
        }

    def refusals(self) -> list[Rule]:
        """The rules for calls that are answered with an error of their own."""
        return [{"names": [call], "action": "SCMP_ACT_ERRNO", "errnoRet": number} for call, number in self.answers]

    def _allowances(self) -> list[Rule]:
        rules = {call: limited(call, may_fork=self.may_fork) for call in self.allowed()}
        always = [call for call, limits in rules.items() if limits is None]
        return [allow(*always), *(rule for limits in rules.values() if limits is not None for rule in limits)]


# glibc and Go go on with clone when clone3, whose flags no filter can read, is not there.
_NO_CLONE3 = ("clone3", errno.ENOSYS)
# As on a file system that cannot: posix_fallocate then writes instead, which can be watched and stopped in time.
_NO_FALLOCATE = ("fallocate", errno.EOPNOTSUPP)

PROFILES = {
    # The gateway holds the chat token: it makes threads (name resolution), but no process of its own.
    "gateway": Profile("gateway", may_fork=False, answers=(_NO_CLONE3,)),
    "sandbox": Profile("sandbox", may_fork=True, answers=(_NO_CLONE3, _NO_FALLOCATE)),
    # Its first process starts the one that runs litellm.
    "llm": Profile("llm", may_fork=True, answers=(_NO_CLONE3,)),
}


def render(profile: Profile) -> str:
    """The profile as Docker reads it; the same text for the same profile."""
    return json.dumps(profile.document(), indent=1) + "\n"
