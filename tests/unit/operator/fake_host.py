"""A host of directories: its scripts run here, by a `docker` that runs agent.snapshot on the directories."""

from __future__ import annotations

import json
import os
import shlex
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from agent.operator.archive import hold
from agent.operator.reach import Host
from agent.store.database import connect
from agent.store.owners import Owners
from roles.common import names
from tests.stack import REPOSITORY

CONFIG: dict[str, object] = {
    "llm": {"provider": "openrouter", "api_key": "sk-or-v1-never-to-be-shown", "model": "gpt-4o"},
    "channel": {
        "type": "telegram",
        "bot_token": "123456789:AAHnever-to-be-shown-either0000000",
        "allowed_user_ids": [7],
    },
}
_DOCKER = """#!{python}
import os, subprocess, sys
root, words = {root!r}, sys.argv[1:]
with open(root + "/calls", "a") as calls:
    print(*words, file=calls)
if words[0] == "run":
    program = words[words.index("agent.snapshot") + 1:]
    failing = os.path.join(root, "fail-" + program[0])
    if os.path.exists(failing):
        subprocess.run(["sh", failing])
        sys.exit(255)
    places = {{"/var/lib/picoclaw": root + "/state", "/tree": root + "/workspace", "/tmp": root + "/memory"}}
    def here(word):
        for place, directory in places.items():
            if (word + "/").startswith(place + "/"):
                return directory + word[len(place):]
        return word
    program = [here(word) for word in program]
    os.chdir({repository!r})
    os.execv(sys.executable, [sys.executable, "-m", "agent.snapshot", *program])
if "--format" in words:
    print("sha256:0" if "Image" in words[words.index("--format") + 1] else "running-healthy\\nrunning-healthy")
"""


@dataclass(frozen=True)
class FakeHost(Host):
    """Its volumes are the directories `state` and `workspace` of `root`."""

    root: Path = Path()

    def command(self, script: str) -> list[str]:
        """Here, with this docker, and nobody but the owner of the files."""
        return ["env", f"PATH={self.root}/bin:{os.environ['PATH']}", "bash", "-c", script]

    @property
    def calls(self) -> list[str]:
        """What docker was asked to do."""
        file = self.root / "calls"
        return file.read_text().splitlines() if file.exists() else []

    def fail(self, action: str, output: str = "") -> None:
        """From now on the connection breaks in this action, after that much output."""
        (self.root / f"fail-{action}").write_text(output)


def fake_host(root: Path, monkeypatch: pytest.MonkeyPatch, data: Mapping[str, object] | None = None) -> FakeHost:
    """A host as a deploy leaves it; the paths of its configuration are this one's from now on."""
    for name in ("bin", "state", "workspace", "memory", "config"):
        (root / name).mkdir(parents=True)
    docker = root / "bin/docker"
    docker.write_text(_DOCKER.format(python=sys.executable, root=str(root), repository=str(REPOSITORY)))
    docker.chmod(0o755)
    (root / "bin/chown").symlink_to("/bin/true")
    connect(root / "state/state.db").close()
    host = FakeHost("fake", data or {}, Path(), _root=True, root=root)
    use(host, monkeypatch)
    return host


def use(host: FakeHost, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the paths of the configuration be this host's."""
    monkeypatch.setattr(names, "CONFIG_FILE", shlex.quote(str(host.root / "config/config.json")))
    monkeypatch.setattr(hold, "STAGED_CONFIG", shlex.quote(str(host.root / "config.restored")))


def lived_in(host: FakeHost) -> FakeHost:
    """With a configuration, a memory and files."""
    (host.root / "config/config.json").write_text(json.dumps(CONFIG))
    connection = connect(host.root / "state/state.db")
    Owners(connection).add("telegram", "7")
    connection.execute("INSERT INTO messages VALUES (1, 's', 1, '{}')")
    connection.close()
    (host.root / "state/spool").mkdir()
    (host.root / "state/spool/0123").write_text("on its way")
    (host.root / "workspace/notes").mkdir()
    (host.root / "workspace/notes/big").write_bytes(os.urandom(9_000_000))
    (host.root / "workspace/etc").symlink_to("/etc")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.path.relpath(host.root / "workspace/socket"))
    return host
