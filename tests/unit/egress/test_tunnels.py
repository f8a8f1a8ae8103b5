"""What flows through a tunnel: much, slowly, one-sided, too much, nothing."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import hashlib
import socket
import struct
import time
from pathlib import Path
from typing import Any

import pytest

from tests.unit.egress import world
from tests.unit.egress.world import HOME, PORT, World, echo, served

MEGABYTE = 1024 * 1024
TARGET = f"{HOME}:{PORT}"


def resident() -> int:
    """This process's resident memory in bytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def test_a_big_transfer_each_way_at_once_arrives_whole(tmp_path: Path) -> None:
    async def scenario(w: World) -> None:
        data = bytes(range(256)) * 4096 * 32  # 32 MB

        async def send(writer: asyncio.StreamWriter) -> None:
            for start in range(0, len(data), 100_003):
                writer.write(data[start : start + 100_003])
                await writer.drain()
            writer.write_eof()

        async def digest(reader: asyncio.StreamReader) -> str:
            found = hashlib.sha256()
            while chunk := await reader.read(MEGABYTE):
                found.update(chunk)
            return found.hexdigest()

        digests = []

        async def both(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            digests.append((await asyncio.gather(digest(reader), send(writer)))[0])

        async with served(both, HOME, PORT), w.proxy(TARGET):
            reader, writer = await w.tunnel(TARGET)
            digests.append((await asyncio.gather(digest(reader), send(writer)))[0])
            writer.close()
            (record,) = await w.recorded()
        assert digests == [hashlib.sha256(data).hexdigest()] * 2
        assert (record.bytes_up, record.bytes_down) == (len(data), len(data))

    world.run(scenario, tmp_path)


@pytest.mark.parametrize("first", ["client", "server"])
def test_half_closed_the_other_half_goes_on(tmp_path: Path, first: str) -> None:
    async def scenario(w: World) -> None:
        got = []

        async def server(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if first == "server":
                writer.write(b"done")
                writer.write_eof()
                got.append(await reader.read())
            else:
                got.append(await reader.read())
                for _ in range(3):
                    await asyncio.sleep(0.05)
                    writer.write(b"more")
                    await writer.drain()

        async with served(server, HOME, PORT), w.proxy(TARGET):
            reader, writer = await w.tunnel(TARGET)
            if first == "server":
                assert await reader.read() == b"done"
            writer.write(b"question")
            writer.write_eof()
            if first == "client":
                assert await reader.read() == b"more" * 3
            (record,) = await w.recorded()
            writer.close()
        assert got == [b"question"]
        assert (record.verdict, record.reason) == ("allowed", "")

    world.run(scenario, tmp_path)


def test_a_sender_is_held_back_by_a_receiver_that_does_not_read(tmp_path: Path) -> None:
    """64 tunnels, each with a server that sends as fast as it may and a client that reads nothing."""

    async def scenario(w: World) -> None:
        sent = [0]

        async def flood(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            chunk = b"x" * 65536
            while True:
                writer.write(chunk)
                await writer.drain()
                sent[0] += len(chunk)

        limits: dict[str, Any] = {"connections": 64, "connections_per_s": 1000.0}
        async with served(flood, HOME, PORT), w.proxy(TARGET, **limits) as proxy:
            clients = []
            for _ in range(64):
                client = socket.socket(socket.AF_UNIX)
                client.connect(str(w.path))
                client.send(f"CONNECT {TARGET} HTTP/1.1\r\n\r\n".encode())
                clients.append(client)
            await asyncio.sleep(1.5)
            assert proxy.connections == 64
            gc.collect()
            before, stalled_at = resident(), sent[0]
            await asyncio.sleep(1)
            assert sent[0] == stalled_at
            assert resident() - before < MEGABYTE
            pending = [len(way._pending) for way in ways()]
            assert len(pending) == 128
            assert sum(pending) <= 64 * 65536
            assert max(pending) > 0
            for client in clients:
                client.close()
            await w.recorded(64)
            assert ways() == []

    world.run(scenario, tmp_path)


def ways() -> list:  # type: ignore[type-arg]
    """Every direction of a tunnel that is alive."""
    gc.collect()
    return [found for found in gc.get_objects() if type(found).__name__ == "_Way"]


def test_an_idle_tunnel_is_closed_and_a_slow_one_is_not(tmp_path: Path) -> None:
    async def scenario(w: World) -> None:
        async with served(echo, HOME, PORT), w.proxy(TARGET, idle_s=0.4):
            reader, writer = await w.tunnel(TARGET)
            for _ in range(6):
                writer.write(b".")
                assert await reader.readexactly(1) == b"."
                await asyncio.sleep(0.15)
            began = time.monotonic()
            assert await reader.read() == b""
            assert 0.1 < time.monotonic() - began < 1
            writer.close()
            assert (await w.recorded())[0].reason == "idle for 0.4 s"

    world.run(scenario, tmp_path)


def test_what_the_server_has_closed_is_not_kept_for_long(tmp_path: Path) -> None:
    async def scenario(w: World) -> None:
        async def leave(_: asyncio.StreamReader, __: asyncio.StreamWriter) -> None:
            return

        async with served(leave, HOME, PORT), w.proxy(TARGET, half_closed_s=0.3):
            reader, writer = await w.tunnel(TARGET)
            assert await reader.read() == b""
            assert (await w.recorded())[0].reason == "idle for 0.3 s"
            writer.close()

    world.run(scenario, tmp_path)


@pytest.mark.parametrize(
    ("limits", "reason"),
    [({"tunnel_s": 0.5}, "open for 0.5 s"), ({"tunnel_bytes": 200_000}, "more than 200000 bytes")],
)
def test_a_tunnel_that_never_rests_ends_too(tmp_path: Path, limits: dict[str, Any], reason: str) -> None:
    async def scenario(w: World) -> None:
        async with served(echo, HOME, PORT), w.proxy(TARGET, **limits):
            reader, writer = await w.tunnel(TARGET)
            with contextlib.suppress(asyncio.IncompleteReadError, OSError):
                while not w.records:
                    writer.write(b"x" * 1000)
                    await reader.readexactly(1000)
                    await asyncio.sleep(0)
            writer.close()
            (record,) = await w.recorded()
        assert record.reason == reason
        assert record.bytes_up + record.bytes_down < 500_000 or "open" in reason

    world.run(scenario, tmp_path)


def test_a_connection_that_is_reset_ends_the_tunnel(tmp_path: Path) -> None:
    async def scenario(w: World) -> None:
        async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(1)
            plain = writer.get_extra_info("socket")
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

        async with served(reset, HOME, PORT), w.proxy(TARGET):
            reader, writer = await w.tunnel(TARGET)
            writer.write(b"x")
            assert await reader.read() == b""
            writer.close()
            assert (await w.recorded())[0].reason == "connection lost: Connection reset by peer"

    world.run(scenario, tmp_path)


def test_an_answer_arrives_although_the_server_has_reset_the_upload(tmp_path: Path) -> None:
    """It lies in the kernel's buffers and the proxy's chunk, the client has not read it yet, and sends on."""

    async def scenario(w: World) -> None:
        gone = asyncio.Event()

        async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(1)
            writer.write(b"x" * 300_000)
            await writer.drain()
            await asyncio.sleep(0.5)
            plain = writer.get_extra_info("socket")
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
            gone.set()

        async with served(refuse, HOME, PORT), w.proxy(TARGET):
            client = socket.socket(socket.AF_UNIX)
            client.connect(str(w.path))
            client.send(f"CONNECT {TARGET} HTTP/1.1\r\n\r\nupload".encode())
            client.setblocking(False)
            await gone.wait()
            for _ in range(5):
                with contextlib.suppress(OSError):
                    client.send(b"more")
                await asyncio.sleep(0.05)
            got, loop = b"", asyncio.get_running_loop()
            with contextlib.suppress(OSError):
                while data := await loop.sock_recv(client, 65536):
                    got += data
            assert len(got.partition(b"\r\n\r\n")[2]) == 300_000
            client.close()
            await w.recorded()

    world.run(scenario, tmp_path)


def test_what_waits_in_one_tunnel_is_not_touched_by_another(tmp_path: Path) -> None:
    """All tunnels read into one buffer."""

    async def scenario(w: World) -> None:
        size = 2 * MEGABYTE

        async def send(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            letter = await reader.readexactly(1)
            writer.write(letter * size)
            await writer.drain()

        async with served(send, HOME, PORT), w.proxy(TARGET):
            slow, slow_writer = await w.tunnel(TARGET)
            slow_writer.transport.pause_reading()  # type: ignore[attr-defined]
            slow_writer.write(b"a")
            await asyncio.sleep(0.2)
            for _ in range(3):
                quick, quick_writer = await w.tunnel(TARGET)
                quick_writer.write(b"b")
                assert await quick.read() == b"b" * size
                quick_writer.close()
            slow_writer.transport.resume_reading()  # type: ignore[attr-defined]
            assert await slow.read() == b"a" * size
            slow_writer.close()
            await w.recorded(4)

    world.run(scenario, tmp_path)
