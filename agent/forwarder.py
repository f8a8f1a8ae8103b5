"""The loopback forwarder: what listens on 127.0.0.1:3128 in a container without a network.

Ordinary clients (`HTTPS_PROXY=http://127.0.0.1:3128`) speak TCP; the egress proxy listens on a Unix socket. Each
connection to the one is carried to the other. Nothing of it is looked at here: whoever runs in this container could go
to the Unix socket by itself. Either a process of its own (`python3 -ISOO .../forwarder.py SOCKET [PORT]`), or part of
another one's event loop: `Forwarder(...).fileno()` is readable when `turn()` has something to do.

Standard library only, and little of it: `socket` and `selectors` would cost a megabyte each.
"""

import sys
from _socket import AF_INET, AF_UNIX, IPPROTO_TCP, SHUT_WR, SO_REUSEADDR, SOCK_STREAM, SOL_SOCKET, TCP_NODELAY, socket
from select import EPOLLERR, EPOLLHUP, EPOLLIN, EPOLLOUT, epoll

HOST, PORT = "127.0.0.1", 3128
CONNECTIONS = 64

# A direction that stalls holds one; 64 connections at worst 2 MB.
_CHUNK = 16 * 1024
_BACKLOG = 64
_LINGERING = 8
_READ = EPOLLIN | EPOLLHUP | EPOLLERR
_WRITE = EPOLLOUT | EPOLLHUP | EPOLLERR

_USAGE = "usage: python3 -ISOO forwarder.py SOCKET [PORT]\n"
_DOWN = b"The egress proxy is not there: the container picoclaw is down or busy, try again shortly"
_ANSWER = b"HTTP/1.1 502 %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s\n" % (_DOWN, len(_DOWN) + 1, _DOWN)


class Forwarder:
    """Carries connections from a loopback port to a Unix socket; OSError when it cannot listen."""

    __slots__ = ("_buffer", "_epoll", "_limit", "_lingering", "_listener", "_listening", "_pairs", "_path")

    def __init__(self, path: str, port: int = PORT, limit: int = CONNECTIONS) -> None:
        self._path = path
        self._limit = limit
        self._buffer = memoryview(bytearray(_CHUNK))
        self._pairs: dict[int, _Pair] = {}  # each under both of its descriptors
        self._lingering: list[_Pair] = []
        self._listener = socket(AF_INET, SOCK_STREAM)
        self._listener.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
        self._listener.setblocking(False)
        self._listener.bind((HOST, port))
        self._listener.listen(_BACKLOG)
        self._epoll = epoll()
        self._epoll.register(self._listener.fileno(), EPOLLIN)
        self._listening = True

    def fileno(self) -> int:
        """What to wait on; an epoll descriptor can itself be polled."""
        return self._epoll.fileno()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._listener.getsockname()[1])

    def turn(self, timeout: float | None = 0) -> None:
        """Wait at most `timeout` seconds (None: for ever) and do what can be done."""
        accept = False
        for fd, events in self._epoll.poll(timeout):
            if fd == self._listener.fileno():
                accept = True
            elif fd in self._pairs:
                self._ready(self._pairs[fd], fd, events)
        # Last, for a new connection may get the number of one that was closed by an event before.
        if accept:
            self._accept()

    def close(self) -> None:
        """Drop everything."""
        for pair in set(self._pairs.values()):
            self._drop(pair)
        self._listener.close()
        self._epoll.close()

    def _accept(self) -> None:
        if len(self._pairs) >= 2 * self._limit and self._lingering:
            self._drop(self._lingering[0])
        try:
            fd = self._listener._accept()[0]  # type: ignore[attr-defined]  # noqa: SLF001 - what socket.accept is made of
        except BlockingIOError:
            return
        except OSError:
            # Out of descriptors: wait until a connection ends, when one of ours can.
            self._listen(not self._pairs)
            return
        client = socket(fileno=fd)
        client.setblocking(False)
        client.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
        proxy = self._connect()
        pair = _Pair(client, proxy)
        self._pairs[client.fileno()] = pair
        if proxy is None:
            self._linger(pair, _ANSWER)
        else:
            self._pairs[proxy.fileno()] = pair
            self._watch(pair)
        self._listen(len(self._pairs) < 2 * self._limit or bool(self._lingering))

    def _connect(self) -> "socket | None":
        proxy = None
        try:
            proxy = socket(AF_UNIX, SOCK_STREAM)
            proxy.setblocking(False)
            proxy.connect(self._path)
        except OSError:
            if proxy is not None:
                proxy.close()
            return None
        return proxy

    def _ready(self, pair: "_Pair", fd: int, events: int) -> None:
        try:
            over = pair.ready(fd, events, self._buffer)
        except BlockingIOError:
            over = False
        except (OSError, MemoryError):
            over = True
        if over:
            self._drop(pair)
        elif pair.proxy_is_gone and not pair.lingering:
            self._linger(pair, b"")
        else:
            self._watch(pair)

    def _linger(self, pair: "_Pair", last_words: bytes) -> None:
        """Read on until the client closes: closing before it would reset the connection, with the answer in it."""
        if pair.proxy is not None:
            self._forget(pair.proxy)
        pair.linger()
        self._lingering.append(pair)
        if len(self._lingering) > _LINGERING:
            self._drop(self._lingering[0])
        try:
            if last_words:
                pair.client.send(last_words)
            pair.client.shutdown(SHUT_WR)
        except OSError:
            self._drop(pair)
            return
        self._watch(pair)

    def _watch(self, pair: "_Pair") -> None:
        for end in (pair.client, pair.proxy):
            if end is not None:
                events = pair.interest(end)
                if events == pair.watched.get(end.fileno()):
                    continue
                try:
                    self._change(end.fileno(), pair.watched.get(end.fileno()), events)
                except OSError:
                    # Whoever shares this uid can use up the kernel's watches; that must not end who forwards.
                    self._drop(pair)
                    return
                pair.watched[end.fileno()] = events

    def _change(self, fd: int, before: int | None, events: int | None) -> None:
        if events is None:
            self._epoll.unregister(fd)
        elif before is None:
            self._epoll.register(fd, events)
        else:
            self._epoll.modify(fd, events)

    def _drop(self, pair: "_Pair") -> None:
        if pair in self._lingering:
            self._lingering.remove(pair)
        for end in (pair.client, pair.proxy):
            if end is not None:
                self._forget(end)
        self._listen(True)

    def _forget(self, end: socket) -> None:
        self._pairs.pop(end.fileno(), None)
        end.close()  # which takes it out of the epoll set as well

    def _listen(self, wanted: bool) -> None:
        if wanted != self._listening:
            self._listening = wanted
            self._epoll.modify(self._listener.fileno(), EPOLLIN * wanted)  # which, unlike registering, cannot fail


