"""All requests at work: starting their children, reading what they write, ending them in time, answering."""

import errno
import os
import time

from agent.cgroup import Cgroup
from agent.pid1.poll import Poll
from agent.pid1.reap import reap
from agent.sandbox import params, processes
from agent.sandbox.files import answer as file_answer
from agent.sandbox.files import refusal
from agent.sandbox.job import CANCELLED, NO_SPACE, TIMEOUT, TOO_LARGE, Command, FileJob, Job
from agent.sandbox.leftovers import Leftovers
from agent.sandbox.limits import MEGABYTE
from agent.sandbox.params import RefusedError
from agent.sandbox.protocol import FILE_DEADLINE_S, MAX_COMMAND_BYTES, MAX_JOBS, MAX_TIMEOUT_S
from agent.sandbox.spawn import become_shell, spawn
from agent.sandbox.watch import Watch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from agent.sandbox.proxy import Proxy

_CHUNK = 64 * 1024
_FILE_ANSWER_BYTES = 2 * 1024 * 1024
# How long the answer waits for output of descendants that hold the pipe after the command itself has ended.
_DRAIN_S = 0.2
# How long a child that was sent SIGKILL may take to go, before the answer is given without it.
_DYING_S = 3.0
# What a full workspace does not keep from being done.
_HARMLESS = ("read", "list", "get", "drop")
# What is about to be written, by operation; base64 counts a third too much.
_CONTENT = {"write": "content", "put": "data"}
_OWNERS_TURN = "Its owner has to delete something: docker exec picoclaw-sandbox rm -r /workspace/NAME"
# A command that leaves the sandbox this full has left a fork bomb behind.
_CROWDED = 0.75


