"""The worker with the real litellm, in a box without a network, and the providers' stand-ins behind a proxy."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from tests.fakes import defaults
from tests.fakes.client import FakesClient
from tests.fakes.config import HostConfig
from tests.fakes.thread import running as fakes_running
from tests.lab.authority import Authority
from tests.unit.llm_container.box import REPOSITORY, Box, why_not
from tests.unit.llm_container.proxy import Tunnels, proxy

_HOSTS = (defaults.OPENAI_HOST, defaults.OPENROUTER_HOST, defaults.ANTHROPIC_HOST)
_CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "picoclaw-llm" / "venv"
# The worker as it is, but for the places that the test put its files at.
LAUNCH = """
import sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from agent.llm_container.worker import settings
folder = Path(sys.argv[2])
settings.EXTRA_ROOTS, settings.BUNDLE = folder / "ca.pem", folder / "bundle.pem"
from agent.llm_container.worker.__main__ import main
sys.exit(main(sys.argv[3:]))
"""


def python() -> Path:
    """An interpreter that has litellm: PICOCLAW_LITELLM_PYTHON, or what `make litellm` installed."""
    return Path(os.environ.get("PICOCLAW_LITELLM_PYTHON") or _CACHE / "bin" / "python")


def why_no_engine() -> str:
    """Why the worker cannot run here; empty when it can."""
    if not python().exists():
        return "litellm is not installed: `make litellm` puts it into a cache of its own, outside .venv"
    found = subprocess.run([python(), "-c", "import importlib.metadata as m; m.version('litellm')"], check=False)
    return f"{python()} has no litellm: run `make litellm`" if found.returncode else why_not()


@dataclass
class Engine:
    """Everything of a test: the box, the stand-ins behind the proxy, the proxy."""

    box: Box
    fakes: FakesClient
    tunnels: Tunnels


@contextmanager
def engine() -> Iterator[Engine]:
    """The parent with the real worker while the block runs."""
    with tempfile.TemporaryDirectory(prefix="picoclaw-llm-") as name:
        folder = Path(name)
        with fakes_running(_hosts(folder)) as fakes:
            places = {f"{host}:443": _place(url) for host, url in fakes.ping().items()}
            with proxy(folder / "proxy.sock", places) as tunnels:
                command = [str(python()), "-c", LAUNCH, str(REPOSITORY), name]
                box = Box(folder, command)
                try:
                    yield Engine(box, fakes, tunnels)
                finally:
                    box.stop()


def _hosts(folder: Path) -> dict[str, HostConfig]:
    authority = Authority.create("llm container's tests")
    authority.save(folder / "ca.pem")
    made = {}
    for host in _HOSTS:
        certificate, key = authority.issue(host)
        (folder / f"{host}.pem").write_bytes(certificate)
        (folder / f"{host}.key").write_bytes(key)
        files = {"cert": str(folder / f"{host}.pem"), "key": str(folder / f"{host}.key")}
        made[host] = HostConfig(address="127.0.0.1", port=0, **files)
    return made


def _place(url: str) -> tuple[str, int]:
    found = urlsplit(url)
    return str(found.hostname), int(found.port or 0)
