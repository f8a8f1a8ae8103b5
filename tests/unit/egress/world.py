"""A small internet of the test's own: a network namespace with global addresses, names, sites with TLS, and a proxy.

Nothing can leave it: the namespace has a loopback interface and no route. Needs root.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from concurrent.futures import Future
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from agent import forwarder
from agent.egress import rules
from agent.egress.policy import Limits, Policy
from agent.egress.proxy import EgressProxy
from agent.store.audit import EgressRecord
from tests.lab.authority import Authority

SITE, OTHER_SITE = "93.184.216.34", "151.101.1.63"
SITE_6 = "2606:2800:220:1:248:1893:25c8:1946"
HOME = "192.168.1.20"
PORT = 11434

_CLONE_NEWNET = 0x40000000

Connected = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@cache
def authority() -> Authority:
    """One certificate authority for all tests."""
    return Authority.create("egress tests")


def policy(*entries: str, client: str = "sandbox", **limits: Any) -> Policy:
    """A client's policy with the allow-list `entries`."""
    return Policy(
        client, tuple(rules.parse(entry, "sandbox.allow_hosts") for entry in entries), limits=Limits(**limits)
    )


def run(scenario: Callable[[World], Awaitable[None]], directory: Path) -> None:
    """Run a scenario in a network namespace of its own (namespaces belong to threads) and wait for its end."""
    if os.geteuid() != 0 or shutil.which("ip") is None:
        pytest.skip("needs root and ip (iproute2): makes a network namespace")
    outcome: Future[None] = Future()

    def inside() -> None:
        try:
            _enter_namespace()
            asyncio.run(_bounded(scenario(World(directory))))
        except BaseException as error:  # noqa: BLE001 - raised again in the test's own thread
            outcome.set_exception(error)
        else:
            outcome.set_result(None)

    thread = threading.Thread(target=inside)
    thread.start()
    thread.join()
    outcome.result()


async def _bounded(scenario: Awaitable[None]) -> None:
    async with asyncio.timeout(120):
        await scenario


def _enter_namespace() -> None:
    if ctypes.CDLL(None, use_errno=True).unshare(_CLONE_NEWNET) != 0:
        pytest.skip(f"no network namespace can be made here: {os.strerror(ctypes.get_errno())}")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    for address in (SITE, OTHER_SITE, HOME, SITE_6):
        subprocess.run(["ip", "address", "add", address, "dev", "lo"], check=True)


class World:
    """What a scenario plays in."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.names: dict[str, list[str]] = {"site.example.org": [SITE], "other.example.net": [OTHER_SITE]}
        self.lookups: list[str] = []
        self.records: list[EgressRecord] = []
        self.slow_lookup = threading.Event()
        self.path = directory / "proxy.sock"
        self.ca = directory / "ca.pem"
        authority().save(self.ca)

    def lookup(self, host: str, port: int) -> list[tuple[Any, ...]]:
        """The name server; the address list of a name may shrink from the front (rebinding)."""
        self.lookups.append(host)
        if host.startswith("slow."):
            self.slow_lookup.wait(30)
        found = self.names.get(host)
        if found is None:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        answers = [found.pop(0)] if host.startswith("rebinding.") else found
        return [row for text in answers for row in socket.getaddrinfo(text, port, type=socket.SOCK_STREAM)]

    @contextlib.asynccontextmanager
    async def proxy(self, *entries: str, total: int = 64, **limits: Any) -> AsyncIterator[EgressProxy]:
        """A proxy with one client whose allow-list is `entries`."""
        policies = {self.path: policy(*entries, **limits)}
        async with EgressProxy(policies, self.records.append, total=total, lookup=self.lookup) as proxy:
            yield proxy

    @contextlib.asynccontextmanager
    async def forwarder(self, *options: str) -> AsyncIterator[subprocess.Popen[bytes]]:
        """The loopback forwarder as a process of its own, listening."""
        command = [sys.executable, "-ISOO", forwarder.__file__, str(self.path), *options]
        process = subprocess.Popen(command)  # noqa: ASYNC220 - does not wait
        try:
            await self.listening(int(options[0]) if options else forwarder.PORT)
            yield process
            assert process.poll() is None, "the forwarder died"
        finally:
            process.kill()
            process.wait()

    async def listening(self, port: int) -> None:
        """Wait until something listens on a port of the loopback address."""
        for _ in range(200):
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                return
            await asyncio.sleep(0.05)
        raise AssertionError(f"nothing listens on port {port}")

    def tls(self, host: str) -> ssl.SSLContext:
        """A server's TLS context for a host name."""
        certificate, key = authority().issue(host)
        file = self.directory / f"{host}.pem"
        file.write_bytes(certificate + key)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context

    def trust(self) -> ssl.SSLContext:
        """A client's TLS context that trusts the tests' authority."""
        return ssl.create_default_context(cafile=str(self.ca))

    async def connect(self, path: Path | None = None) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection to the proxy's socket."""
        return await asyncio.open_unix_connection(path or self.path)

    async def ask(self, request: bytes, path: Path | None = None) -> tuple[str, str]:
        """Status line and body of the answer to a request that gets no tunnel."""
        reader, writer = await self.connect(path)
        writer.write(request)
        async with asyncio.timeout(30):
            head, _, body = (await reader.read()).decode().partition("\r\n\r\n")
        writer.close()
        return head.split("\r\n")[0], body.strip()

    async def refusal(self, target: str) -> str:
        """The status line with which a tunnel to a target is refused."""
        return (await self.ask(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode()))[0]

    async def tunnel(self, target: str, early: bytes = b"") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """An open tunnel."""
        reader, writer = await self.connect()
        writer.write(f"CONNECT {target} HTTP/1.1\r\n\r\n".encode() + early)
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 "), head
        return reader, writer

    async def recorded(self, count: int = 1) -> list[EgressRecord]:
        """The records, once there are at least so many."""
        ends = time.monotonic() + 15
        while len(self.records) < count:
            assert time.monotonic() < ends, f"{len(self.records)} records instead of {count}: {self.records}"
            await asyncio.sleep(0.02)
        return self.records


@contextlib.asynccontextmanager
async def served(
    connected: Connected, address: str, port: int, tls: ssl.SSLContext | None = None
) -> AsyncIterator[None]:
    """A server of the test's own."""
    closing: list[asyncio.StreamWriter] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        closing.append(writer)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await connected(reader, writer)
        writer.close()

    server = await asyncio.start_server(handle, address, port, ssl=tls)
    try:
        yield
    finally:
        server.close()
        await abort(closing)


async def abort(writers: Iterable[asyncio.StreamWriter]) -> None:
    """Close connections at once, whatever is unsent."""
    for writer in writers:
        with contextlib.suppress(AttributeError):  # of one that is closed already, in Python 3.11
            writer.transport.abort()
    await asyncio.sleep(0.05)


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Sends back what it reads, and then its end."""
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.write_eof()
