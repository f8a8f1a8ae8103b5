"""The commands' way to the egress proxy: there when the gateway says so, PID 1's own, nothing a command can take."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from agent.sandbox.client import SandboxLink, SandboxOperationError
from agent.sandbox.protocol import PROXY_SOCKET, ROOTS
from tests.unit.egress.world import abort
from tests.unit.sandbox.box import UID, Box

QUOTA: dict[str, Any] = {"workspace_mb": 1000, "workspace_files": 100_000}
ADDRESS = "http://127.0.0.1:3128"
# Says hello to the port and prints what comes back.
ASK = "exec 3<>/dev/tcp/127.0.0.1/3128; echo hello >&3; head -n 1 <&3"
# Tries to bind the port in every way that could take it, and says how that went.
TAKE = """
import socket
for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
    s = socket.socket(family)
    for option in (socket.SO_REUSEADDR, socket.SO_REUSEPORT):
        s.setsockopt(socket.SOL_SOCKET, option, 1)
    try:
        s.bind((host, 3128)); s.listen()
        print("taken", host)
    except OSError as error:
        print(error.strerror)
"""


# Takes it the moment that nobody has it.
HAMMER = """
import socket
while True:
    try:
        held = socket.create_server(("127.0.0.1", 3128))
        print("taken", flush=True)
    except OSError:
        pass
