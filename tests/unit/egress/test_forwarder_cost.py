"""What the forwarder takes: memory beside the bare interpreter, descriptors, and watches that run out."""

from __future__ import annotations

import asyncio
import errno
import os
import select
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from agent import forwarder
from agent.forwarder import PORT, Forwarder
from tests.unit.egress import world
from tests.unit.egress.forwarding import echoing, resident, well
from tests.unit.egress.world import World

PYTHONS = [python for python in dict.fromkeys(["/usr/bin/python3", os.path.realpath(sys.executable)])
           if Path(python).exists()]  # fmt: skip


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("compiled", [True, False], ids=["compiled", "source"])
def test_it_costs_little_more_than_the_bare_interpreter(tmp_path: Path, python: str, *, compiled: bool) -> None:
    """Compiled beforehand as in the images; run from its source, the compiler's own pages stay resident."""
    library = tmp_path / "library"
    (library / "agent").mkdir(parents=True)
    for name in ("__init__.py", "forwarder.py"):
        shutil.copy(Path(forwarder.__file__).with_name(name), library / "agent")
    subprocess.run([python, "-OO", "-X", "no_debug_ranges", "-m", "compileall", "-q", str(library)], check=True)
    start = "import sys; sys.path.insert(0, sys.argv.pop()); from agent.forwarder import main; main(sys.argv[1:])"
    words = ["-c", start, str(tmp_path / "proxy.sock"), str(library)]
    words = words if compiled else [forwarder.__file__, str(tmp_path / "proxy.sock")]

    async def scenario(w: World) -> None:
        def started(*words: str) -> subprocess.Popen[bytes]:
            return subprocess.Popen([python, "-ISOO", *words], stdin=subprocess.PIPE)

        bare, lean = started("-c", "import os; os.read(0, 1)"), started(*words)
        try:
            async with echoing(w.path):
                await w.listening(PORT)
                await well()
                idle = resident(lean.pid) - resident(bare.pid)
                for _ in range(200):
                    await well()
                used = resident(lean.pid) - resident(bare.pid)
        finally:
            for process in (bare, lean):
                process.kill()
                process.communicate()
        print(f"\n{python}: forwarder +{idle} kB, after 200 connections +{used} kB")
        assert used < (1536 if compiled else 2048)
        assert used - idle < 256

    world.run(scenario, tmp_path)


class _NoMoreWatches:
    """An epoll of a uid whose share of the kernel's watches is used up."""

    def __init__(self, real: select.epoll) -> None:
        self._real = real

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def register(self, *_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_uid_without_watches_costs_connections_and_not_the_forwarder(tmp_path: Path) -> None:
    async def scenario(w: World) -> None:
        async with echoing(w.path):
            forwarder = Forwarder(str(w.path))
            real = forwarder._epoll
            forwarder._epoll = _NoMoreWatches(real)  # type: ignore[assignment]
            for _ in range(3):
                client = socket.create_connection(("127.0.0.1", PORT))
                forwarder.turn()
                assert client.recv(1) == b""
                client.close()
            forwarder._epoll = real
            client = socket.create_connection(("127.0.0.1", PORT))
            client.send(b"ping")
            for _ in range(20):
                forwarder.turn()
                await asyncio.sleep(0.01)
            assert client.recv(4) == b"ping"
            client.close()
            forwarder.close()

    world.run(scenario, tmp_path)
