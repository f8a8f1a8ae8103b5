"""The process behind the `internet` namespace: DNS, relays to the package mirrors, and the target of hostile probes.

Its listening sockets are made inside the namespace; the process itself stays in the machine's, from where the relays
connect to the mirrors. So the lab host needs no route to anything real.
"""

import asyncio
import ctypes
import json
import os
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import click

from tests.lab.dns import Resolver
from tests.lab.internet import Internet
from tests.lab.network import PROBE_PORT, namespace_file
from tests.lab.streams import probe_target, relay_to

_CLONE_NEWNET = 0x40000000


class JsonLines:
    """A journal in a file: one JSON object a line, each with the time."""

    def __init__(self, path: Path) -> None:
        """Appends to `path`."""
        self._file = path.open("a", buffering=1, encoding="utf-8")

    def __call__(self, entry: Mapping[str, object]) -> None:
        """Writes one entry."""
        print(json.dumps({"time": time.time(), **entry}), file=self._file)


@contextmanager
def inside(namespace: str) -> Iterator[None]:
    """Puts this thread into a network namespace for a while; sockets made meanwhile stay there."""
    with Path("/proc/self/ns/net").open("rb") as home, namespace_file(namespace).open("rb") as away:
        _set_namespace(away.fileno())
        try:
            yield
        finally:
            _set_namespace(home.fileno())


def _set_namespace(descriptor: int) -> None:
    # os.setns is new in Python 3.12.
    if ctypes.CDLL(None, use_errno=True).setns(descriptor, _CLONE_NEWNET) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def _listener(address: str, port: int) -> socket.socket:
    return socket.create_server((address, port), backlog=128)


def _datagram_socket(address: str, port: int) -> socket.socket:
    # Bound to one address, because a reply from a socket bound to all may leave with another one than was asked.
    endpoint = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    endpoint.bind((address, port))
    return endpoint


async def serve(internet: Internet, folder: Path, ready: int) -> None:
    """Serves until cancelled; writes a byte to the descriptor `ready` once everything listens."""
    resolver = partial(Resolver, internet.names, JsonLines(folder / "dns.jsonl"))
    with inside(internet.namespace):
        datagrams = [_datagram_socket(address, 53) for address in internet.resolvers]
        relays = [(relay_to(relay.host, relay.port), _listener(relay.address, relay.port)) for relay in internet.relays]
        streams = [
            (resolver().serve_stream, _listener("", 53)),
            (probe_target(JsonLines(folder / "probes.jsonl")), _listener("", PROBE_PORT)),
            *relays,
        ]
    for endpoint in datagrams:
        await asyncio.get_running_loop().create_datagram_endpoint(resolver, sock=endpoint)
    servers = [await asyncio.start_server(handler, sock=listener) for handler, listener in streams]
    os.write(ready, b".")
    os.close(ready)
    await asyncio.gather(*(server.serve_forever() for server in servers))


@click.command()
@click.option("--lab", "folder", type=click.Path(path_type=Path), required=True, help="The lab's folder.")
@click.option("--ready-fd", type=int, required=True, help="Where to write a byte once everything listens.")
def main(folder: Path, ready_fd: int) -> None:
    """Serves one lab's `internet` namespace."""
    asyncio.run(serve(Internet.load(folder / "internet.json"), folder, ready_fd))


if __name__ == "__main__":
    main()
