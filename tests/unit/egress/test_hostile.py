"""Clients that mean harm: garbage, slow heads, floods, endless heads, too many connections."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import resource
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from agent.egress.proxy import EgressProxy
from tests.unit.egress import world
from tests.unit.egress.test_hello import client_hello
from tests.unit.egress.world import HOME, PORT, World, echo, policy, served

TARGET = f"{HOME}:{PORT}"


async def well(w: World) -> None:
    """The proxy still serves."""
    reader, writer = await w.tunnel(TARGET)
    writer.write(b"ping")
    assert await reader.readexactly(4) == b"ping"
    writer.close()


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET http://site.example.org/ HTTP/1.1\r\nHost: site.example.org\r\n\r\n", "405 Only CONNECT is served here"),
        (b"GET /\r\n", "405 Only CONNECT is served here"),
        (b"OPTIONS * HTTP/1.1\r\n", "405 Only CONNECT is served here"),
        (b"CONNECT site.example.org HTTP/1.1\r\n\r\n", "400 The target of CONNECT must be host:port"),
        (b"CONNECT user:pw@site.example.org:443 HTTP/1.1\r\n\r\n", "400 The target of CONNECT must be host:port"),
        (b"CONNECT site.example.org:443 HTTP/1.1\n\n", "400 The request line is not HTTP"),
        (b"CONNECT site.example.org:443 HTTP/1.1\r\nX: a\0b\r\n\r\n", "400 The request's head holds a NUL byte"),
        (b"\x05\x01\x00\n", "400 The request line is not HTTP"),
        (client_hello("site.example.org") + b"\n", "400 The request line is not HTTP"),
        (b"CONNECT " + b"a" * 9000, "431 The request's head is longer than 8192 bytes"),
        (b"CONNECT site.example.org:443 HTTP/1.1\r\nX: " + b"a" * 100_000, "431 The request's head"),
        (b"CONNECT site.example.org:443 HTTP/1.1\r\n" + b"X: y\r\n" * 10_000, "431 The request's head"),
        (b"CONNECT 192.168.1.20:11434 HTTP/1.1\r\nX: " + b"a" * 8192 + b"\r\n\r\n", "431 The request's head"),
        (b"CONNECT site.example.org:443 HTTP/1.1\r\n", "408 The request did not arrive within 0.3 s"),
        (b"", "408 The request did not arrive within 0.3 s"),
    ],
)  # fmt: skip
def test_what_is_no_request_gets_an_answer_that_helps(tmp_path: Path, request_: bytes, status: str) -> None:
    async def scenario(w: World) -> None:
        async with served(echo, HOME, PORT), w.proxy(TARGET, head_s=0.3):
            line, body = await w.ask(request_)
            assert line.startswith(f"HTTP/1.1 {status}"), line
            assert line.endswith(body)
            assert (await w.recorded())[0].verdict == "refused"
            await well(w)
        assert w.lookups == []

    world.run(scenario, tmp_path)


def test_garbage_is_survived(tmp_path: Path) -> None:
    async def scenario(w: World) -> None:
        chance = random.Random(8)  # noqa: S311
        pieces = [b"CONNECT ", b" HTTP/1.1\r\n", b"\r\n\r\n", TARGET.encode(), b"\0", b"\xff\xfe", b"[::1]:443", b"\n"]
        async with served(echo, HOME, PORT), w.proxy(TARGET, head_s=0.3, connections_per_s=10_000.0):
            for _ in range(300):
                reader, writer = await w.connect()
                writer.write(b"".join(chance.choices([*pieces, chance.randbytes(20)], k=chance.randint(1, 9))))
                if chance.random() < 0.8:
                    writer.write_eof()
                    with contextlib.suppress(OSError):
                        await reader.read()
                writer.close()
            await w.recorded(300)
            await well(w)

    world.run(scenario, tmp_path)


def test_a_head_that_drips_is_given_up(tmp_path: Path) -> None:
    async def scenario(w: World) -> None:
        async with w.proxy(TARGET, head_s=0.5):
            reader, writer = await w.connect()
            writer.write(f"CONNECT {TARGET} HTTP/1.1\r\n".encode())
            answer = asyncio.create_task(reader.read())
            began = time.monotonic()
            while not answer.done():
                with contextlib.suppress(OSError):
                    writer.write(b"x")
                await asyncio.sleep(0.05)
            assert (await answer).startswith(b"HTTP/1.1 408 ")
            assert time.monotonic() - began < 2.5
            writer.close()

    world.run(scenario, tmp_path)


def test_slow_clients_take_only_their_own_places(tmp_path: Path) -> None:
    async def scenario(w: World) -> None:
        async with served(echo, HOME, PORT), w.proxy(TARGET, connections=8, head_s=1.0) as proxy:
            waiting = [await w.connect() for _ in range(8)]
            await asyncio.sleep(0.1)
            assert proxy.connections == 8
            status, _ = await w.ask(b"")
            assert status == "HTTP/1.1 503 Too many connections at a time: at most 8 are served, close some"
            await asyncio.sleep(2.2)
            await well(w)
            for _, writer in waiting:
                writer.close()

    world.run(scenario, tmp_path)


def test_one_client_cannot_take_the_places_of_another(tmp_path: Path) -> None:
    async def scenario(w: World) -> None:
        policies = {w.path: policy(TARGET, connections=8), tmp_path / "box.sock": policy(TARGET, connections=8)}
        async with (
            served(echo, HOME, PORT),
            EgressProxy(policies, w.records.append, total=12, lookup=w.lookup) as proxy,
        ):
            waiting = [await w.connect(tmp_path / "box.sock") for _ in range(20)]
            await asyncio.sleep(0.2)
            assert proxy.connections == 8
            await well(w)
            more = [await w.connect() for _ in range(8)]
            await asyncio.sleep(0.2)
            assert proxy.connections == 12
            for _, writer in (*waiting, *more):
                writer.close()

    world.run(scenario, tmp_path)


def test_a_flood_of_connections_leaves_the_gateway_time(tmp_path: Path) -> None:
    """Another process connects as fast as it can; the event loop must go on turning for everybody else."""
    flood = (
        "import socket, sys, time\nends = time.monotonic() + 3\ncount = 0\nwhile time.monotonic() < ends:\n"
        " s = socket.socket(socket.AF_UNIX); s.settimeout(1)\n try:\n"
        "  s.connect(sys.argv[1]); s.send(b'CONNECT evil%d.example.org:443 HTTP/1.1\\r\\n\\r\\n' % count); count += 1\n"
        " except OSError: time.sleep(0.001)\n s.close()\nprint(count)\n"
    )

    async def scenario(w: World) -> None:
        async with served(echo, HOME, PORT), w.proxy(TARGET, connections_per_s=50.0):
            process = subprocess.Popen([sys.executable, "-c", flood, str(w.path)], stdout=subprocess.PIPE)  # noqa: ASYNC220
            worst, cpu = 0.0, time.process_time()
            while process.poll() is None:
                began = time.monotonic()
                await asyncio.sleep(0.01)
                worst = max(worst, time.monotonic() - began - 0.01)
            cpu = time.process_time() - cpu
            process.communicate()
            assert worst < 0.5, worst
            assert cpu < 1.5, cpu
            assert len(w.records) < 100 + 4 * 50
            await asyncio.sleep(0.2)
            await well(w)

    world.run(scenario, tmp_path)


def test_no_descriptor_is_left_open(tmp_path: Path) -> None:
    async def scenario(w: World) -> None:
        def descriptors() -> int:
            return len(os.listdir("/proc/self/fd"))  # noqa: PTH208

        async with served(echo, HOME, PORT), w.proxy(TARGET, connections_per_s=10_000.0):
            await well(w)
            await w.recorded(1)
            await asyncio.sleep(0.2)
            before = descriptors()
            for number in range(60):
                await well(w)
                await w.refusal("no.example.org:443")
                one = socket.socket(socket.AF_UNIX)
                one.connect(str(w.path))
                one.close()
                await w.recorded(1 + 3 * (number + 1))
            await asyncio.sleep(0.2)
            assert descriptors() <= before + 2

    world.run(scenario, tmp_path)


def test_out_of_descriptors_it_waits_and_goes_on(tmp_path: Path) -> None:
    async def scenario(w: World) -> None:
        async with served(echo, HOME, PORT), w.proxy(TARGET):
            waiting = socket.socket(socket.AF_UNIX)
            waiting.setblocking(False)
            soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
            taken = []
            resource.setrlimit(resource.RLIMIT_NOFILE, (200, hard))
            try:
                with contextlib.suppress(OSError):
                    while True:
                        taken.append(os.open("/dev/null", os.O_RDONLY))
                waiting.connect(str(w.path))
                waiting.send(b"GET / HTTP/1.1\r\n\r\n")
                cpu = time.process_time()
                await asyncio.sleep(0.6)
                assert time.process_time() - cpu < 0.3, "it spins"
            finally:
                for descriptor in taken:
                    os.close(descriptor)
                resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
            loop = asyncio.get_running_loop()
            assert (await loop.sock_recv(waiting, 1000)).startswith(b"HTTP/1.1 405 ")
            waiting.close()
            await well(w)

    world.run(scenario, tmp_path)
