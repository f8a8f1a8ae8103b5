"""Keeping the workspace within its quota while anything runs in the sandbox.

PID 1 looks at the disk's free space, the more often the less is left. When too much may have been taken, it stops
everything, has the truth measured, and then either lets all go on (somebody else on the host used the space) or ends
it. Nothing that runs is trusted: who does not stop, or disturbs the measurement, makes the workspace count as full.
"""

import time

from agent.pid1 import libc
from agent.sandbox import measure, processes
from agent.sandbox.limits import MEGABYTE
from agent.sandbox.measure import Measurement
from agent.sandbox.quota import Quota
from agent.sandbox.spawn import spawn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_STOPPING_ROUNDS = 40
_PAUSE_S = 0.001
_WHILE_MEASURING_S = 0.01
# Nobody who is stopped writes; one long write that began before may have to be cut short.
_MEANWHILE_BYTES = 4 * MEGABYTE
# Measuring takes at most a twentieth of the time, while there is room.
_REST = 20


class Watch:
    """Looks at the workspace when it is time to; `tick` says when everything has to be ended."""

    # fmt: off
    __slots__ = (
        "_a_process_ended", "_due", "_leaders", "_listen", "_look_at", "_looked_at", "_measured_at", "_memory_limit",
        "_took", "_workspace", "measurement", "quota", "suspicious",
    )
    # fmt: on

    def __init__(
        self,
        listen: "Callable[[Measurement], None]",
        leaders: "Callable[[], list[int]]",
        memory_limit: int | None,
        workspace: str,
    ) -> None:
        """`listen` has a measurement's output read, `leaders` gives the first process of each job."""
        self.quota = Quota(workspace)
        self.measurement: Measurement | None = None
        # No answer is given before it is known whether everything has to be ended.
        self.suspicious = False
        self._listen = listen
        self._leaders = leaders
        self._memory_limit = memory_limit
        self._workspace = workspace
        # When to look again; None while nothing runs.
        self._look_at: float | None = None
        self._looked_at = 0.0
        self._a_process_ended = False
        # When to measure whatever has been seen since; at once, for a start.
        self._due: float | None = 0.0
        self._measured_at = 0.0
        self._took = 0.0

    def begin(self) -> None:
        """A process is about to be started."""
        if self._look_at is None:
            self.quota.rebase()
        self._look_at = 0.0

    def ended(self) -> None:
        """A process has ended: what it took must be known before its answer is given."""
        self._a_process_ended = True
        if self._look_at is not None:
            self._look_at = 0.0

    def abandon(self) -> None:
        """Every process has been ended, a measurement's too."""
        self.measurement = None
        self.suspicious = False
        self._due = 0.0
        self.ended()

    def wake_at(self) -> float | None:
        """When `tick` has something to do."""
        if self.measurement is not None:
            return self._looked_at + _WHILE_MEASURING_S
        times = [moment for moment in (self._look_at, self._due_at()) if moment is not None]
        return min(times, default=None)

    def tick(self, now: float) -> str:
        """Look, if it is time to; why everything has to be ended, or nothing."""
        if self.measurement is not None:
            return self._while_measuring(self.measurement, now)
        if self._look_at is not None and now >= self._look_at:
            self.quota.sample()
            self._look_at = now + self.quota.interval() if processes.any_left() else None
            if self.quota.suspect():
                self._measure()
                self.suspicious = True
                return ""
        due = self._due_at()
        if due is not None and now >= due:
            self._measure()
        return ""

    def _due_at(self) -> float | None:
        if self._due is not None:
            return self._due
        if not self.quota.changed():
            return None
        if self.quota.full:
            # Something may have been deleted.
            return 0.0 if self._look_at is None or self._a_process_ended else None
        rest = self._took if self.quota.tight() else _REST * self._took
        return self._measured_at + rest if self._look_at is None else None

    def _measure(self) -> None:
        self.quota.measuring()
        self._due = None
        self._a_process_ended = False
        if self._look_at is not None:
            self._stop_everything()
        self.measurement = Measurement()
        self._looked_at = self.measurement.started
        leaders = self._leaders()
        try:
            self.measurement.pid, self.measurement.fd = spawn(
                lambda: measure.work(self._workspace, leaders), self._memory_limit, may_write=True
            )
        except OSError:
            self.measurement.status, self.measurement.closed = -1, True
        else:
            self._listen(self.measurement)

    def _stop_everything(self) -> None:
        """Hostile processes may wake one another, and a system call under way goes on; those are ended."""
        for _ in range(_STOPPING_ROUNDS):
            processes.send(-1, libc.SIGSTOP)
            if not processes.unstopped(-1):
                return
            time.sleep(_PAUSE_S)
            self.quota.sample()
            if self.quota.grown_meanwhile() > _MEANWHILE_BYTES:
                break
        self._end_unstopped(-1)

    @staticmethod
    def _end_unstopped(spared: int) -> None:
        for pid in processes.unstopped(spared):
            processes.send(pid, libc.SIGKILL)

    def _while_measuring(self, measurement: Measurement, now: float) -> str:
        self._looked_at = now
        self.quota.sample()
        if self.quota.grown_meanwhile() > _MEANWHILE_BYTES:
            self._end_unstopped(measurement.pid)
        if measurement.closed and measurement.status is not None:
            return self._settle(measurement, now)
        if now >= measurement.deadline:
            processes.end_tree(measurement.pid)
            measurement.deadline = now + measure.DEADLINE_S
        return ""

    def _settle(self, measurement: Measurement, now: float) -> str:
        found = measurement.found(self.quota.estimate())
        blamed = self.quota.settle(found)
        suspicious, self.suspicious = self.suspicious, False
        self.measurement = None
        self._measured_at, self._took = now, now - measurement.started
        libc.return_free_memory()
        if found is None:
            self._due = now + self._took
        running = self._look_at is not None
        if blamed and (running or suspicious):
            return f"{self.quota.describe()}, so every process was ended. Delete something before anything is written."
        if running:
            processes.send(-1, libc.SIGCONT)
        return ""
