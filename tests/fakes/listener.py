"""A listening TCP socket under one's own control: its connections can be served, ignored, reset or refused.

asyncio's own server hands a connection over only after the TLS handshake, too late to play a host that accepts
and then says nothing; so the accepting is done here.
"""

import asyncio
import asyncio.trsock
import contextlib
import socket
import ssl
import struct
from collections.abc import Callable

from tests.fakes.wire import NetworkMode

_LINGER_NOTHING = struct.pack("ii", 1, 0)


def reset(connection: socket.socket | asyncio.trsock.TransportSocket) -> None:
    """Makes closing the socket send RST instead of FIN."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOTHING)


class Listener:
    """Serves connections by `protocol_factory`; `port` is the real one after `start`."""

    def __init__(
        self, protocol_factory: Callable[[], asyncio.Protocol], address: str, port: int, tls: ssl.SSLContext | None
    ) -> None:
        """Nothing listens before `start`."""
        self.address = address
        self.port = port
        self._factory = protocol_factory
        self._tls = tls
        self._mode: NetworkMode = "ok"
        self._socket: socket.socket | None = None
        self._opening: set[asyncio.Task[None]] = set()
        self._ignored: list[socket.socket] = []

    async def start(self) -> None:
        """Begins to listen; raises OSError."""
        listening = socket.create_server((self.address, self.port), backlog=128)
        listening.setblocking(False)
        self.port = listening.getsockname()[1]
        self._socket = listening
        asyncio.get_running_loop().add_reader(listening, self._accept, listening)

    async def close(self) -> None:
        """Stops listening and drops what was only ignored; served connections belong to the protocol's server."""
        self._stop_listening()
        for task in tuple(self._opening):
            task.cancel()
        await asyncio.gather(*self._opening, return_exceptions=True)
        self._drop_ignored()

    async def set_mode(self, mode: NetworkMode) -> None:
        """Changes what new connections meet."""
        before, self._mode = self._mode, mode
        if mode == "refuse":
            self._stop_listening()
        elif before == "refuse":
            await self.start()
        if mode in ("reset", "refuse"):
            self._drop_ignored()

    def _stop_listening(self) -> None:
        if self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()
            self._socket = None

    def _accept(self, listening: socket.socket) -> None:
        try:
            connection, _ = listening.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        connection.setblocking(False)
        if self._mode == "silence":
            self._ignored.append(connection)
        elif self._mode == "reset":
            reset(connection)
            connection.close()
        else:
            task = asyncio.create_task(self._open(connection))
            self._opening.add(task)
            task.add_done_callback(lambda ended: self._opened(ended, connection))

    def _opened(self, task: asyncio.Task[None], connection: socket.socket) -> None:
        """One that was cancelled before it began has closed nothing."""
        self._opening.discard(task)
        if task.cancelled():
            connection.close()

    async def _open(self, connection: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        with contextlib.suppress(OSError):
            # a client that distrusts the certificate or goes away fails here: its affair, not ours
            await loop.connect_accepted_socket(self._factory, connection, ssl=self._tls)

    def _drop_ignored(self) -> None:
        for connection in self._ignored:
            reset(connection)
            connection.close()
        self._ignored.clear()