"""


@pytest.fixture
def open_box(_possible: None, python: str) -> Iterator[Box]:
    """A sandbox whose commands may reach the proxy, which the test may break."""
    box = Box(python, **QUOTA, egress=True)
    yield box
    box.stop()


@contextlib.asynccontextmanager
async def proxy(box: Box) -> AsyncIterator[None]:
    """Stands in for the egress proxy: answers in capitals."""
    writers: list[asyncio.StreamWriter] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65536):
                writer.write(data.upper())
                await writer.drain()
        writer.close()

    path = box.base / "run" / PROXY_SOCKET
    server = await asyncio.start_unix_server(answer, path)
    os.chown(path, UID, UID)
    try:
        yield
    finally:
        server.close()
        await abort(writers)
        path.unlink(missing_ok=True)


def ask(box: Box) -> str:
    """What a command hears from the proxy."""

    async def asked() -> str:
        async with proxy(box):
            return (await box.link.exec(ASK, timeout=10)).output.strip()

    return box.run(asked())


def relink(box: Box, **settings: Any) -> None:
    """Another gateway comes, with other settings."""
    box.run(box.link.close())
    box.link = SandboxLink(box.base / "run" / "gateway.sock", connect_wait=0.5, **settings)
    box.run(box.link.start())
    box.reconnected()


def squat(box: Box) -> None:
    """A command takes the free port, and stays."""
    (box.workspace / "squat.py").write_text(f"{TAKE}\nimport sys, time; sys.stdout.flush(); time.sleep(100)")
    box.exec("setsid python3 squat.py > squatted & sleep 1")
    assert "taken 127.0.0.1" in box.exec("cat squatted").output


def test_commands_reach_the_proxy_and_are_told_where_it_is(open_box: Box) -> None:
    assert ask(open_box) == "HELLO"
    told = dict(line.split("=", 1) for line in open_box.exec("env").output.splitlines())
    assert {told[name] for name in ("https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY")} == {ADDRESS}
    assert told["no_proxy"] == told["NO_PROXY"] == "localhost,127.0.0.1,::1"
    assert "SSL_CERT_FILE" not in told


def test_without_a_proxy_behind_it_the_port_says_so(open_box: Box) -> None:
    assert open_box.exec(ASK).output.startswith("HTTP/1.1 502 The egress proxy is not there")


def test_without_the_setting_nothing_of_it_is_there(own_box: Box) -> None:
    assert "refused" in ask(own_box)
    assert "proxy" not in own_box.exec("env").output.lower()
    assert ":0C38 " not in own_box.exec("cat /proc/net/tcp").output
    assert "forwarder" not in own_box.exec("ps ax").output


def test_another_gateway_may_open_and_close_it(own_box: Box) -> None:
    relink(own_box, **QUOTA, egress=True)
    assert ask(own_box) == "HELLO"
    relink(own_box, **QUOTA)
    assert "refused" in ask(own_box)
    assert "proxy" not in own_box.exec("env").output.lower()
    relink(own_box, **QUOTA, egress=True)
    assert ask(own_box) == "HELLO"


def test_the_owners_authority_is_what_every_client_trusts(open_box: Box) -> None:
    roots = open_box.base / "run" / ROOTS
    roots.write_text("certificates")
    roots.chmod(0o644)
    relink(open_box, **QUOTA, egress=True)
    told = open_box.exec('cat "$SSL_CERT_FILE" "$GIT_SSL_CAINFO" "$REQUESTS_CA_BUNDLE" "$PIP_CERT"').output
    assert told == "certificates" * 4


def test_no_command_takes_the_port(open_box: Box) -> None:
    assert open_box.exec(f"python3 -c '{TAKE}'").output.splitlines() == ["Address already in use"] * 3
    assert ask(open_box) == "HELLO"


def test_no_command_ends_what_listens(open_box: Box) -> None:
    pid = open_box.pid
    open_box.exec("trap '' TERM; kill -9 -1; kill -9 1; kill 1; true")
    assert ask(open_box) == "HELLO"
    assert open_box.pid == pid


def test_what_waits_for_the_port_does_not_get_it(own_box: Box) -> None:
    """It is free while no gateway wants it; whoever squats on it then is ended with the connection."""
    squat(own_box)
    relink(own_box, **QUOTA, egress=True)
    assert ask(own_box) == "HELLO"
    assert own_box.gone("squat.py")


def test_what_hammers_at_the_port_does_not_get_it_either(open_box: Box) -> None:
    (open_box.workspace / "hammer.py").write_text(HAMMER)
    for _ in range(5):
        hammering = open_box.exec("setsid python3 hammer.py > hammered & sleep 0.3; pgrep -f hammer.py")
        assert hammering.exit_code == 0
        relink(open_box, **QUOTA, egress=True)
        assert open_box.exec("cat hammered").output == ""
    assert ask(open_box) == "HELLO"


def test_a_flood_of_connections_keeps_the_server_well(open_box: Box) -> None:
    flood = (
        "import socket, time\n"
        "held = []\n"
        "for _ in range(400):\n"
        "    s = socket.socket(); s.settimeout(0.05); held.append(s)\n"
        "    try: s.connect(('127.0.0.1', 3128)); s.send(b'x' * 4000)\n"
        "    except OSError: pass\n"
        "print('flooded', flush=True); time.sleep(100)\n"
    )

    async def flooded() -> None:
        async with proxy(open_box):
            attack = asyncio.create_task(open_box.link.exec(f'python3 -c "{flood}"', timeout=30))
            await asyncio.sleep(4)
            began = time.monotonic()
            assert await open_box.link.ping() == 1
            assert (await open_box.link.exec("echo well", timeout=10)).output == "well\n"
            assert time.monotonic() - began < 3
            attack.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await attack

    pid = open_box.pid
    open_box.run(flooded())
    assert ask(open_box) == "HELLO"
    assert open_box.pid == pid
    assert open_box.memory_kb() < 16_000


def test_a_stream_without_end_keeps_nobody_waiting(open_box: Box) -> None:
    """Everything that goes through is carried by PID 1, one chunk a turn."""

    async def streamed() -> float:
        async with proxy(open_box):
            attack = asyncio.create_task(
                open_box.link.exec("exec 3<>/dev/tcp/127.0.0.1/3128; cat <&3 >/dev/null & yes >&3", timeout=30)
            )
            await asyncio.sleep(1)
            began = time.monotonic()
            for _ in range(5):
                await open_box.link.exec("true", timeout=10)
            taken = time.monotonic() - began
            attack.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await attack
            return taken

    assert open_box.run(streamed()) < 5


@pytest.mark.parametrize("egress", [False, None, "yes", 1, []])
def test_only_true_keeps_it_open(own_box: Box, egress: object) -> None:
    own_box.run(own_box.link.call("configure", **QUOTA, egress=True))
    own_box.run(own_box.link.call("configure", **QUOTA, egress=egress))
    assert "refused" in ask(own_box)


def test_a_port_that_is_taken_is_the_gateways_to_know(own_box: Box) -> None:
    squat(own_box)
    with pytest.raises(SandboxOperationError, match=r"port cannot be opened \(Address already in use\)"):
        own_box.run(own_box.link.call("configure", **QUOTA, egress=True))
    assert own_box.run(own_box.link.ping()) == 0


def test_the_gateway_logs_settings_that_were_refused(own_box: Box, caplog: pytest.LogCaptureFixture) -> None:
    relink(own_box, workspace_mb=0, workspace_files=5, egress=True)
    own_box.exec("true")
    assert "the sandbox did not take its settings: `workspace_mb` must be" in caplog.text
