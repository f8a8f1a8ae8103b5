"""A sandbox as its container has it: the server as PID 1 of its own namespaces and cgroup, uid 1000, no capabilities.

Root file system read-only, no network, /tmp noexec; the gateway's end runs in the test's own process.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Coroutine
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import agent
from agent.sandbox.client import ExecResult, SandboxLink
from tests.unit.sandbox.cgroups import BASES, TestCgroup, remove_stale

UID = 1000
T = TypeVar("T")

# The server without its container's self-check: this box has no seccomp profile.
_SERVE = """
import sys
sys.path.insert(0, sys.argv[1].removesuffix("run/gateway.sock") + "lib")
from agent.sandbox.server import serve
sys.exit(serve(*sys.argv[1:]))
"""

# Binds come first: they stay writable when the root is made read-only around them.
_INSIDE = """
set -e
mount --make-rprivate /
if [ -n "$DISK" ]; then
    mount $DISK "$BASE/workspace"
    chown 1000:1000 "$BASE/workspace"
else
    mount --bind "$BASE/workspace" "$BASE/workspace"
fi
mount --bind "$BASE/run" "$BASE/run"
mount -o remount,bind,ro "$BASE/run"
mount --bind "$PREFIX" "$BASE/python"
mount -t tmpfs -o noexec,nosuid,nodev,size=32m tmpfs /tmp
mount -o remount,bind,ro /
exec setpriv --reuid 1000 --regid 1000 --clear-groups --bounding-set=-all --inh-caps=-all --no-new-privs \
    env -i SECRET_OF_PID_1=hunter2 LD_LIBRARY_PATH="$BASE/python/lib" \
    "$BASE/python/$PROGRAM" -I -S -OO -X no_debug_ranges \
    "$BASE/lib/serve.py" "$BASE/run/gateway.sock" "$BASE/workspace"
"""
_OUTSIDE = """
set -e
for entry in $ENTRIES; do echo $$ > "$entry"; done
exec unshare --pid --fork --mount --mount-proc --ipc --uts --net -- sh -c "ip link set lo up; $INSIDE"
"""


def pythons() -> list[str]:
    """Debian's interpreter and the one that runs the tests; others by PICOCLAW_TEST_PYTHONS, separated by colons."""
    chosen = os.environ.get("PICOCLAW_TEST_PYTHONS")
    known = chosen.split(":") if chosen else ["/usr/bin/python3", sys.executable]
    # By what is behind the links: both may be the same one.
    return list(dict.fromkeys(str(Path(python).resolve()) for python in known if Path(python).exists()))


@cache
def library(python: Path, file_deadline: float) -> Path:
    """What the server is made of, compiled as it is in the image: once for all boxes."""
    made = Path(tempfile.mkdtemp(prefix=f"picoclaw-test-{os.getpid()}-library-", dir=BASES))
    made.chmod(0o755)
    atexit.register(shutil.rmtree, made)
    package, source = made / "agent", Path(agent.__file__).parent
    package.mkdir()
    for name in ("__init__.py", "cgroup.py", "forwarder.py"):
        shutil.copy(source / name, package)
    (made / "serve.py").write_text(_SERVE)
    for name in ("pid1", "sandbox"):
        shutil.copytree(source / name, package / name, ignore=shutil.ignore_patterns("__pycache__"))
    protocol = package / "sandbox" / "protocol.py"
    protocol.write_text(protocol.read_text().replace("_DEADLINE_S = 30.0", f"_DEADLINE_S = {file_deadline}"))
    compiling = ["-OO", "-X", "no_debug_ranges", "-m", "compileall", "-q", str(package)]
    subprocess.run([str(python), *compiling], check=True)
    return made


def why_not() -> str:
    """Why no sandbox can be made here; empty when it can."""
    if os.geteuid() != 0:
        return "needs root: makes namespaces and a cgroup"
    missing = [tool for tool in ("unshare", "setpriv", "nsenter", "mount") if shutil.which(tool) is None]
    if missing:
        return f"needs {', '.join(missing)} (util-linux)"
    try:
        remove_stale()
        TestCgroup().remove()
    except OSError as error:
        return f"this machine allows no cgroup of one's own: {error}"
    return ""


