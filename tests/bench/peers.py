"""A peer beside the assistant, measured in the same run: nanobot, a Python assistant that is known to be light."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bench import measures
from tests.bench.measures import Row
from tests.lab.paths import cache_dir
from tests.lab.progress import step
from tests.stack import GATEWAY, REPOSITORY, SANDBOX, Stack

_LOCK = REPOSITORY / "requirements/nanobot.txt"
_SETTLE_S = 30.0
_PATIENCE_S = 120.0


def rows(stack: Stack) -> list[Row]:
    """Memory is the resident set of all processes that are there while nobody talks, Telegram being configured."""
    venv = _installed()
    version = re.search(r"^nanobot-ai==(\S+)", _LOCK.read_text(encoding="utf-8"), re.MULTILINE)
    name = f"nanobot {version[1] if version else ''}"
    with step(f"Idling, and {name} beside"):
        peer = _resident(venv)
        ours = sum(measures.rss(stack, container) for container in (GATEWAY, SANDBOX))
    return [
        ("resident set, idle: both containers", ours, "MiB", None),
        (f"resident set, idle: {name}", peer, "MiB", None),
        (f"installed packages: {name}", _size(venv), "MB", None),
    ]


def _installed() -> Path:
    venv = cache_dir() / "nanobot"
    if not (venv / ".ready").exists():
        with step("Installing nanobot into a place of its own"):
            subprocess.run([sys.executable, "-m", "venv", "--clear", str(venv)], check=True)
            pip = [str(venv / "bin/pip"), "install", "-q", "--disable-pip-version-check", "--require-hashes"]
            subprocess.run([*pip, "-r", str(_LOCK)], check=True)
            (venv / ".ready").touch()
    return venv


def _resident(venv: Path) -> float:
    """MiB of its gateway, in a network namespace without a way out: it retries its connection to Telegram meanwhile."""
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "HOME": home}
        quiet = {"env": environment, "stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
        nanobot = str(venv / "bin/nanobot")
        subprocess.run([nanobot, "onboard"], check=True, **quiet)  # type: ignore[call-overload]
        _configure(Path(home, ".nanobot/config.json"))
        log = Path(home, "log")
        with log.open("wb") as output:
            command = ["unshare", "--net", "sh", "-c", 'ip link set lo up; exec "$0" gateway --foreground', nanobot]
            running = subprocess.Popen(
                command, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
            )
        try:
            _await(running, log)
            time.sleep(_SETTLE_S)
            return _rss(running.pid)
        finally:
            running.terminate()
            running.wait(timeout=30)


def _configure(file: Path) -> None:
    config = json.loads(file.read_text(encoding="utf-8"))
    config["channels"]["telegram"].update(enabled=True, token=f"123456789:{35 * 'A'}", allowFrom=["1"])
    config["providers"]["openrouter"].update(apiKey="sk-or-v1-none")
    config["agents"]["defaults"].update(provider="openrouter", model="anthropic/claude-3.5-sonnet")
    file.write_text(json.dumps(config), encoding="utf-8")


def _await(running: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while "Telegram channel enabled" not in (said := log.read_text(encoding="utf-8", errors="replace")):
        if running.poll() is not None or time.monotonic() > deadline:
            sys.exit(f"nanobot did not start:\n{said}")
        time.sleep(0.5)


def _rss(process: int) -> float:
    status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    kilobytes = re.search(r"VmRSS:\s+(\d+)", status)
    return int(kilobytes[1]) / 1024 if kilobytes else 0.0


def _size(directory: Path) -> float:
    return sum(file.lstat().st_size for file in directory.rglob("*") if file.is_file() and not file.is_symlink()) / 1e6
