"""What the gateway and the sandbox server agree on: framing, operations and ceilings. Standard library only.

A frame is a 4-byte big-endian length and a UTF-8 JSON object of that many bytes. The gateway listens, the sandbox
connects and greets; then the gateway sends requests and the sandbox answers each by its id, in any order.
"""

PROTOCOL = 1
HELLO = "picoclaw-sandbox"

SOCKET_PATH = "/run/sandbox/gateway.sock"
# Beside it, when commands may reach something: the egress proxy and, if the owner has a certificate authority of their
# own, every root that commands trust.
PROXY_SOCKET = "proxy.sock"
ROOTS = "ca.pem"
WORKSPACE = "/workspace"

HEADER_BYTES = 4
MAX_FRAME = 8 * 1024 * 1024

FILE_OPS = ("read", "write", "edit", "list", "get", "put", "drop")

# More at a time would not fit in 64 processes and 128 MB anyway.
MAX_JOBS = 8
MAX_TIMEOUT_S = 3600.0
FILE_DEADLINE_S = 30.0
# The kernel's MAX_ARG_STRLEN: no single argument of a program can be longer.
MAX_COMMAND_BYTES = 32 * 4096 - 1
OUTPUT_HEAD = 16 * 1024
OUTPUT_TAIL = 16 * 1024
READ_LINES = 2000
READ_BYTES = 256 * 1024
LIST_ENTRIES = 1000
# Of a file that is carried from one side to the other; base64 makes it a third more.
PIECE_BYTES = 512 * 1024


class MalformedError(Exception):
    """The peer sent something that is not a frame of this protocol; the connection must be closed."""


def pack(body: bytes) -> bytes:
    """One frame, ready to send."""
    return len(body).to_bytes(HEADER_BYTES, "big") + body


def body_length(header: bytes) -> int:
    """The length that a frame's header announces; MalformedError when no frame can have it."""
    length = int.from_bytes(header, "big")
    if not 2 <= length <= MAX_FRAME:
        raise MalformedError(f"a frame of {length} bytes; 2 to {MAX_FRAME} are possible")
    return length
