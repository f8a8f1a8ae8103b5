"""The loopback forwarder: as a process and inside another loop, with rude clients, and a proxy that comes and goes."""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import socket
import struct
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from agent import forwarder
from agent.forwarder import PORT, Forwarder
from tests.unit.egress import world
from tests.unit.egress.forwarding import echoing, resident, well
from tests.unit.egress.world import World


def descriptors(process: subprocess.Popen[bytes]) -> int:
    return len(list(Path(f"/proc/{process.pid}/fd").iterdir()))


def cpu(process: subprocess.Popen[bytes]) -> float:
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def settled(process: subprocess.Popen[bytes], count: int) -> None:
    """Wait until the forwarder has closed all but `count` descriptors."""
    for _ in range(100):
        if descriptors(process) <= count:
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"{descriptors(process)} descriptors are open, not {count}")


def test_both_ways_and_half_closed(tmp_path: Path) -> None:
    async def scenario(w: World) -> None:
        async with echoing(w.path), w.forwarder():
            reader, writer = await asyncio.open_connection("127.0.0.1", PORT)
            data = os.urandom(5_000_000)

            async def send() -> None:
                writer.write(data)
                await writer.drain()
                writer.write_eof()

            sending = asyncio.create_task(send())
            assert await reader.read() == data
            await sending
            writer.close()

    world.run(scenario, tmp_path)


def test_a_server_that_speaks_last(tmp_path: Path) -> None:
    async def scenario(w: World) -> None:
        async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            asked = await reader.read()
            for _ in range(3):
                await asyncio.sleep(0.1)
                writer.write(asked)
                await writer.drain()

        async with echoing(w.path, slow), w.forwarder():
            reader, writer = await asyncio.open_connection("127.0.0.1", PORT)
            writer.write(b"abc")
            writer.write_eof()
            assert await reader.read() == b"abcabcabc"
            writer.close()

    world.run(scenario, tmp_path)


def test_without_a_proxy_it_says_so_and_recovers_by_itself(tmp_path: Path) -> None:
    async def scenario(w: World) -> None:
        async with w.forwarder():
            for _ in range(20):
                reader, writer = await asyncio.open_connection("127.0.0.1", PORT)
                writer.write(b"CONNECT example.org:443 HTTP/1.1\r\n\r\n")
                assert (await reader.read()).startswith(b"HTTP/1.1 502 The egress proxy is not there: the container")
                writer.close()
            for _ in range(2):
                async with echoing(w.path):
                    await well()

    world.run(scenario, tmp_path)


