"""PID 1's life: starting, stopping, losing the gateway, and who may take its place."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

import agent
from agent.sandbox.client import SandboxLink, SandboxOperationError, SandboxUnavailable
from agent.sandbox.protocol import pack
from tests.unit.sandbox.box import UID, Box

MAIN = Path(agent.__file__).parent / "sandbox" / "__main__.py"


@pytest.mark.usefixtures("_possible")
def test_refuses_to_be_anything_but_pid_1(python: str) -> None:
    # In a namespace nevertheless: were the refusal missing, the server would end all it can see.
    namespace = ["unshare", "--pid", "--fork", "--mount-proc", "sh", "-c", '"$@"; exit $?', "sh"]
    done = subprocess.run(
        [*namespace, python, "-I", "-S", "-OO", str(MAIN)], check=False, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert "must be PID 1 of a PID namespace of its own" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stops_at_once_when_told_from_outside(own_box: Box, number: signal.Signals) -> None:
    async def busy() -> None:
        command = "trap '' TERM; sleep 3000"
        running.extend(asyncio.create_task(own_box.link.exec(command, timeout=60)) for _ in range(8))
        await asyncio.sleep(0.5)

    async def outcomes() -> list[object]:
        return list(await asyncio.gather(*running, return_exceptions=True))

    running: list[asyncio.Task[object]] = []
    own_box.run(busy())
    own_box.signal(number)
    assert own_box.ended(5) == 0, "Docker would kill it after 10 s"
    assert all(isinstance(outcome, SandboxUnavailable) for outcome in own_box.run(outcomes()))
    assert own_box.log_text().endswith("sandbox: stopped\n")


def test_stops_at_once_even_while_commands_send_it_signals(own_box: Box) -> None:
    own_box.exec("while :; do kill -TERM 1; sleep 0.1; done & true")
    own_box.signal(signal.SIGTERM)
    assert own_box.ended(5) == 0


def test_health(own_box: Box) -> None:
    assert own_box.health() == (0, "ok: connected to the gateway, 0 jobs")
    own_box.run(own_box.link.close())
    time.sleep(0.2)
    assert own_box.health() == (0, "ok: waiting for the gateway, 0 jobs")
    own_box.signal(signal.SIGSTOP)
    code, line = own_box.health()
    assert (code, line) == (1, "the main process does not answer: Resource temporarily unavailable")
    own_box.signal(signal.SIGCONT)


def test_a_restarted_gateway_finds_a_clean_sandbox(own_box: Box) -> None:
    own_box.exec("setsid sleep 3001 & sleep 3001 & true")
    assert not own_box.gone("sleep 3001", within=0)
    server = own_box.pid

    async def restart() -> None:
        waiting = asyncio.create_task(own_box.link.exec("sleep 3002", timeout=60))
        await asyncio.sleep(0.2)
        await own_box.link.close()
        with pytest.raises(SandboxUnavailable, match="lost during exec"):
            await waiting

    own_box.run(restart())
    assert own_box.gone("sleep 300", within=1)
    with pytest.raises(SandboxUnavailable, match=r"No sandbox connected within 0\.5 s"):
        own_box.exec("true")
    time.sleep(1.5)  # a gateway takes its time
    own_box.run(own_box.link.start())
    own_box.reconnected()
    assert own_box.exec("echo works").output == "works\n"
    assert own_box.pid == server


def test_reconnects_within_a_second(own_box: Box) -> None:
    own_box.run(own_box.link.close())
    time.sleep(3)
    own_box.run(own_box.link.start())
    started = time.monotonic()
    own_box.reconnected()
    assert time.monotonic() - started < 1.3


def test_no_second_sandbox(box: Box) -> None:
    with socket.socket(socket.AF_UNIX) as second, pytest.raises((FileNotFoundError, ConnectionRefusedError)):
        second.connect(str(box.base / "run" / "gateway.sock"))


IMPOSTOR = """
import json, os, socket, time
if os.fork(): os._exit(0)
body = json.dumps({{"hello": "picoclaw-sandbox", "protocol": 1, "version": "impostor"}}).encode()
while True:
    s = socket.socket(socket.AF_UNIX)
    try:
        s.connect("{path}"); s.send(len(body).to_bytes(4, "big") + body); time.sleep(1000)
    except OSError:
        time.sleep(0.001)
