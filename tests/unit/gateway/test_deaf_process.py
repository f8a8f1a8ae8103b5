"""The real gateway, in a process of its own before the stand-ins: deaf, it ends; started anew, it has lost nothing."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from agent.gateway import watchdog
from tests.fakes import defaults
from tests.fakes.client import FakesClient
from tests.fakes.thread import running

DEAF_S = 1.5
# `python -m agent.gateway` in other places than the container's, and with a watchdog in a hurry; nothing is left out.
_PROCESS = """
import functools, pathlib, sys
folder, url = pathlib.Path(sys.argv[1]), sys.argv[2]
from agent import sockets
sockets.CHAT, sockets.TASKS = (f"\\0{folder}/{name}" for name in ("chat", "tasks"))
from agent import channels, config
from agent.channels import base
from agent.channels.telegram import channel, link, trouble
from agent.gateway import __main__, app, health, watchdog
from agent.pid1 import selfcheck

watchdog.LOOK_S, watchdog.DEAF_S = 0.1, float(sys.argv[3])
channel.POLL_S, link.POLL_GRACE_S, trouble._LONGEST_WAIT_S = 1, 0.2, 0.2
health.PORT = 0
selfcheck.seen = lambda role: ""
channels.make = lambda settings: channel.TelegramChannel(settings.bot_token, url + "/bot")
config.load = functools.partial(config.load, folder / "config.json")
app.SandboxLink = functools.partial(app.SandboxLink, folder / "sandbox.sock")
__main__.Gateway = functools.partial(app.Gateway, state=folder / "state.db")
__main__.main()
"""


@pytest.fixture
def fakes() -> Iterator[FakesClient]:
    with running() as client:
        yield client


@contextmanager
def gateway(folder: Path, url: str) -> Iterator[subprocess.Popen[str]]:
    """One run of it; killed at the end if it still runs."""
    command = [sys.executable, "-c", _PROCESS, str(folder), url, str(DEAF_S)]
    with (folder / "log").open("a") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, text=True, cwd=Path.cwd())
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def wait(condition: Callable[[], bool], folder: Path, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, (folder / "log").read_text()
        time.sleep(0.05)


def received(folder: Path) -> list[str]:
    with sqlite3.connect(folder / "state.db") as database:
        return [text for (text,) in database.execute("SELECT text FROM inbox ORDER BY id")]


def test_a_gateway_that_went_deaf_ends_and_hears_after_the_restart(tmp_path: Path, fakes: FakesClient) -> None:
    (tmp_path / "config.json").write_text(
        json.dumps(
            {
                "llm": {"provider": "openrouter", "api_key": defaults.OPENROUTER_KEY, "model": "m"},
                "channel": {
                    "type": "telegram",
                    "bot_token": defaults.TELEGRAM_TOKEN,
                    "allowed_user_ids": [defaults.OWNER_ID],
                },
            }
        )
    )
    url = fakes.ping()[defaults.TELEGRAM_HOST]
    with gateway(tmp_path, url) as process:
        wait(lambda: "connected, listening" in (tmp_path / "log").read_text(), tmp_path)
        fakes.user_message("/whoami")
        wait(lambda: received(tmp_path) == ["/whoami"], tmp_path)
        time.sleep(2 * DEAF_S)
        assert process.poll() is None, "one that hears stays"
        fakes.network(defaults.TELEGRAM_HOST, "silence")
        fakes.user_message("/help")
        wait(lambda: process.poll() is not None, tmp_path)
        assert process.returncode == watchdog.EXIT_CODE
    assert "watchdog: telegram has been deaf" in (tmp_path / "log").read_text()
    fakes.network(defaults.TELEGRAM_HOST, "ok")
    with gateway(tmp_path, url):
        wait(lambda: received(tmp_path) == ["/whoami", "/help"], tmp_path)
