"""Where the health check asks the main process how it is."""

import _socket

from agent.pid1.healthcheck import ADDRESS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_BACKLOG = 16


class HealthSocket:
    """Answers each connection with one line and closes it; `status` gives the line."""

    __slots__ = ("_socket", "_status")

    def __init__(self, status: "Callable[[], str]", address: str = ADDRESS) -> None:
        self._status = status
        self._socket = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
        self._socket.setblocking(False)
        self._socket.bind(address)
        self._socket.listen(_BACKLOG)

    def fileno(self) -> int:
        """The descriptor to wait on."""
        return self._socket.fileno()

    def answer(self) -> None:
        """Answer those who wait, a backlog's worth at a time so that a flood of them starves nobody."""
        for _ in range(_BACKLOG):
            try:
                fd, _ = self._socket._accept()  # type: ignore[attr-defined]  # noqa: SLF001 - accept() is in `socket`
            except OSError:
                return
            asker = _socket.socket(fileno=fd)
            try:
                asker.send(f"{self._status()}\n".encode(), _socket.MSG_DONTWAIT)
            except OSError:
                continue
            finally:
                asker.close()
