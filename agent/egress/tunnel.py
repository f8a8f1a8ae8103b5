"""Both directions between two connected sockets, each with at most one chunk in memory.

Plain readiness callbacks instead of asyncio's streams: those keep some 200 KB for every direction that stalls, and
allocate each chunk anew. Here all tunnels of a proxy read into one buffer; what a sink would not take is the only copy,
and its source is not read again before that is sent.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable

from agent.egress.policy import Limits

CHUNK = 64 * 1024


class Tunnel:
    """Carries bytes between client and upstream until both are done or a limit is met.

    Args:
        client: non-blocking socket of the client.
        upstream: likewise, of the host it asked for.
        limits: those of the client.
        buffer: CHUNK bytes, shared by all tunnels of the thread.
    """

    def __init__(self, client: socket.socket, upstream: socket.socket, limits: Limits, buffer: memoryview) -> None:
        self._limits = limits
        self._loop = asyncio.get_running_loop()
        self._over: asyncio.Future[str] = self._loop.create_future()
        self._started = self._last = time.monotonic()
        self._up = _Way(self._loop, client, upstream, buffer, self._progress)
        self._down = _Way(self._loop, upstream, client, buffer, self._progress)

    @property
    def up(self) -> int:
        """Bytes that the upstream has taken."""
        return self._up.count

    @property
    def down(self) -> int:
        """Bytes that the client has taken."""
        return self._down.count

    async def run(self, early: bytes) -> str:
        """Carry until the end; `early` is what the client has sent already. Why it ended, "" when both were done."""
        watch = self._loop.create_task(self._watch())
        try:
            self._up.start(early)
            self._down.start(b"")
            return await self._over
        finally:
            watch.cancel()
            self._up.stop()
            self._down.stop()

    async def _watch(self) -> None:
        """Ends the tunnel when nothing has moved for too long; one timer a tunnel, whatever it carries."""
        limits = self._limits
        while True:
            patience = limits.half_closed_s if self._up.done or self._down.done else limits.idle_s
            now = time.monotonic()
            idle_left = self._last + patience - now
            time_left = self._started + limits.tunnel_s - now
            if idle_left <= 0:
                self._end(f"idle for {patience:g} s")
            elif time_left <= 0:
                self._end(f"open for {limits.tunnel_s:g} s")
            await asyncio.sleep(max(0.01, min(idle_left, time_left, limits.half_closed_s)))

    def _progress(self, problem: str) -> None:
        self._last = time.monotonic()
        if problem:
            self._end(problem)
        elif self.up + self.down >= self._limits.tunnel_bytes:
            self._end(f"more than {self._limits.tunnel_bytes} bytes")
        elif self._up.done and self._down.done:
            self._end("")

    def _end(self, why: str) -> None:
        if not self._over.done():
            self._over.set_result(why)


class _Way:
    """One direction; half-closed when its source has ended and all of it is sent."""

    __slots__ = ("_buffer", "_loop", "_pending", "_progress", "_sink", "_source", "count", "done")

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        source: socket.socket,
        sink: socket.socket,
        buffer: memoryview,
        progress: Callable[[str], None],
    ) -> None:
        self._loop = loop
        self._source = source
        self._sink = sink
        self._buffer = buffer
        self._progress = progress
        self._pending = memoryview(b"")
        self.count = 0
        self.done = False

    def start(self, early: bytes) -> None:
        """Send what came early, then carry."""
        self._pending = memoryview(early)
        if early:
            self._loop.add_writer(self._sink, self._writable)
        else:
            self._loop.add_reader(self._source, self._readable)

    def stop(self) -> None:
        """Carry nothing any more."""
        self._loop.remove_reader(self._source)
        self._loop.remove_writer(self._sink)
        self._pending = memoryview(b"")

    def _readable(self) -> None:
        try:
            count = self._source.recv_into(self._buffer)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._progress(f"connection lost: {error.strerror}")
            return
        if count == 0:
            self._finish()
            return
        sent = self._send(self._buffer[:count])
        if sent < count and not self.done:
            self._pending = memoryview(bytes(self._buffer[sent:count]))
            self._loop.remove_reader(self._source)
            self._loop.add_writer(self._sink, self._writable)
        self._progress("")

    def _writable(self) -> None:
        sent = self._send(self._pending)
        if sent < len(self._pending):
            self._pending = self._pending[sent:]
        elif not self.done:
            self._pending = memoryview(b"")  # an empty slice would keep the chunk
            self._loop.remove_writer(self._sink)
            self._loop.add_reader(self._source, self._readable)
        self._progress("")

    def _send(self, data: memoryview) -> int:
        try:
            sent = self._sink.send(data)
        except (BlockingIOError, InterruptedError):
            return 0
        except OSError:
            # The other way goes on: an answer may be waiting that was sent before this side was closed.
            self.stop()
            self.done = True
            return 0
        self.count += sent
        return sent

    def _finish(self) -> None:
        self._loop.remove_reader(self._source)
        self.done = True
        try:
            self._sink.shutdown(socket.SHUT_WR)
        except OSError:
            self._progress("connection lost")
            return
        self._progress("")
