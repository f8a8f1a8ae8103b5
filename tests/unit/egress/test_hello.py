"""The server name in real ClientHellos and in damaged ones."""

from __future__ import annotations

import random
import ssl

import pytest

from agent.egress import hello


def client_hello(name: str | None, *, alpn: bool = True) -> bytes:
    """What OpenSSL sends first."""
    context = ssl.create_default_context()
    context.check_hostname = False
    if alpn:
        context.set_alpn_protocols(["h2", "http/1.1"])
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    with pytest.raises(ssl.SSLWantReadError):
        context.wrap_bio(incoming, outgoing, server_hostname=name).do_handshake()
    return outgoing.read()


def in_records(data: bytes, size: int) -> bytes:
    """The same message, cut into records of `size` bytes."""
    message = data[5:]
    pieces = [message[start : start + size] for start in range(0, len(message), size)]
    return b"".join(data[:3] + len(piece).to_bytes(2, "big") + piece for piece in pieces)


def extension(data: bytes) -> bytes:
    """The server name extension of a ClientHello."""
    start = data.index(b"example.org") - 9
    return data[start : start + 9 + len("example.org")]


def with_more_extensions(data: bytes, more: bytes) -> bytes:
    """A ClientHello with bytes put behind its extensions, every length corrected."""
    at = 5 + 4 + 2 + 32
    at += 1 + data[at]
    at += 2 + int.from_bytes(data[at : at + 2], "big")
    at += 1 + data[at]
    extensions = data[at + 2 :] + more
    body = data[9:at] + len(extensions).to_bytes(2, "big") + extensions
    message = b"\x01" + len(body).to_bytes(3, "big") + body
    return data[:3] + len(message).to_bytes(2, "big") + message


def test_the_name() -> None:
    assert hello.server_name(client_hello("example.org")) == "example.org"
    assert hello.server_name(client_hello("Example.ORG")) == "example.org"
    assert hello.server_name(client_hello("example.org", alpn=False) + b"more") == "example.org"
    assert hello.server_name(client_hello(None)) == ""
    assert hello.server_name(client_hello("1.2.3.4")) == ""


@pytest.mark.parametrize("size", [1000, 100, 60])
def test_a_message_in_several_records(size: int) -> None:
    cut = in_records(client_hello("example.org"), size)
    assert hello.server_name(cut) == "example.org"
    for end in range(0, len(cut), 7):
        assert hello.server_name(cut[:end]) in (None, "example.org")
    assert hello.server_name(cut[: len(cut) - 1]) is None


def test_it_waits_for_the_whole_message() -> None:
    data = client_hello("example.org")
    assert all(hello.server_name(data[:end]) is None for end in range(len(data)))


def test_two_names_are_none() -> None:
    data = client_hello("example.org")
    assert hello.server_name(with_more_extensions(data, b"")) == "example.org"
    with pytest.raises(hello.NotTLSError):
        hello.server_name(with_more_extensions(data, extension(data)))
    evil = extension(data).replace(b"example.org", b"example.net")
    with pytest.raises(hello.NotTLSError):
        hello.server_name(with_more_extensions(data, evil))


@pytest.mark.parametrize(
    "data",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x17\x03\x03\x00\x05hello",
        b"\x16\x02\x00\x00\x05hello",
        b"\x16\x03\x01\x00\x00",
        b"\x16\x03\x01\x00\x05\x02\x00\x00\x01\x00",
        b"\x16\x03\x01\x00\x04\x01\x00\x00\x00",
        b"\x16\x03\x01\x40\x01" + b"\x01\xff\xff\xff" + b"x" * hello.LONGEST,
        in_records(client_hello("example.org"), 8),
    ],
)
def test_what_is_no_client_hello(data: bytes) -> None:
    with pytest.raises(hello.NotTLSError):
        hello.server_name(data)


def test_damage_is_noticed_or_harmless() -> None:
    data = client_hello("example.org")
    chance = random.Random(6)  # noqa: S311
    for _ in range(3000):
        damaged = bytearray(data)
        for _ in range(chance.randint(1, 4)):
            damaged[chance.randrange(len(data))] = chance.randrange(256)
        try:
            name = hello.server_name(bytes(damaged))
        except hello.NotTLSError:
            continue
        assert name is None or isinstance(name, str)