"""


def test_a_command_cannot_hold_the_servers_place(own_box: Box) -> None:
    """Even when it is the first to connect to a restarted gateway, because the server was held up."""
    program = IMPOSTOR.format(path=own_box.base / "run" / "gateway.sock")
    own_box.exec(f"/usr/bin/python3 - <<'END'\n{program}\nEND")
    own_box.signal(signal.SIGSTOP)
    own_box.run(own_box.link.close())
    own_box.run(own_box.link.start())
    own_box.reconnected()
    assert own_box.link.version == "impostor"
    own_box.signal(signal.SIGCONT)

    async def replaced() -> None:
        while own_box.link.version != agent.__version__:
            path = own_box.base / "run" / "gateway.sock"
            if path.exists():
                os.chown(path, UID, UID)
            await asyncio.sleep(0.01)

    own_box.run(asyncio.wait_for(replaced(), 3))
    assert own_box.exec("echo works").output == "works\n"
    assert own_box.processes() == []


class RawGateway:
    """A gateway that speaks any bytes it likes."""

    def __init__(self, box: Box) -> None:
        box.run(box.link.close())
        path = box.base / "run" / "gateway.sock"
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        os.chown(path, UID, UID)
        self.listener.listen(1)
        self.listener.settimeout(5)

    def accept(self) -> socket.socket:
        connection, _ = self.listener.accept()
        connection.settimeout(20)
        assert self.frame(connection) == {"hello": "picoclaw-sandbox", "protocol": 1, "version": agent.__version__}
        return connection

    @staticmethod
    def frame(connection: socket.socket) -> dict[str, object]:
        def exactly(count: int) -> bytes:
            data = b""
            while len(data) < count:
                more = connection.recv(count - len(data))
                assert more, "closed"
                data += more
            return data

        answer: dict[str, object] = json.loads(exactly(int.from_bytes(exactly(4), "big")))
        return answer


@pytest.mark.parametrize(
    "nonsense",
    [
        b"\xff\xff\xff\xff",
        b"\0\0\0\0",
        pack(b"hello"),
        pack(b"[1, 2]"),
        pack(b'{"id": 1, "op": "ping"} more'),
        pack(b'{"op": "ping"}'),
        pack(b'{"id": "1", "op": "ping"}'),
        pack(b'{"id": 1, "op": 2}'),
        pack(b'{"id": NaN, "op": "ping"}'),
        pack(b"[" * 100_000),
        pack(b'{"id": 1, "op": "\xff"}'),
    ],
)
def test_malformed_requests_close_the_connection(own_box: Box, nonsense: bytes) -> None:
    gateway = RawGateway(own_box)
    with gateway.listener, gateway.accept() as connection:
        connection.sendall(nonsense)
        assert connection.recv(100) == b""
        with gateway.accept() as again:
            again.sendall(pack(b'{"id": 1, "op": "ping"}'))
            assert gateway.frame(again) == {"id": 1, "ok": True, "result": {"jobs": 0}}


def test_a_gateway_that_takes_no_answers_costs_bounded_memory(own_box: Box) -> None:
    (own_box.workspace / "a").write_bytes(b"x" * 250_000)
    gateway = RawGateway(own_box)
    with gateway.listener, gateway.accept() as connection:
        connection.settimeout(1)
        sent = 0
        with contextlib.suppress(TimeoutError):
            while True:
                request = pack(json.dumps({"id": sent, "op": "read", "path": "a"}).encode())
                assert connection.send(request) == len(request)
                sent += 1
        assert own_box.memory_kb() < 30_000
        connection.settimeout(10)
        answers = [gateway.frame(connection) for _ in range(sent)]
    assert {answer["id"] for answer in answers} == set(range(sent))
    assert sent > 100
    own_box.health()  # by then the server has sent the last answer and tidied up
    assert own_box.memory_kb() < 14_000


def test_large_requests_leave_no_memory_behind(box: Box) -> None:
    box.run(box.link.write("a", "x" * 1_000_000))
    before = box.memory_kb()
    for _ in range(5):
        box.run(box.link.write("a", "ż" * 3_000_000))
    assert box.memory_kb() - before < 2048


def test_many_requests_leave_no_memory_behind(box: Box) -> None:
    def round_of_work() -> None:
        for _ in range(25):
            box.exec("echo hi; sleep 0 &")
            box.run(box.link.write("b", "x"))
            with pytest.raises(SandboxOperationError):
                box.run(box.link.read("none"))

    round_of_work()
    before = box.memory_kb("RssAnon")
    for _ in range(4):
        round_of_work()
    assert box.memory_kb("RssAnon") - before < 256


def test_idle_memory(own_box: Box) -> None:
    assert own_box.memory_kb() < 12 * 1024


def test_an_idle_server_sleeps(box: Box) -> None:
    def switches() -> int:
        lines = Path(f"/proc/{box.pid}/status").read_text().splitlines()
        return int(next(line.split()[1] for line in lines if line.startswith("voluntary_ctxt_switches")))

    def sleeps() -> bool:
        before = switches()
        time.sleep(1)
        return switches() == before

    box.exec("true")
    # The workspace may still be measured just now.
    assert any(sleeps() for _ in range(10))


def test_the_link_says_where_it_cannot_listen(tmp_path: Path) -> None:
    async def start() -> None:
        await SandboxLink(tmp_path / "missing" / "socket").start()

    with pytest.raises(Exception, match="Is the volume picoclaw-sandbox-socket mounted there"):
        asyncio.run(start())
