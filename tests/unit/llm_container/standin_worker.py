"""In litellm's place: a worker of the parent that answers on plain sockets and does, on request, what goes wrong.

    python standin_worker.py LISTENING HEARTBEAT [CONNECTION ...]

`POST /who` answers its pid; `/crash`, `/kill`, `/leave`, `/deaf`, `/slow` do what they say; a file `broken` beside this
one's marker directory makes it end at once.
"""

import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

_TROUBLE: dict[str, Callable[[], None]] = {
    "/crash": lambda: os._exit(3),
    "/kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
}


def main(folder: Path, listening: int, heartbeat: int, connections: list[int]) -> None:
    """Serve until told to leave."""
    if (folder / "broken").exists():
        sys.exit(7)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    listener = socket.socket(fileno=listening)
    waiting = [socket.socket(fileno=fd) for fd in connections]
    os.write(heartbeat, b".")
    while True:
        for connection in waiting:
            connection.settimeout(5)
            _answer(connection, heartbeat)
        readable, _, _ = select.select([listener], [], [], 0.2)
        waiting = [listener.accept()[0]] if readable else []
        os.write(heartbeat, b".")


def _answer(connection: socket.socket, heartbeat: int) -> None:
    path = connection.recv(65536).split(b" ")[1].decode()
    if path in _TROUBLE:
        _TROUBLE[path]()
    if path == "/slow":
        time.sleep(0.5)
    if path == "/deaf":
        time.sleep(600)
    body = f"{os.getpid()} {os.getppid()} {sorted(os.environ)} {os.listdir('/proc/self/fd')}".encode()  # noqa: PTH208
    connection.send(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    connection.close()
    if path == "/leave":
        os.close(heartbeat)
        sys.exit(0)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), [int(fd) for fd in sys.argv[4:]])