class Jobs:
    """The jobs of one connection. `answer` is called with a request's id and the JSON of its answer, all but the id."""

    # fmt: off
    __slots__ = (
        "_answer", "_background", "_by_id", "_cgroup", "_leftovers", "_overflows", "_poll", "_proxy", "_waiting",
        "_watch", "_workspace", "quota",
    )
    # fmt: on

    def __init__(
        self, poll: Poll, answer: "Callable[[int, bytes], None]", cgroup: Cgroup, workspace: str, proxy: "Proxy"
    ) -> None:
        self._poll = poll
        self._answer = answer
        self._cgroup = cgroup
        self._workspace = workspace
        self._proxy = proxy
        self._leftovers = Leftovers(poll)
        self._watch = Watch(self._listen, self._leaders, cgroup.memory_limit, workspace)
        self.quota = self._watch.quota
        # Requests that came while the workspace was being measured, by id.
        self._waiting: dict[int, tuple[str, dict[str, object]]] = {}
        self._by_id: dict[int, Job] = {}
        # Orphans (pid, start time) of commands that ended normally: they may live on.
        self._background: set[tuple[int, str]] = set()
        # What the cgroup counted when everything was last ended.
        self._overflows = cgroup.overflows()

    def __len__(self) -> int:
        return len(self._by_id) + len(self._waiting)

    def start(self, request_id: int, op: str, request: dict[str, object]) -> None:
        """Start a command or a file operation; RefusedError when the request cannot be carried out."""
        if request_id in self._by_id or request_id in self._waiting:
            raise RefusedError("bad_request", f"The id {request_id} is in use.")
        if len(self) >= MAX_JOBS:
            raise RefusedError(
                "busy", f"{MAX_JOBS} operations are running in the sandbox already; wait for one to end."
            )
        if self._watch.measurement is not None or self._waiting:
            self._waiting[request_id] = (op, request)
        else:
            self._start(request_id, op, request)

    def _start(self, request_id: int, op: str, request: dict[str, object]) -> None:
        if op == "exec" and self.quota.locked():
            raise RefusedError(NO_SPACE, f"{self.quota.describe()}, so far that no command runs. {_OWNERS_TURN}")
        if op == "exec":
            self._start_command(request_id, request)
        else:
            self._start_file_job(request_id, op, request)

    def _start_waiting(self) -> None:
        while self._waiting:
            request_id = next(iter(self._waiting))
            op, request = self._waiting.pop(request_id)
            try:
                self._start(request_id, op, request)
            except RefusedError as error:
                self._answer(request_id, refusal(error.code, str(error)))

    def _start_command(self, request_id: int, request: dict[str, object]) -> None:
        command = params.text(request, "command")
        timeout = params.seconds(request, "timeout", MAX_TIMEOUT_S)
        size = len(params.content(request, "command"))
        if "\0" in command:
            raise RefusedError("bad_request", "`command` holds a NUL character, which no argument of a program can.")
        if size > MAX_COMMAND_BYTES:
            message = (
                f"`command` is {size} bytes, and at most {MAX_COMMAND_BYTES} are possible; write it to a file first."
            )
            raise RefusedError("too_large", message)
        cwd = params.path({"path": params.text(request, "cwd", self._workspace)})
        job = Command(request_id, timeout)
        may_write = not self.quota.full
        if not may_write:
            job.notes.append(f"{self.quota.describe()}: commands can delete, but not write.")
        more = self._proxy.environment
        self._spawn(job, lambda: become_shell(command, cwd, self._workspace, more, may_write=may_write))

    def _start_file_job(self, request_id: int, op: str, request: dict[str, object]) -> None:
        size = len(params.content(request, _CONTENT[op])) if op in _CONTENT else 0
        if op not in _HARMLESS and not self.quota.fits(size):
            raise RefusedError(NO_SPACE, f"{self.quota.describe()}; delete something before you write.")

        def work() -> None:
            answer = file_answer(op, request, self._workspace)
            with open(1, "wb", closefd=False) as pipe:
                pipe.write(answer)

        what = f"{op} {str(request.get('path', ''))[:200]}"
        self._spawn(FileJob(request_id, FILE_DEADLINE_S, _FILE_ANSWER_BYTES, what), work)

    def _spawn(self, job: Job, work: "Callable[[], None]") -> None:
        job.memory_kills = self._cgroup.memory_kills()
        may_write = not self.quota.full
        self._watch.begin()
        try:
            job.pid, job.fd = spawn(work, self._cgroup.memory_limit, may_write=may_write)
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.ENOMEM):
                raise
            note = "The sandbox had no room for another process, so every process in it was ended first."
            self.end_everything(note)
            job.notes.append(note)
            job.pid, job.fd = spawn(work, self._cgroup.memory_limit, may_write=may_write)
        self._by_id[job.id] = job
        self._listen(job)

    def _listen(self, job: Job) -> None:
        self._poll.watch(job.fd, lambda: self._readable(job))

    def _readable(self, job: Job) -> None:
        # One read a turn, so that no job's flood keeps the others waiting.
        data = os.read(job.fd, _CHUNK)
        if not data:
            self._close(job)
        elif not job.feed(data) and not job.verdict:
            self._end(job, TOO_LARGE)

    def _close(self, job: Job) -> None:
        self._poll.unwatch(job.fd)
        os.close(job.fd)
        job.closed = True

    def reap(self, at_most: int = 256) -> bool:
        """Collect children that have ended; whether there may be more."""
        ended = reap(at_most)
        for pid, status in ended:
            self._child_ended(pid, status)
        return len(ended) == at_most

    def _child_ended(self, pid: int, status: int) -> None:
        measurement = self._watch.measurement
        if measurement is not None and measurement.pid == pid:
            measurement.status = status
            return
        self._watch.ended()
        for job in self._by_id.values():
            if job.pid == pid:
                job.status = status
                job.drained_by = time.monotonic() + _DRAIN_S
                if not job.verdict:
                    self._background = self._orphans()

    def _leaders(self) -> list[int]:
        return [job.pid for job in self._by_id.values()]

    def _orphans(self) -> set[tuple[int, str]]:
        leaders = set(self._leaders())
        if self._watch.measurement is not None:
            leaders.add(self._watch.measurement.pid)
        table = processes.table()
        children = [pid for pid, (parent, _, _) in table.items() if parent == 1 and pid not in leaders]
        return {(pid, table[pid][2]) for pid in processes.living(table, children)}

    def cancel(self, request_id: int) -> bool:
        """End a job; whether there was one to end."""
        if self._waiting.pop(request_id, None) is not None:
            self._answer(request_id, refusal("cancelled", "It was cancelled before it began."))
            return True
        job = self._by_id.get(request_id)
        if job is None or job.verdict or job.status is not None:
            return False
        self._end(job, CANCELLED)
        return True

    def _end(self, job: Job, verdict: str) -> None:
        job.verdict = verdict
        job.deadline = time.monotonic() + _DYING_S
        count = processes.end_tree(job.pid)
        self.reap()
        if count is None or not self._end_strays():
            self.end_everything("A command multiplied faster than it could be ended, so every process was ended.")
        elif verdict == TIMEOUT:
            others = f" with the {count - 1} other processes it had started" if count > 1 else ""
            job.notes.append(f"It did not end within {job.timeout:g} s and was killed{others}.")

    def _end_strays(self) -> bool:
        """End orphans that no finished command left: they have slipped away from the job being ended."""
        for _ in range(5):
            strays = self._orphans() - self._background
            if not strays:
                return True
            if any(processes.end_tree(pid) is None for pid, _ in strays):
                return False
            self.reap()
        return False

    def end_everything(self, note: str, verdict: str = "") -> None:
        """End every process in the sandbox but the server, and tell all jobs why."""
        statuses = processes.end_all()
        measurement = self._watch.measurement
        if measurement is not None and not measurement.closed:
            self._close(measurement)
        self._watch.abandon()
        self._overflows = self._cgroup.overflows()
        self._background.clear()
        for job in self._by_id.values():
            if job.status is None:
                job.verdict = job.verdict or verdict
            if job.status is None or verdict:
                job.notes.append(note)
        for pid, status in statuses.items():
            self._child_ended(pid, status)

    def drop(self) -> None:
        """Forget all jobs without an answer; their processes must have been ended."""
        self._waiting.clear()
        for job in list(self._by_id.values()):
            del self._by_id[job.id]
            if not job.closed:
                self._close(job)

    def tick(self, now: float) -> None:
        """Answer the jobs that are complete, end those whose time is over."""
        self._leftovers.tick(now)
        full = self._watch.tick(now)
        if full:
            self.end_everything(full, NO_SPACE)
        if self._watch.measurement is None:
            self._start_waiting()
        elif self._watch.suspicious:
            return
        for job in list(self._by_id.values()):
            if job.status is not None:
                if job.closed or now >= job.drained_by:
                    self._finish(job)
            elif now >= job.deadline:
                if job.verdict:
                    job.notes.append("The kernel could not end it yet.")
                    self._finish(job)
                else:
                    self._end(job, TIMEOUT)

    def _finish(self, job: Job) -> None:
        del self._by_id[job.id]
        if not job.closed:
            self._poll.unwatch(job.fd)
            self._leftovers.add(job.fd)
        self._clean_up_after(job)
        self._answer(job.id, job.answer())

    def _clean_up_after(self, job: Job) -> None:
        if self._cgroup.memory_kills() > job.memory_kills:
            limit = (self._cgroup.memory_limit or 0) // MEGABYTE
            job.notes.append(f"The sandbox's memory ({limit} MB) was full and the kernel killed a process in it.")
        if not self._by_id and self._overflowed() and self._orphans():
            # Fork bombs, and hogs of memory that made themselves the kernel's last choice.
            self.end_everything("")
            job.notes.append(
                "The sandbox was out of memory or processes, so all that was left running in it was ended."
            )

    def _overflowed(self) -> bool:
        crowded = (self._cgroup.pids_limit or 0) * _CROWDED
        return self._cgroup.overflows() > self._overflows or (crowded > 0 and self._cgroup.pids() >= crowded)

    def wake_at(self) -> float | None:
        """When `tick` has something to do next, on the monotonic clock."""
        times = [self._leftovers.wake_at(), self._watch.wake_at()]
        if not self._watch.suspicious:
            times += [job.deadline if job.status is None else job.drained_by for job in self._by_id.values()]
        return min((moment for moment in times if moment is not None), default=None)
