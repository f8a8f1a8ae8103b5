"""The profile of a container that is traced."""

from __future__ import annotations

import errno
from dataclasses import dataclass
from typing import Any

from roles.seccomp.profile import Profile
from roles.seccomp.refused import REFUSED


@dataclass(frozen=True)
class Permissive(Profile):
    """Refuses what the real profiles refuse by name, as they do, so that programs take the same ways round it."""

    def document(self) -> dict[str, Any]:
        """Everything else is allowed."""
        refused = {"names": sorted(REFUSED), "action": "SCMP_ACT_ERRNO", "errnoRet": errno.EPERM}
        return {**super().document(), "defaultAction": "SCMP_ACT_ALLOW", "syscalls": [refused, *self.refusals()]}
