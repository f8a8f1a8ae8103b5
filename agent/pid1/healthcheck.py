"""The health check of a container: ask its main process how it is, print its one line, exit 0 when it answers.

Run as a script, every half minute: it imports nothing but the socket module's C core. The address is abstract, in the
network namespace that the container shares with nobody: what PID 1 holds there, no other process can replace.
"""

import _socket
import sys

ADDRESS = "\0picoclaw-health"
# How the line begins when the server serves.
WELL = "ok: "
_PATIENCE_S = 4
_PATIENCE = _PATIENCE_S.to_bytes(8, sys.byteorder) + bytes(8)  # a struct timeval
_SERVER_PID = 1
_CREDENTIALS_BYTES = 12


def ask() -> str:
    """The server's one line about itself; OSError when it does not answer."""
    connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    # The kernel's own timeouts: with Python's, a connection to a busy server fails at once instead of waiting its turn.
    for option in (_socket.SO_SNDTIMEO, _socket.SO_RCVTIMEO):
        connection.setsockopt(_socket.SOL_SOCKET, option, _PATIENCE)
    connection.connect(ADDRESS)
    credentials = connection.getsockopt(_socket.SOL_SOCKET, _socket.SO_PEERCRED, _CREDENTIALS_BYTES)
    if int.from_bytes(credentials[:4], sys.byteorder) != _SERVER_PID:
        raise OSError("another process than PID 1 answers in its place")
    line = connection.recv(2000).decode("utf-8", "replace").strip()  # it may end within a character
    if not line:
        raise OSError("it closed the connection without an answer")
    return line


def main() -> int:
    """The exit code of the health check."""
    try:
        line = ask()
    except OSError as error:
        sys.stdout.write(f"the main process does not answer: {error.strerror or error}\n")
        return 1
    sys.stdout.write(f"{line}\n")
    return 0 if line.startswith(WELL) else 1


if __name__ == "__main__":
    sys.exit(main())