class _Pair:
    """A client's connection and the one to the proxy that belongs to it."""

    __slots__ = ("client", "down", "lingering", "proxy", "proxy_is_gone", "up", "watched")

    def __init__(self, client: socket, proxy: "socket | None") -> None:
        self.client = client
        self.proxy = proxy
        self.up = _Way(client, proxy or client)
        self.down = _Way(proxy or client, client)
        self.proxy_is_gone = False
        self.lingering = False
        self.watched: dict[int, int | None] = {}

    def ready(self, fd: int, events: int, buffer: memoryview) -> bool:
        """React to what epoll says of one end; True when the pair is over, OSError but BlockingIOError likewise."""
        if self.lingering:
            return not self.client.recv_into(buffer)
        is_client = fd == self.client.fileno()
        outgoing, incoming = (self.down, self.up) if is_client else (self.up, self.down)
        if events & _WRITE and outgoing.pending:
            outgoing.flush()
        if events & _READ and incoming.hungry:
            incoming.carry(buffer)
        if self.down.broken:
            return True
        # With HUP it has closed, and not only sent its last: nothing that the client says can be heard any more.
        self.proxy_is_gone = not is_client and self.down.done and bool(events & EPOLLHUP)
        return self.up.done and self.down.done

    def interest(self, end: socket) -> int | None:
        """The events to watch an end for; None for not even its hanging up, which epoll reports again and again."""
        if self.lingering:
            return EPOLLIN
        outgoing, incoming = (self.down, self.up) if end is self.client else (self.up, self.down)
        events = EPOLLIN * incoming.hungry | EPOLLOUT * bool(outgoing.pending)
        waits_for_hangup = end is self.proxy and self.down.done
        return events if events or waits_for_hangup else None

    def linger(self) -> None:
        """From now on the client is only read."""
        self.proxy = None
        self.lingering = True


class _Way:
    """One direction, with at most one chunk that its sink would not take yet."""

    __slots__ = ("broken", "done", "pending", "sink", "source")

    def __init__(self, source: socket, sink: socket) -> None:
        self.source = source
        self.sink = sink
        self.pending = b""
        self.done = False
        self.broken = False

    @property
    def hungry(self) -> bool:
        """Whether the source is to be read."""
        return not self.done and not self.pending

    def carry(self, buffer: memoryview) -> None:
        """Take one chunk from the source to the sink; OSError when there is none or the source is broken."""
        count = self.source.recv_into(buffer)
        if count:
            self.pending = bytes(buffer[self._send(buffer[:count]) : count])
            if self.done:
                self.pending = b""
        else:
            self.done = True
            self.sink.shutdown(SHUT_WR)

    def flush(self) -> None:
        """Send what is pending."""
        sent = self._send(memoryview(self.pending))
        self.pending = b"" if self.done else self.pending[sent:]

    def _send(self, data: memoryview) -> int:
        try:
            return self.sink.send(data)
        except BlockingIOError:
            return 0
        except OSError:
            self.done = self.broken = True
            return 0


def main(arguments: list[str]) -> int:
    """Forward until the process is killed; the exit code when it cannot begin."""
    path, port = (*arguments, str(PORT))[:2] if 1 <= len(arguments) <= 2 else ("", "")
    if not path or not port.isdecimal():
        sys.stderr.write(_USAGE)
        return 2
    try:
        forwarder = Forwarder(path, int(port))
    except (OSError, OverflowError) as error:
        sys.stderr.write(f"forwarder: cannot listen on {HOST}:{port}: {error}; is another one running?\n")
        return 1
    while True:
        forwarder.turn(None)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
