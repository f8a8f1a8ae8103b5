"""The product on a lab host: deploy it, write to it, look at it. Used by the demo, the tests and the bench."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.fakes import defaults
from tests.fakes.client import FakesClient
from tests.lab import Lab
from tests.lab.inventory import environment

REPOSITORY = Path(__file__).resolve().parents[1]
GATEWAY, SANDBOX = "picoclaw", "picoclaw-sandbox"
CONFIG = "/opt/stacks/picoclaw/config/config.json"
DEPLOY = ("pyinfra", "inventory", "deploy.py")


@dataclass
class Stack:
    """A lab host with PicoClaw on it, or about to be."""

    lab: Lab

    @cached_property
    def fakes(self) -> FakesClient:
        """The stand-ins of this lab."""
        return FakesClient(self.lab.places.control)

    @property
    def environment(self) -> dict[str, str]:
        """With which the deploy, testinfra and pytest find this lab."""
        tools = Path(sys.executable).parent
        path = f"{tools}:{os.environ['PATH']}"
        return {**os.environ, "LC_ALL": "C.UTF-8", **environment(self.lab.places), "PATH": path}

    def deploy(
        self, *options: str, command: tuple[str, ...] = DEPLOY, source: Path = REPOSITORY, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Run `pyinfra inventory deploy.py` of this repository or a copy; the caller looks at the exit code."""
        return subprocess.run(
            [*command, *options], cwd=source, env={**self.environment, **environment}, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip

    def picoclaw(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run the operator's `picoclaw`; the caller looks at the exit code."""
        return subprocess.run(
            [sys.executable, "-c", "from agent.cli import main; main(prog_name='picoclaw')", *words],
            cwd=REPOSITORY, env={**self.environment, "LC_ALL": "C.UTF-8", **environment}, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip

    def initialise(self, directory: Path) -> str:
        """Run `picoclaw init` into a directory and return the hosts file, for PICOCLAW_HOSTS_FILE.

        It holds what init wrote, and how a host of the lab differs from one on the internet.
        """
        (host,) = json.loads(self.lab.places.hosts.read_text()).values()
        config, hosts = directory / "config.json", directory / "hosts.json"
        hosts.write_text(json.dumps({self.lab.name: {**host, "picoclaw_config": str(config)}}))
        done = self.picoclaw(
            "init", "--yes", "--offline", "--provider", "openrouter", "--model", defaults.OPENROUTER_MODEL,
            "--channel", "telegram", "--user-id", str(defaults.OWNER_ID), "--host", self.lab.name,
            "--config", str(config), "--hosts", str(hosts),
            PICOCLAW_API_KEY=defaults.OPENROUTER_KEY, PICOCLAW_BOT_TOKEN=defaults.TELEGRAM_TOKEN,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout
        assert defaults.OPENROUTER_KEY not in done.stdout
        return str(hosts)

    def planned_changes(self, **environment: str) -> list[dict[str, Any]]:
        """The operations that a run of the deploy would change something with (`pyinfra --dry --json`)."""
        done = subprocess.run(
            [*DEPLOY, "--dry", "--json"], cwd=REPOSITORY, env={**self.environment, **environment},
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return [operation for operation in json.loads(done.stdout)["plan"] if operation["hosts_with_change"]]

    def inspect(self, container: str = GATEWAY) -> dict[str, Any]:
        """`docker inspect` of a container."""
        return dict(json.loads(self.lab.ssh(f"docker inspect {container}", check=True).stdout)[0])

    def peak_memory(self, container: str = GATEWAY) -> int:
        """Bytes that a container has had at most since its start, page cache included; the kernel's own count."""
        identity = self.inspect(container)["Id"]
        read = (
            f"cat /sys/fs/cgroup/memory/docker/{identity}/memory.max_usage_in_bytes 2>/dev/null || "
            f"cat /sys/fs/cgroup/system.slice/docker-{identity}.scope/memory.peak"
        )
        return int(self.lab.ssh(read, check=True).stdout)

    def logs(self, container: str = GATEWAY) -> str:
        """Everything that a container has logged."""
        done = self.lab.ssh(f"docker logs {container}", check=True)
        return done.stdout + done.stderr

    def ask(self, text: str, timeout: float = 30.0) -> str:
        """Write as the owner and wait for the answer's text."""
        return "\n".join(message.text for message in self.fakes.ask(text, timeout=timeout))

    @contextmanager
    def edited_config(self, **changes: dict[str, object]) -> Iterator[None]:
        """Edit sections of config.json on the host and restart, as the README says; put it back afterwards."""
        original = self.lab.ssh(f"cat {CONFIG}", check=True).stdout
        document = json.loads(original)
        for section, keys in changes.items():
            document.setdefault(section, {}).update(keys)
        self.write_config(json.dumps(document))
        try:
            yield
        finally:
            self.write_config(original)
            self.wait_ready()

    def write_config(self, text: str) -> None:
        """Replace config.json on the host and restart."""
        self.lab.ssh(f"cat > {CONFIG}", stdin=text, check=True)
        self.lab.ssh("docker restart picoclaw", check=True)

    def close(self) -> None:
        """Let the stand-ins go; the host stays."""
        self.fakes.close()

    def wait_healthy(self, container: str = GATEWAY, timeout: float = 60.0) -> None:
        """Wait until Docker calls the container healthy; AssertionError with its log otherwise."""
        self.wait_for(lambda: self._health(container) == "healthy", timeout, lambda: self.logs(container))

    def wait_ready(self, timeout: float = 60.0) -> None:
        """Wait until a message would be answered."""
        ready = "docker exec picoclaw picoclaw health --ready"
        self.wait_for(lambda: self.lab.ssh(ready).returncode == 0, timeout, self.logs)

    @staticmethod
    def wait_for(condition: Callable[[], bool], timeout: float, explain: Callable[[], str]) -> None:
        """Wait for a condition; AssertionError with an explanation when it does not come."""
        deadline = time.monotonic() + timeout
        while not condition():
            assert time.monotonic() < deadline, explain()
            time.sleep(0.2)

    def _health(self, container: str) -> str:
        state = self.lab.ssh(f"docker inspect --format '{{{{.State.Health.Status}}}}' {container}")
        return state.stdout.strip()


def copy_repository(directory: Path) -> None:
    """Copy what this repository holds, committed or not, into a directory."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=REPOSITORY, capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    for name in listed:
        if (REPOSITORY / name).is_file():
            (directory / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(REPOSITORY / name, directory / name)