def test_an_answer_survives_that_the_proxy_closes_with_a_request_unread(tmp_path: Path) -> None:
    async def scenario(w: World) -> None:
        async def refuse(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await asyncio.sleep(0.1)
            writer.write(b"HTTP/1.1 403 no\r\n\r\n")
            writer.transport.close()

        async with echoing(w.path, refuse), w.forwarder() as process:
            before = descriptors(process)
            for _ in range(20):
                reader, writer = await asyncio.open_connection("127.0.0.1", PORT)
                writer.write(b"x" * 30_000)
                assert await reader.read() == b"HTTP/1.1 403 no\r\n\r\n"
                writer.close()
            await settled(process, before)

    world.run(scenario, tmp_path)


def test_clients_that_stay_when_the_proxy_has_gone_are_not_kept(tmp_path: Path) -> None:
    """A pool of kept-alive connections is not looked at before it is used again."""

    async def scenario(w: World) -> None:
        async def leave(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
            await reader.read(1)

        async with echoing(w.path, leave), w.forwarder() as process:
            before = descriptors(process)
            clients = [await asyncio.open_connection("127.0.0.1", PORT) for _ in range(40)]
            for reader, writer in clients:
                writer.write(b"x")
                assert await reader.read() == b""
            await settled(process, before + 8)
            used = cpu(process)
            await asyncio.sleep(0.5)
            assert cpu(process) - used < 0.1, "it spins"
            for _, writer in clients:
                writer.close()
            await settled(process, before)

    world.run(scenario, tmp_path)


def test_a_proxy_that_says_its_last_word_first_and_goes_later(tmp_path: Path) -> None:
    async def scenario(w: World) -> None:
        async def leave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(1)
            writer.write_eof()
            await asyncio.sleep(0.2)

        async with echoing(w.path, leave), w.forwarder() as process:
            before = descriptors(process)
            clients = [await asyncio.open_connection("127.0.0.1", PORT) for _ in range(30)]
            for reader, writer in clients:
                writer.write(b"x")
                assert await reader.read() == b""
            await settled(process, before + 8)
            for _, writer in clients:
                writer.close()

    world.run(scenario, tmp_path)


def test_what_a_sink_takes_in_small_bites_arrives_whole() -> None:
    """A sink with so little room in the kernel that even what was left over goes in pieces."""
    source, feed = socket.socketpair()
    sink, drain = socket.socketpair()
    sink.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    for end in (source, sink, drain):
        end.setblocking(False)
    data = os.urandom(16_000)
    feed.send(data)
    way = forwarder._Way(source, sink)
    way.carry(memoryview(bytearray(16_384)))
    got, flushes = b"", 0
    while len(got) < len(data) and flushes < 100:
        with contextlib.suppress(BlockingIOError):
            got += drain.recv(1000)
        way.flush()
        flushes += 1
    assert got == data
    assert flushes > 10
    for end in (source, feed, sink, drain):
        end.close()


def test_a_receiver_that_does_not_read_holds_the_sender_back_and_costs_nothing(tmp_path: Path) -> None:
    async def scenario(w: World) -> None:
        sent = [0]

        async def flood(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while True:
                writer.write(b"x" * 65536)
                await writer.drain()
                sent[0] += 65536

        async with echoing(w.path, flood), w.forwarder() as process:
            memory = resident(process.pid)
            clients = []
            for _ in range(30):
                client = socket.socket()
                client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
                client.connect(("127.0.0.1", PORT))
                clients.append(client)
            stalled_at = -1
            while stalled_at != sent[0]:
                stalled_at = sent[0]
                await asyncio.sleep(0.5)
            used = cpu(process)
            await asyncio.sleep(0.5)
            assert sent[0] == stalled_at
            assert cpu(process) - used < 0.1, "it spins"
            assert resident(process.pid) - memory < 30 * 16 + 500
            for client in clients:
                client.close()

    world.run(scenario, tmp_path)


def test_the_proxy_dies_with_much_unread(tmp_path: Path) -> None:
    async def scenario(w: World) -> None:
        async def burst(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"x" * 8_000_000)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.3):
                    await writer.drain()
            writer.transport.abort()

        async with echoing(w.path, burst), w.forwarder() as process:
            before = descriptors(process)
            client = socket.socket()
            client.connect(("127.0.0.1", PORT))
            await asyncio.sleep(0.8)
            used = cpu(process)
            await asyncio.sleep(0.5)
            assert cpu(process) - used < 0.1, "it spins"
            client.setblocking(False)
            loop = asyncio.get_running_loop()
            got = 0
            while data := await loop.sock_recv(client, 1_000_000):
                got += len(data)
            assert got > 100_000
            client.close()
            await settled(process, before)

    world.run(scenario, tmp_path)


def test_it_survives_floods_resets_and_garbage(tmp_path: Path) -> None:
    async def scenario(w: World) -> None:
        async with echoing(w.path), w.forwarder() as process:
            await well()
            await settled(process, 5)
            before = descriptors(process)
            for number in range(400):
                client = socket.socket()
                client.connect(("127.0.0.1", PORT))
                if number % 2:
                    client.send(os.urandom(50))
                if number % 3 == 0:
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                client.close()
                if number % 20 == 0:
                    await asyncio.sleep(0.01)
            await well()
            await settled(process, before)

    world.run(scenario, tmp_path)


def test_no_more_than_its_limit_and_the_rest_waits(tmp_path: Path) -> None:
    async def scenario(w: World) -> None:
        async with echoing(w.path), w.forwarder() as process:
            before = descriptors(process)
            clients = [await asyncio.open_connection("127.0.0.1", PORT) for _ in range(forwarder.CONNECTIONS + 20)]
            await asyncio.sleep(0.3)
            assert descriptors(process) <= before + 2 * forwarder.CONNECTIONS
            reader, writer = clients[-1]
            writer.write(b"last")
            used = cpu(process)
            await asyncio.sleep(0.5)
            assert cpu(process) - used < 0.1, "it spins"
            for _, first in clients[:20]:
                first.close()
            async with asyncio.timeout(5):
                assert await reader.readexactly(4) == b"last"
            for _, other in clients:
                other.close()
            await settled(process, before)

    world.run(scenario, tmp_path)


@pytest.mark.parametrize("arguments", [[], ["a", "b", "c"], ["a", "x"], ["a", "-1"], ["a", "99999"], ["", "3128"]])
def test_wrong_arguments(arguments: list[str]) -> None:
    done = subprocess.run([sys.executable, "-ISOO", forwarder.__file__, *arguments], capture_output=True, timeout=20)  # noqa: PLW1510
    assert done.returncode in (1, 2)
    assert b"Traceback" not in done.stderr
    assert done.stderr


def test_a_second_one_says_that_there_is_a_first(tmp_path: Path) -> None:
    async def scenario(w: World) -> None:
        async with w.forwarder():
            command = [sys.executable, "-ISOO", forwarder.__file__, str(w.path)]
            done = await asyncio.to_thread(subprocess.run, command, capture_output=True, timeout=20)
            assert done.returncode == 1
            assert b"cannot listen on 127.0.0.1:3128: [Errno 98]" in done.stderr

    world.run(scenario, tmp_path)


def test_inside_another_loop(tmp_path: Path) -> None:
    """As in the sandbox server: its descriptor in a poll of others, a turn when it is ready."""

    async def scenario(w: World) -> None:
        embedded = Forwarder(str(w.path), 0)
        stop = threading.Event()
        turns = [0]

        def loop() -> None:
            poll = select.epoll()
            poll.register(embedded.fileno(), select.EPOLLIN)
            while not stop.is_set():
                if poll.poll(0.05):
                    turns[0] += 1
                    embedded.turn()
            poll.close()

        thread = threading.Thread(target=loop)
        thread.start()
        async with echoing(w.path):
            reader, writer = await asyncio.open_connection("127.0.0.1", embedded.port)
            writer.write(b"x" * 200_000)
            assert await reader.readexactly(200_000) == b"x" * 200_000
            seen = turns[0]
            await asyncio.sleep(0.3)
            assert turns[0] == seen, "ready with nothing to do"
            writer.close()
        stop.set()
        thread.join()
        embedded.close()

    world.run(scenario, tmp_path)
