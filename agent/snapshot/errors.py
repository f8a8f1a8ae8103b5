"""What goes wrong in a throwaway container, as a code for the operator's machine to put into words."""

from __future__ import annotations

from agent.errors import PicoClawError


class SnapshotError(PicoClawError):
    """What was asked cannot be done.

    Attributes:
        code: no_state, bad_state, state_too_large, bad_tar, cut_off, too_large, disk_full, failed.
    """

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail
