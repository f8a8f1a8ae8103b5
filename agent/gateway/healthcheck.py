"""The gateway container's health check: asks /health, prints its answer, exits 0 or 1.

Docker starts it every few seconds, so it imports next to nothing.
"""

import sys
from _socket import AF_INET, SOCK_STREAM, socket

HOST, PORT = "127.0.0.1", 18790


def main() -> int:
    """0 when the gateway says that it is healthy."""
    connection = socket(AF_INET, SOCK_STREAM)
    connection.settimeout(4)
    try:
        connection.connect((HOST, PORT))
        connection.send(b"GET /health HTTP/1.1\r\n\r\n")
        answer = connection.recv(4096)
    except OSError as error:
        print(f"the gateway does not answer: {error}")
        return 1
    head, _, body = answer.partition(b"\r\n\r\n")
    print(body.decode(errors="replace").strip())
    return 0 if head.startswith(b"HTTP/1.1 200 ") else 1


if __name__ == "__main__":
    sys.exit(main())
