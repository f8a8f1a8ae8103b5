"""The relay to a package mirror, over loopback."""

import asyncio

from tests.lab.streams import relay_to


def test_a_relay_carries_both_ways_and_passes_the_end_on() -> None:
    async def shout(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write((await reader.read()).upper())
        writer.close()

    async def scenario() -> bytes:
        mirror = await asyncio.start_server(shout, "127.0.0.1", 0)
        relay = await asyncio.start_server(relay_to(*mirror.sockets[0].getsockname()), "127.0.0.1", 0)
        async with mirror, relay, asyncio.timeout(5):
            reader, writer = await asyncio.open_connection(*relay.sockets[0].getsockname())
            writer.write(b"package" * 100_000)
            writer.write_eof()
            answer = await reader.read()
            writer.close()
            return answer

    assert asyncio.run(scenario()) == b"PACKAGE" * 100_000


def test_a_client_of_an_unreachable_mirror_learns_it_at_once() -> None:
    async def scenario() -> bytes:
        closed = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0)
        address = closed.sockets[0].getsockname()
        closed.close()
        relay = await asyncio.start_server(relay_to(*address), "127.0.0.1", 0)
        async with relay, asyncio.timeout(5):
            reader, writer = await asyncio.open_connection(*relay.sockets[0].getsockname())
            try:
                return await reader.read()
            finally:
                writer.close()

    assert asyncio.run(scenario()) == b""