class Box:
    """A running sandbox and the link to it. Started by the constructor; `stop` removes every trace."""

    def __init__(self, python: str, file_deadline: float = 30.0, disk: str = "", **settings: Any) -> None:
        """`disk`: what `mount` needs to be told for a workspace on a file system of its own, gone with the box."""
        self.base = Path(tempfile.mkdtemp(prefix=f"picoclaw-test-{os.getpid()}-", dir=BASES))
        self.base.chmod(0o755)
        self.workspace = self.base / "workspace"
        self._python = Path(python).resolve()
        self._disk = disk
        self.cgroup = TestCgroup()
        self._prepare(file_deadline)
        self.log = (self.base / "log").open("a")
        self.runner = asyncio.Runner()
        self.link = SandboxLink(self.base / "run" / "gateway.sock", connect_wait=0.5, **settings)
        self.run(self.link.start())
        try:
            self.start()
        except AssertionError:
            self.stop()
            raise

    def _prepare(self, file_deadline: float) -> None:
        for name in ("workspace", "run", "python"):
            (self.base / name).mkdir()
        for name in ("workspace", "run"):
            os.chown(self.base / name, UID, UID)
        (self.base / "run").chmod(0o700)
        shutil.copytree(library(self._python, file_deadline), self.base / "lib")

    def start(self) -> None:
        """Start the server and wait until it is connected."""
        prefix = self._python.parent.parent
        environment = {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "BASE": str(self.base),
            "PREFIX": str(prefix),
            "PROGRAM": str(self._python.relative_to(prefix)),
            "ENTRIES": " ".join(self.cgroup.entry_files()),
            "INSIDE": _INSIDE,
            "DISK": self._disk,
        }
        self.process = subprocess.Popen(["sh", "-c", _OUTSIDE], env=environment, stdout=self.log, stderr=self.log)
        self.run(self._admit())

    async def _admit(self) -> None:
        """Give the socket to the sandbox's uid whenever it appears, as it is the gateway's own uid in production."""
        for _ in range(500):
            path = self.base / "run" / "gateway.sock"
            if path.exists():
                os.chown(path, UID, UID)
            if self.link.connected:
                return
            if self.process.poll() is not None:
                break
            await asyncio.sleep(0.02)
        raise AssertionError(f"the sandbox did not connect: {self.log_text()}")

    def reconnected(self) -> None:
        """Wait for the server to come back after a lost connection."""
        self.run(self._admit())

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run `work` in the loop that holds the link."""
        return self.runner.run(work)

    def exec(self, command: str, timeout: float = 20.0) -> ExecResult:
        """A shell command in the sandbox."""
        return self.run(self.link.exec(command, timeout=timeout))

    @property
    def pid(self) -> int:
        """PID 1 of the sandbox, as seen from here."""
        parent = self.process.pid
        return int(Path(f"/proc/{parent}/task/{parent}/children").read_text().split()[0])

    @property
    def seen_workspace(self) -> Path:
        """The workspace as the sandbox sees it, reached from here."""
        return Path(f"/proc/{self.pid}/root{self.workspace}")

    def memory_kb(self, field: str = "VmRSS") -> int:
        """A figure of the server's /proc status in kB."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return int(next(line.split()[1] for line in lines if line.startswith(f"{field}:")))

    def processes(self) -> list[str]:
        """The command lines of all processes in the sandbox but the server."""
        pids = {int(pid) for pid in (self.cgroup.folders[-1] / "cgroup.procs").read_text().split()}
        return [_command_line(pid) for pid in pids - {self.pid, self.process.pid}]

    def gone(self, text: str, within: float = 3.0) -> bool:
        """Whether no process's command line holds `text`, now or soon."""
        deadline = time.monotonic() + within
        while any(text in line for line in self.processes()):
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True

    def health(self) -> tuple[int, str]:
        """The health check as Docker would run it: exit code and its line."""
        enter = ["nsenter", "-t", str(self.pid), "--pid", "--net", "--mount", "setpriv", "--reuid", "1000", "--regid"]
        program = [str(self.base / "python" / self._python.relative_to(self._python.parent.parent)), "-I", "-S"]
        script = str(self.base / "lib" / "agent" / "pid1" / "healthcheck.py")
        command = [*enter, "1000", "--clear-groups", *program, script]
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LD_LIBRARY_PATH": str(self.base / "python" / "lib")}
        done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
        return done.returncode, done.stdout.strip()

    def signal(self, number: int) -> None:
        """Signal PID 1 from outside, as `docker stop` does."""
        os.kill(self.pid, number)

    def ended(self, within: float) -> int:
        """Wait for the server to end and the link to notice; its exit code."""
        code = self.process.wait(within)
        self.run(self._until_lost())
        return code

    async def _until_lost(self) -> None:
        while self.link.connected:  # noqa: ASYNC110 - tests alone wait for this
            await asyncio.sleep(0.01)

    def log_text(self) -> str:
        """What the server has logged."""
        return (self.base / "log").read_text()

    def stop(self) -> None:
        """End everything and remove it."""
        self.run(self.link.close())
        self.runner.close()
        if self.process.poll() is None:
            # Changing the uid has cancelled what `unshare --kill-child` asked the kernel for.
            self.signal(signal.SIGKILL)
            self.process.wait(10)
        self.log.close()
        self.cgroup.remove()
        shutil.rmtree(self.base)


def _command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
    except (FileNotFoundError, ProcessLookupError):
        return ""
