"""The container's processes without the container: the real parent as PID 1 of namespaces of its own, no network."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx

REPOSITORY = Path(__file__).resolve().parents[3]
# What `serve` has in production is the isolated interpreter's; so it is here.
_PARENT = """
import sys
sys.path.insert(0, sys.argv[1])
from agent.llm_container import parent, process
parent._STABLE_S, process.START_S, process.DEAF_S = map(float, sys.argv[2].split(",")[:3])
if sys.argv[2].endswith(",undying"):
    process.Worker.signal = lambda *_: None
folder = sys.argv[3]
sys.exit(parent.serve(f"{folder}/llm.sock", sys.argv[4:], f"{folder}/proxy.sock"))
"""
_INSIDE = 'ip link set lo up && exec "$0" "$@"'

# How a client sees that the connection was closed, or reset, before an answer came.
LOST = (httpx.ReadError, httpx.RemoteProtocolError, httpx.WriteError)


def why_not() -> str:
    """Why no such processes can be made here; empty when they can."""
    if os.geteuid() != 0:
        return "needs root: makes namespaces"
    missing = [tool for tool in ("unshare", "nsenter", "ip") if shutil.which(tool) is None]
    return f"needs {', '.join(missing)}" if missing else ""


class Box:
    """A running parent. Started by the constructor; `stop` ends it and whatever it started."""

    def __init__(
        self,
        folder: Path,
        command: Sequence[str],
        *,
        python: str = "/usr/bin/python3",
        stable_s: float = 60.0,
        start_s: float = 180.0,
        deaf_s: float = 60.0,
        undying: bool = False,
    ) -> None:
        """With `undying`, no signal reaches a worker, as when it waits for the host's disk."""
        self.socket = folder / "llm.sock"
        self._log = folder / "log"
        patience = f"{stable_s},{start_s},{deaf_s}{',undying' * undying}"
        flags = ["-ISOO", "-X", "no_debug_ranges", "-c", _PARENT]
        parent = [python, *flags, str(REPOSITORY), patience, str(folder), *command]
        inside = ["unshare", "--net", "--pid", "--fork", "--mount-proc", "--kill-child", "--", "sh", "-c", _INSIDE]
        with self._log.open("a") as log:
            self.process = subprocess.Popen([*inside, *parent], stdout=log, stderr=log)
        self.until(self.socket.exists)

    @property
    def pid(self) -> int:
        """The parent's number as seen from here."""
        return _children(self.process.pid)[0]

    def workers(self) -> list[int]:
        """The numbers of the worker processes, as seen from here."""
        return _children(self.pid)

    def post(self, path: str, timeout: float = 10.0, **options: object) -> httpx.Response:
        """A request on a connection of its own."""
        with self.client(timeout) as client:
            return client.post(path, **options)  # type: ignore[arg-type]

    def get(self, path: str, timeout: float = 10.0) -> httpx.Response:
        """A request on a connection of its own."""
        with self.client(timeout) as client:
            return client.get(path)

    @contextmanager
    def client(self, timeout: float) -> Iterator[httpx.Client]:
        """An HTTP client on the socket."""
        transport = httpx.HTTPTransport(uds=str(self.socket))
        with httpx.Client(transport=transport, base_url="http://llm", timeout=timeout) as client:
            yield client

    def health(self) -> tuple[int, str]:
        """Docker's health check: exit code and line."""
        return health_of(self.process.pid)

    def rss_mb(self, pid: int) -> float:
        """Resident memory of a process."""
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith("VmRSS:")).split()[1]) / 1024

    def cpu_s(self) -> float:
        """Processor time that the parent has used."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def log_text(self) -> str:
        """What the parent and its workers have logged."""
        return self._log.read_text()

    def until(self, condition: object, within: float = 10.0) -> None:
        """Wait for a condition."""
        deadline = time.monotonic() + within
        while not condition():  # type: ignore[operator]
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise AssertionError(f"it did not come to pass: {self.log_text()}")
            time.sleep(0.02)

    def terminate(self, within: float = 10.0) -> int:
        """SIGTERM to the parent, as `docker stop` sends it; its exit code."""
        os.kill(self.pid, signal.SIGTERM)
        return self.process.wait(within)

    def stop(self) -> None:
        """End everything."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def health_of(unshare: int) -> tuple[int, str]:
    """Docker's health check of what runs as PID 1 below that `unshare`: exit code and line."""
    script = str(REPOSITORY / "agent" / "pid1" / "healthcheck.py")
    target = str(next(iter(_children(unshare)), unshare))
    command = ["nsenter", "-t", target, "--pid", "--net", "/usr/bin/python3", "-ISOO", script]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    return done.returncode, done.stdout.strip()


def standin(folder: Path) -> list[str]:
    """The command of the stand-in worker."""
    return ["/usr/bin/python3", "-IS", str(Path(__file__).with_name("standin_worker.py")), str(folder)]


@contextmanager
def running(command: Sequence[str] | None = None, **options: object) -> Iterator[tuple[Box, Path]]:
    """A box and its folder while the block runs."""
    with tempfile.TemporaryDirectory(prefix="picoclaw-llm-") as name:
        folder = Path(name)
        box = Box(folder, command or standin(folder), **options)  # type: ignore[arg-type]
        try:
            yield box, folder
        finally:
            box.stop()


def error_of(response: httpx.Response) -> dict[str, object]:
    """The `error` object of an answer."""
    found: dict[str, object] = json.loads(response.content)["error"]
    return found
