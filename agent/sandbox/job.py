"""One request at work: a forked child, the pipe it writes to, its deadline, and what came of it."""

import os
import time

from agent.sandbox import wire
from agent.sandbox.files import refusal
from agent.sandbox.output import Capped, HeadTail

_SHOWN = 200

TIMEOUT, CANCELLED, TOO_LARGE, NO_SPACE = "timeout", "cancelled", "too_large", "no_space"

# The names of signals 1 to 31 on x86_64 and aarch64; the `signal` module would cost 0.5 MB.
# fmt: off
_SIGNALS = (
    "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM",
    "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO",
    "PWR", "SYS",
)
# fmt: on


class Job:
    """Common to commands and file operations; a subclass says what the answer is."""

    # fmt: off
    __slots__ = (
        "closed", "deadline", "drained_by", "fd", "id", "memory_kills", "notes", "pid", "started", "status", "timeout",
        "verdict",
    )
    # fmt: on

    def __init__(self, request_id: int, timeout: float) -> None:
        self.id = request_id
        self.timeout = timeout
        self.started = time.monotonic()
        self.deadline = self.started + timeout
        self.pid = self.fd = -1
        self.closed = False
        # As waitpid gives it; None while the child runs.
        self.status: int | None = None
        self.drained_by = 0.0
        # The kernel's count of kills for lack of memory, when the job began.
        self.memory_kills = 0
        self.verdict = ""
        self.notes: list[str] = []

    def feed(self, data: bytes) -> bool:
        """Take what the child wrote; False when it is more than can be answered."""
        raise NotImplementedError

    def answer(self) -> bytes:
        """The answer's JSON, all but the id."""
        raise NotImplementedError

    def signal(self) -> str | None:
        """The name of the signal that ended the child."""
        if self.status is None or not os.WIFSIGNALED(self.status):
            return None
        number = os.WTERMSIG(self.status)
        return f"SIG{_SIGNALS[number - 1]}" if number <= len(_SIGNALS) else f"signal {number}"


class Command(Job):
    """A shell command; its answer tells how it ended and what it printed."""

    __slots__ = ("output",)

    def __init__(self, request_id: int, timeout: float) -> None:
        super().__init__(request_id, timeout)
        self.output = HeadTail()

    def feed(self, data: bytes) -> bool:
        return self.output.feed(data)

    def answer(self) -> bytes:
        if self.verdict == CANCELLED:
            return refusal("cancelled", "The command was cancelled and ended.")
        exited = self.status is not None and os.WIFEXITED(self.status)
        output, omitted = self.output.render()
        result = {
            "exit_code": os.WEXITSTATUS(self.status or 0) if exited else None,
            "signal": self.signal(),
            "timed_out": self.verdict == TIMEOUT,
            "output": output,
            "omitted_bytes": omitted,
            "duration_s": round(time.monotonic() - self.started, 3),
            "note": " ".join(self.notes),
        }
        return wire.dumps({"ok": True, "result": result})


class FileJob(Job):
    """A file operation; the child itself writes the answer."""

    __slots__ = ("_what", "_written")

    def __init__(self, request_id: int, timeout: float, ceiling: int, what: str) -> None:
        super().__init__(request_id, timeout)
        self._written = Capped(ceiling)
        self._what = what

    def feed(self, data: bytes) -> bool:
        return self._written.feed(data)

    def answer(self) -> bytes:
        if self.verdict:
            reasons = {
                TIMEOUT: f"{self._what} took more than {self.timeout:g} s and was ended.",
                CANCELLED: f"{self._what} was cancelled.",
                TOO_LARGE: f"{self._what} gave more than can be answered.",
            }
            return refusal(self.verdict, reasons.get(self.verdict) or " ".join(self.notes))
        written = bytes(self._written.data)
        if self.status != 0:
            how = self.signal() or written[:_SHOWN].decode("utf-8", "replace").strip() or "it is still running"
            why = " ".join(self.notes) or "Another command may have ended it, or memory ran out."
            return refusal("interrupted", f"{self._what} ended before its answer was complete ({how}). {why}")
        if not self.notes:
            return written
        return wire.dumps({"note": " ".join(self.notes)})[:-1] + b"," + written[1:]
