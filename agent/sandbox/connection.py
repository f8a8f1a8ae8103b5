"""The server's end of the connection to the gateway: frames in, frames out, never waiting."""

import _socket

from agent.pid1 import libc
from agent.sandbox import wire
from agent.sandbox.protocol import HEADER_BYTES, body_length, pack

_CHUNK = 64 * 1024
# With more than this unsent, the gateway gets no new work done until it has taken the answers.
_BACKLOG_BYTES = 4 * 1024 * 1024
_LARGE = 512 * 1024


class ClosedError(Exception):
    """The gateway has gone."""


class Connection:
    """One connection; `connect` raises OSError when no gateway listens."""

    __slots__ = ("_incoming", "_outgoing", "_socket", "_was_large")

    def __init__(self, path: str) -> None:
        self._socket = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
        self._socket.setblocking(False)
        self._incoming = bytearray()
        self._outgoing = bytearray()
        self._was_large = False
        try:
            self._socket.connect(path)
        except OSError:
            self._socket.close()
            raise

    def fileno(self) -> int:
        """The descriptor to wait on."""
        return self._socket.fileno()

    def close(self) -> None:
        """End the connection; what is unsent is lost."""
        self._socket.close()

    def wants_to_write(self) -> bool:
        """Whether something is unsent."""
        return bool(self._outgoing)

    def wants_to_read(self) -> bool:
        """Whether new requests are welcome."""
        return len(self._outgoing) < _BACKLOG_BYTES

    def send(self, body: bytes) -> None:
        """Queue a frame for `flush`."""
        self._outgoing += pack(body)
        self._was_large |= len(self._outgoing) > _LARGE

    def flush(self) -> None:
        """Send what the socket takes."""
        try:
            while self._outgoing:
                sent = self._socket.send(memoryview(self._outgoing)[:_CHUNK])
                del self._outgoing[:sent]
        except BlockingIOError:
            return
        except OSError as error:
            raise ClosedError from error
        if self._was_large:
            self._was_large = False
            libc.return_free_memory()

    def receive(self) -> list[dict[str, object]]:
        """The messages that have arrived; MalformedError or ClosedError when the connection is over."""
        try:
            data = self._socket.recv(_CHUNK)
        except BlockingIOError:
            return []
        except OSError as error:
            raise ClosedError from error
        if not data:
            raise ClosedError
        self._incoming += data
        messages = []
        while (body := self._take_body()) is not None:
            messages.append(wire.loads(body))
            self._was_large |= len(body) > _LARGE
        return messages

    def _take_body(self) -> bytes | None:
        if len(self._incoming) < HEADER_BYTES:
            return None
        end = HEADER_BYTES + body_length(bytes(self._incoming[:HEADER_BYTES]))
        if len(self._incoming) < end:
            return None
        body = bytes(self._incoming[HEADER_BYTES:end])
        del self._incoming[:end]
        return body
