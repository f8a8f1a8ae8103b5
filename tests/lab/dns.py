"""A DNS server that knows the lab's names and nothing else, so that no query ever leaves the machine."""

import asyncio
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import cast

Journal = Callable[[Mapping[str, object]], None]

_HEADER = struct.Struct("!6H")
_ANSWER = struct.Struct("!HHHIH4s")
_TYPE_A = 1
_CLASS_IN = 1
_TTL = 5
_NAME_OF_THE_QUESTION = 0xC00C
_RESPONSE = 0x8400
_RECURSION = 0x0180
_NO_SUCH_NAME = 3


@dataclass(frozen=True)
class Query:
    """The one question of a DNS message; `end` is where it ends in the message."""

    name: str
    kind: int
    end: int


def parse(message: bytes) -> Query:
    """Reads the question of a DNS query.

    Raises:
        ValueError: the message is no query with exactly one question.
    """
    if len(message) < _HEADER.size:
        raise ValueError("too short for a header")
    _, flags, questions, *_ = _HEADER.unpack_from(message)
    if flags & 0x8000 or questions != 1:
        raise ValueError("not a query with one question")
    labels, place = [], _HEADER.size
    while place < len(message) and (size := message[place]):
        labels.append(message[place + 1 : place + 1 + size].decode("ascii", "replace").lower())
        place += 1 + size
    place += 1
    if place + 4 > len(message):
        raise ValueError("too short for a question")
    (kind,) = struct.unpack_from("!H", message, place)
    return Query(".".join(labels), kind, place + 4)


def answer(message: bytes, query: Query, zone: Mapping[str, str]) -> bytes:
    """Returns the reply: the address, nothing (the name has no such record), or "no such name"."""
    identifier, flags, *_ = _HEADER.unpack_from(message)
    address = zone.get(query.name)
    record = b""
    if address is not None and query.kind == _TYPE_A:
        packed = IPv4Address(address).packed
        record = _ANSWER.pack(_NAME_OF_THE_QUESTION, _TYPE_A, _CLASS_IN, _TTL, len(packed), packed)
    code = 0 if address is not None else _NO_SUCH_NAME
    header = _HEADER.pack(identifier, _RESPONSE | (flags & _RECURSION) | 0x0080 | code, 1, 1 if record else 0, 0, 0)
    return header + message[_HEADER.size : query.end] + record


class Resolver(asyncio.DatagramProtocol):
    """Answers over one UDP socket or over TCP, and tells a journal who asked for what."""

    def __init__(self, zone: Mapping[str, str], journal: Journal) -> None:
        """Serves `zone`, a map of host names to addresses."""
        self._zone = zone
        self._journal = journal
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keeps the transport that replies go out on."""
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Replies to one query over UDP; what is no query gets no reply."""
        reply = self._reply(data, addr[0])
        if reply is not None and self._transport is not None:
            self._transport.sendto(reply, addr)

    async def serve_stream(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Replies to the queries of one TCP connection."""
        try:
            while True:
                (size,) = struct.unpack("!H", await reader.readexactly(2))
                reply = self._reply(await reader.readexactly(size), writer.get_extra_info("peername")[0])
                if reply is None:
                    break
                writer.write(struct.pack("!H", len(reply)) + reply)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def _reply(self, message: bytes, source: str) -> bytes | None:
        try:
            query = parse(message)
        except ValueError:
            return None
        self._journal({"source": source, "name": query.name, "type": query.kind, "known": query.name in self._zone})
        return answer(message, query, self._zone)
