"""The server name (SNI) in the ClientHello that a TLS client begins with.

Why the proxy looks: openrouter.ai and pypi.org stand on the same addresses as a million other sites of their CDNs. A
hostile client that may only CONNECT to openrouter.ai could ask the CDN, by another server name, for its own site there
and hand over the key it knows. So a tunnel that was allowed by name must ask for that name; what hides it (ECH) shows
another one on the outside and is refused too. Nothing is decrypted: a CDN that serves one site under another's
certificate (a foreign Host header inside TLS) would still help an attacker; the large ones refuse that by now.
"""

from __future__ import annotations

LONGEST = 16 * 1024

# fatal alert 112, unrecognized_name: what the client's TLS library then reports
ALERT = bytes((21, 3, 1, 0, 2, 2, 112))

_HANDSHAKE = 22
_CLIENT_HELLO = 1
_SERVER_NAME = 0
_RECORD_HEADER = 5
# Clients that split the message use a few; each arriving byte has it read again, so tiny ones would cost seconds.
_RECORDS = 16


class NotTLSError(ValueError):
    """The stream does not begin with a ClientHello."""


def server_name(stream: bytes) -> str | None:
    """The name asked for, "" when there is none; None while the message is not whole; NotTLSError when it is none."""
    message = _message(stream)
    if message is None:
        return None
    reader = _Reader(message)
    reader.skip(2 + 32)  # version, random
    reader.vector(1)  # session
    reader.vector(2)  # cipher suites
    reader.vector(1)  # compression
    extensions = _Reader(reader.vector(2))
    found = []
    while extensions.left:
        kind, body = extensions.number(2), extensions.vector(2)
        if kind == _SERVER_NAME:
            found.append(_name(_Reader(body)))
    if len(found) > 1:
        raise NotTLSError("two server names")
    return found[0] if found else ""


def _message(stream: bytes) -> bytes | None:
    """The body of the handshake message, put together from its records; None while incomplete."""
    if len(stream) > LONGEST:
        raise NotTLSError("too long a ClientHello")
    message = b""
    for _ in range(_RECORDS):
        header = stream[:_RECORD_HEADER]
        if header[:1] not in (b"", b"\x16") or header[1:2] not in (b"", b"\x03"):
            raise NotTLSError("no handshake record")
        if len(stream) < _RECORD_HEADER:
            return None
        end = _RECORD_HEADER + int.from_bytes(header[3:5], "big")
        if end == _RECORD_HEADER:
            raise NotTLSError("an empty record")
        message += stream[_RECORD_HEADER:end]
        if message[:1] not in (b"", bytes((_CLIENT_HELLO,))):
            raise NotTLSError("no ClientHello")
        length = int.from_bytes(message[1:4], "big")
        if len(message) >= 4 and len(message) >= 4 + length:
            return message[4 : 4 + length]
        if len(stream) < end:
            return None
        stream = stream[end:]
    raise NotTLSError("a ClientHello in too many records")


def _name(entry: _Reader) -> str:
    names = _Reader(entry.vector(2))
    kind, name = names.number(1), names.vector(2)
    if kind != 0 or names.left or entry.left:
        raise NotTLSError("an odd server name")
    try:
        return name.decode("ascii").lower().removesuffix(".")
    except UnicodeDecodeError:
        raise NotTLSError("an odd server name") from None


class _Reader:
    """Numbers and length-prefixed vectors from the front of some bytes."""

    __slots__ = ("_data",)

    def __init__(self, data: bytes) -> None:
        self._data = data

    @property
    def left(self) -> int:
        return len(self._data)

    def skip(self, count: int) -> bytes:
        if len(self._data) < count:
            raise NotTLSError("a ClientHello that is cut short")
        taken, self._data = self._data[:count], self._data[count:]
        return taken

    def number(self, size: int) -> int:
        return int.from_bytes(self.skip(size), "big")

    def vector(self, size: int) -> bytes:
        return self.skip(self.number(size))
