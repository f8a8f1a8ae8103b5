"""The listening socket while no worker runs: who asks only for health is answered here, the rest wakes the worker."""

import _json
import _socket
import os
import time

from agent.pid1.healthcheck import WELL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from agent.cgroup import Cgroup
    from agent.pid1.poll import Poll

_BACKLOG = 128
_HEALTH = b"GET /health "
# The gateway is the only client; more connections than this at once wait in the backlog.
_MOST = 32
# A refused client may still be sending its request: closing at once could cost it the answer.
_DRAIN_S = 5.0
_DRAIN_BYTES = 65536
_PHRASES = {200: "OK", 503: "Service Unavailable"}


def clear(folder: str) -> None:
    """Remove what lies there, however deep: it outlives the container, and a worker gone bad may have left anything.

    What cannot be removed is left for `listen` to fail at.
    """
    try:
        names = os.listdir(folder)  # noqa: PTH208
        while names:
            names += _remove(folder, names.pop())
    except OSError:
        return


def _remove(folder: str, name: str) -> list[str]:
    """Remove a file, or an emptied folder: what was in it lies beside it then, under these names."""
    path, lifted = f"{folder}/{name}", []
    try:
        os.unlink(path)  # noqa: PTH108
    except IsADirectoryError:
        os.chmod(path, 0o700)  # noqa: PTH101
        for inner in os.listdir(path):  # noqa: PTH208
            # A path of all the folders at once may be longer than the kernel takes.
            lifted.append(f".{os.urandom(8).hex()}")
            os.rename(f"{path}/{inner}", f"{folder}/{lifted[-1]}")  # noqa: PTH104
        os.rmdir(path)  # noqa: PTH106
    return lifted


def listen(path: str) -> _socket.socket:
    """A socket listening at `path`; what an earlier container left there is replaced. Raises OSError."""
    if os.path.lexists(path):
        os.unlink(path)  # noqa: PTH108
    listener = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    listener.setblocking(False)
    mask = os.umask(0o177)
    try:
        listener.bind(path)
    finally:
        os.umask(mask)
    listener.listen(_BACKLOG)
    return listener


def answer(status: int, body: str, retry_after: int = 0) -> bytes:
    """A whole HTTP response with a JSON body."""
    head = [f"HTTP/1.1 {status} {_PHRASES[status]}", "Content-Type: application/json", "Connection: close"]
    head += [f"Content-Length: {len(body)}"] + [f"Retry-After: {retry_after}"] * (retry_after > 0)
    return "\r\n".join([*head, "", body]).encode("ascii")


def health(line: str, cgroup: "Cgroup") -> bytes:
    """The answer to `GET /health`, in JSON: the line that Docker's health check gets, and bytes of memory."""
    well = line.startswith(WELL)
    detail = _json.encode_basestring_ascii(line.removeprefix(WELL))
    memory = f'"memory":{cgroup.memory()},"memory_limit":{cgroup.memory_limit or 0}'
    return answer(200 if well else 503, f'{{"status":"{"ok" if well else "failing"}","detail":{detail},{memory}}}')


def refusal(why: str, code: str, retry_after: int = 0) -> bytes:
    """The answer to a request that cannot be served now, in OpenAI's form."""
    message, code = _json.encode_basestring_ascii(why), _json.encode_basestring_ascii(code)
    return answer(503, f'{{"error":{{"message":{message},"type":"server_error","code":{code}}}}}', retry_after)


class Front:
    """Accepts while it is open; `on_request` is called with the first bytes of whatever is no health question.

    It either answers by `reply` or empties the front by `hand_over`.
    """

    __slots__ = ("_cgroup", "_deadlines", "_listener", "_on_request", "_open", "_poll", "_status", "_waiting")

    def __init__(
        self,
        poll: "Poll",
        listener: _socket.socket,
        on_request: "Callable[[_socket.socket], None]",
        status: "Callable[[], str]",
        cgroup: "Cgroup",
    ) -> None:
        self._poll = poll
        self._listener = listener
        self._on_request = on_request
        self._status = status
        self._cgroup = cgroup
        self._open = False
        self._waiting: dict[int, _socket.socket] = {}
        self._deadlines: dict[int, float] = {}

    def open(self) -> None:
        """Accept from now on."""
        if not self._open:
            self._open = True
            self._poll.watch(self._listener.fileno(), self._accept)

    def hand_over(self) -> list[_socket.socket]:
        """Stop accepting; the connections that wait for an answer, now the caller's."""
        if self._open:
            self._open = False
            self._poll.unwatch(self._listener.fileno())
        handed = [fd for fd in self._waiting if fd not in self._deadlines]
        for fd in handed:
            self._poll.unwatch(fd)
        return [self._waiting.pop(fd) for fd in handed]

    def reply(self, connection: _socket.socket, response: bytes) -> None:
        """Answer, and let the client finish what it is sending."""
        try:
            connection.send(response)
            connection.shutdown(_socket.SHUT_WR)
        except OSError:
            self._drop(connection.fileno())
            return
        self._deadlines[connection.fileno()] = time.monotonic() + _DRAIN_S

    def tick(self, now: float) -> None:
        """Drop those who took too long to take their answer."""
        for fd in [fd for fd, deadline in self._deadlines.items() if now >= deadline]:
            self._drop(fd)

    def wake_at(self) -> float | None:
        """When `tick` is due."""
        return min(self._deadlines.values(), default=None)

    def _accept(self) -> None:
        # One at a time: the first request hands everything over, and the rest is then the worker's to accept.
        if len(self._waiting) >= _MOST:
            self._drop(next(iter(self._waiting)))
        try:
            fd, _ = self._listener._accept()  # type: ignore[attr-defined]  # noqa: SLF001 - accept() is in `socket`
        except OSError:
            return
        connection = _socket.socket(fileno=fd)
        connection.setblocking(False)
        self._waiting[fd] = connection
        self._poll.watch(fd, lambda: self._ready(fd))

    def _ready(self, fd: int) -> None:
        connection = self._waiting[fd]
        draining = fd in self._deadlines
        try:
            start = connection.recv(_DRAIN_BYTES) if draining else connection.recv(len(_HEALTH), _socket.MSG_PEEK)
        except BlockingIOError:
            return
        except OSError:
            start = b""
        if not start:
            self._drop(fd)
        elif not draining and start == _HEALTH:
            self.reply(connection, health(self._status(), self._cgroup))
        elif not draining:
            self._on_request(connection)

    def _drop(self, fd: int) -> None:
        self._poll.unwatch(fd)
        self._waiting.pop(fd).close()
        self._deadlines.pop(fd, None)
