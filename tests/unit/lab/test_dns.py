"""The lab's DNS server, asked over real sockets."""

import asyncio
import socket
import struct
from collections.abc import Mapping
from typing import Any

import pytest

from tests.lab import dns

ZONE = {"api.telegram.org": "10.99.7.10"}
A, AAAA = 1, 28


def query(name: str, kind: int, identifier: int = 77) -> bytes:
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return struct.pack("!6H", identifier, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!HH", kind, 1)


def ask(message: bytes) -> bytes:
    request = dns.parse(message)
    return dns.answer(message, request, ZONE)


def test_a_known_name_has_its_address() -> None:
    reply = ask(query("api.telegram.org", A))

    identifier, flags, questions, answers, *_ = struct.unpack_from("!6H", reply)
    assert (identifier, flags & 0x800F, questions, answers) == (77, 0x8000, 1, 1)
    assert reply[-4:] == socket.inet_aton("10.99.7.10")


def test_letter_case_makes_no_difference_and_comes_back_as_asked() -> None:
    reply = ask(query("API.Telegram.ORG", A))

    assert reply[-4:] == socket.inet_aton("10.99.7.10")
    assert b"\x03API\x08Telegram\x03ORG" in reply


def test_a_known_name_without_such_a_record_exists_all_the_same() -> None:
    _, flags, _, answers, *_ = struct.unpack_from("!6H", ask(query("api.telegram.org", AAAA)))

    assert (flags & 0xF, answers) == (0, 0)


def test_any_other_name_does_not_exist() -> None:
    _, flags, _, answers, *_ = struct.unpack_from("!6H", ask(query("exfiltrated.secret.example", A)))

    assert (flags & 0xF, answers) == (3, 0)


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\0" * 11,
        struct.pack("!6H", 1, 0x8000, 1, 0, 0, 0) + b"\0\0\1\0\1",
        struct.pack("!6H", 1, 0, 2, 0, 0, 0) + b"\0\0\1\0\1",
        struct.pack("!6H", 1, 0, 1, 0, 0, 0) + b"\xc0\x0c\0\1\0\1",
        struct.pack("!6H", 1, 0, 1, 0, 0, 0) + b"\x3fshort",
        struct.pack("!6H", 1, 0, 1, 0, 0, 0) + b"\x01a",
        query("a.example", A)[:-1],
    ],
    ids=["empty", "short header", "a reply", "two questions", "a pointer", "a cut label", "no end", "a cut question"],
)
def test_what_is_no_query_is_refused(message: bytes) -> None:
    with pytest.raises(ValueError, match=r"too short|not a query"):
        dns.parse(message)


def test_it_serves_udp_and_tcp_and_keeps_a_journal() -> None:
    journal: list[Mapping[str, object]] = []
    over_udp, over_tcp = asyncio.run(serve_and_ask(journal))

    assert over_udp == [ask(query("api.telegram.org", A))], "garbage before it got no answer"
    assert over_tcp == [ask(query("api.telegram.org", A)), ask(query("no.example", A))]
    assert [(entry["name"], entry["known"]) for entry in journal] == [
        ("api.telegram.org", True),
        ("api.telegram.org", True),
        ("no.example", False),
    ]


async def serve_and_ask(journal: list[Mapping[str, object]]) -> tuple[list[bytes], list[bytes]]:
    loop = asyncio.get_running_loop()
    transport, resolver = await loop.create_datagram_endpoint(
        lambda: dns.Resolver(ZONE, journal.append), local_addr=("127.0.0.1", 0)
    )
    server = await asyncio.start_server(resolver.serve_stream, "127.0.0.1", 0)
    try:
        async with asyncio.timeout(5):
            over_udp = await ask_udp(transport.get_extra_info("sockname"))
            over_tcp = await ask_tcp(server.sockets[0].getsockname())
    finally:
        transport.close()
        server.close()
    return over_udp, over_tcp


async def ask_udp(address: Any) -> list[bytes]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.setblocking(False)
        client.connect(address)
        client.send(b"garbage")
        client.send(query("api.telegram.org", A))
        return [await asyncio.get_running_loop().sock_recv(client, 512)]


async def ask_tcp(address: Any) -> list[bytes]:
    reader, writer = await asyncio.open_connection(*address)
    replies = []
    for message in (query("api.telegram.org", A), query("no.example", A)):
        writer.write(struct.pack("!H", len(message)) + message)
        (size,) = struct.unpack("!H", await reader.readexactly(2))
        replies.append(await reader.readexactly(size))
    writer.close()
    await writer.wait_closed()
    return replies
