"""What answers TCP in the `internet` namespace beside the stand-ins: relays to mirrors, and the probe target."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping
from ipaddress import IPv4Address

Journal = Callable[[Mapping[str, object]], None]
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

_SO_ORIGINAL_DST = 80
_CHUNK = 1 << 16


def relay_to(host: str, port: int) -> Handler:
    """Returns a connection handler that joins each client with a connection to `host`, resolved anew each time."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection(host, port)
        except OSError:
            writer.close()
            return
        await asyncio.gather(_copy(reader, far_writer), _copy(far_reader, writer))
        for end in (writer, far_writer):
            end.close()

    return serve


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    # Either end may go at any moment, and the other must then learn of it.
    with contextlib.suppress(OSError):
        while chunk := await reader.read(_CHUNK):
            writer.write(chunk)
            await writer.drain()
    with contextlib.suppress(OSError):
        writer.write_eof()


def probe_target(journal: Journal) -> Handler:
    """Returns a handler that tells the journal which address was reached, and answers like a web server."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        address, port = _original_destination(writer.get_extra_info("socket"))
        journal({"source": writer.get_extra_info("peername")[0], "address": address, "port": port})
        body = f"picoclaw-lab: you have reached {address}:{port}\n".encode()
        head = (
            f"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        with contextlib.suppress(ConnectionError, TimeoutError):
            async with asyncio.timeout(30):
                await reader.read(_CHUNK)
                writer.write(head.encode() + body)
                await writer.drain()
        writer.close()

    return serve


def _original_destination(connection: socket.socket) -> tuple[str, int]:
    # struct sockaddr_in: family, port, address, padding; the port is in network order.
    raw = connection.getsockopt(socket.SOL_IP, _SO_ORIGINAL_DST, 16)
    port, packed = struct.unpack("!2xH4s8x", raw)
    return str(IPv4Address(packed)), int(port)
