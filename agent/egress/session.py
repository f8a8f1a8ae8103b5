"""One connection of a client, from its request to its place in the books."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import Sequence
from ipaddress import IPv4Address

from agent.egress import hello, request
from agent.egress.addresses import Address
from agent.egress.errors import RefusedError, Verdict, answer
from agent.egress.policy import Policy
from agent.egress.resolver import Resolver
from agent.egress.rules import Target
from agent.egress.tunnel import Tunnel
from agent.store.audit import EgressRecord

ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"

# Fixed, so that the kernel does not grow them to megabytes a connection, which count as the container's memory.
_KERNEL_BUFFER = 128 * 1024
_ADDRESSES_TRIED = 6
# A refused client is read a little further, so that it sees the answer and not a reset.
_FAREWELL_S = 1.0
_FAREWELL_BYTES = 256 * 1024


class GoneError(Exception):
    """The client went away before it had a tunnel."""


class Session:
    """Serves one connection; `run` closes the client's socket and gives what there is to record."""

    def __init__(self, client: socket.socket, policy: Policy, resolver: Resolver, buffer: memoryview) -> None:
        self._client = client
        self._policy = policy
        self._limits = policy.limits
        self._resolver = resolver
        self._buffer = buffer
        self._loop = asyncio.get_running_loop()
        self._target: Target | None = None
        self._address: Address | None = None
        self._upstream: socket.socket | None = None
        self._tunnel: Tunnel | None = None

    async def run(self) -> EgressRecord:
        """Serve until the end, which a cancellation brings as well (it is then recorded, not raised)."""
        started = time.monotonic()
        verdict: Verdict = "refused"
        try:
            reason = await self._serve()
            verdict = "allowed"
        except RefusedError as refusal:
            verdict, reason = refusal.verdict, str(refusal)
        except (GoneError, OSError):
            verdict, reason = "failed", "the client went away"
        except asyncio.CancelledError:
            verdict = "failed" if self._tunnel is None else "allowed"
            reason = "the gateway stopped"
        finally:
            self._client.close()
            if self._upstream is not None:
                self._upstream.close()
        return self._record(verdict, reason, time.monotonic() - started)

    def _record(self, verdict: Verdict, reason: str, seconds: float) -> EgressRecord:
        tunnel, target = self._tunnel, self._target
        return EgressRecord(
            client=self._policy.client,
            host="" if target is None else target.host,
            port=0 if target is None else target.port,
            address="" if self._address is None else str(self._address),
            bytes_up=0 if tunnel is None else tunnel.up,
            bytes_down=0 if tunnel is None else tunnel.down,
            seconds=round(seconds, 3),
            verdict=verdict,
            reason=reason,
        )

    async def _serve(self) -> str:
        try:
            self._target, early = await self._asked()
            matching = self._policy.judge(self._target)
            found = await self._resolve(self._target)
            self._policy.check(self._target, matching, found)
            self._upstream = await self._connect(self._target, found)
        except RefusedError as refusal:
            await self._farewell(answer(refusal))
            raise
        await self._loop.sock_sendall(self._client, ESTABLISHED)
        if all(rule.names_tls_host for rule in matching):
            early = await self._check_hello(self._target, early)
        self._tunnel = Tunnel(self._client, self._upstream, self._limits, self._buffer)
        return await self._tunnel.run(early)

    async def _asked(self) -> tuple[Target, bytes]:
        """The request's target, and what came behind its head."""
        data, target = b"", None
        longest = self._limits.head_bytes
        try:
            async with asyncio.timeout(self._limits.head_s):
                while True:
                    data += await self._receive(longest + 1 - len(data))
                    line, newline, _ = data.partition(b"\n")
                    if newline and target is None:
                        target = request.target(line)  # refused at its first line, whatever follows
                    head, end, early = data.partition(b"\r\n\r\n")
                    if end and target is not None and b"\0" not in head:
                        return target, early
                    if b"\0" in head:
                        raise RefusedError(400, "The request's head holds a NUL byte")
                    if len(data) > longest:
                        raise RefusedError(431, f"The request's head is longer than {longest} bytes")
        except TimeoutError:
            raise RefusedError(408, f"The request did not arrive within {self._limits.head_s:g} s") from None

    async def _receive(self, at_most: int) -> bytes:
        data = await self._loop.sock_recv(self._client, at_most)
        if not data:
            raise GoneError
        return data

    async def _resolve(self, target: Target) -> Sequence[Address]:
        if target.address is not None:
            return [target.address]
        found = await self._resolver.addresses(target.host, target.port, self._limits.lookup_s)
        if not found:
            raise RefusedError(502, f"{target.host} has no address", "failed")
        return found

    async def _connect(self, target: Target, found: Sequence[Address]) -> socket.socket:
        """A connection to one of the very addresses that were checked; their name is not looked up again."""
        tried = found[:_ADDRESSES_TRIED]
        ends = time.monotonic() + self._limits.connect_s
        refusal = RefusedError(502, f"{target.host}:{target.port} cannot be reached", "failed")
        for left, address in zip(range(len(tried), 0, -1), tried, strict=True):
            self._address = address
            try:
                async with asyncio.timeout(max(0.1, (ends - time.monotonic()) / left)):
                    return await _connected(address, target.port)
            except TimeoutError:
                silence = f"did not answer within {self._limits.connect_s:g} s"
                refusal = RefusedError(504, f"{target.host}:{target.port} {silence}", "failed")
            except OSError as error:
                why = f"cannot be reached: {os.strerror(error.errno or 0)}"
                refusal = RefusedError(502, f"{target.host}:{target.port} {why}", "failed")
        raise refusal

    async def _check_hello(self, target: Target, early: bytes) -> bytes:
        """What the client has sent, its ClientHello at least, once that asks for the target by name."""
        try:
            async with asyncio.timeout(self._limits.head_s):
                while (name := hello.server_name(early)) is None:
                    early += await self._receive(hello.LONGEST + 1)
        except TimeoutError:
            why = f"no TLS within {self._limits.head_s:g} s"
        except hello.NotTLSError as error:
            why = str(error)
        else:
            if name == target.host:
                return early
            why = f"TLS for {name!r}" if name else "TLS without a server name"
        await self._farewell(hello.ALERT)
        raise RefusedError(403, f"The tunnel to {target.host} must begin with TLS for that name, not {why}")

    async def _farewell(self, last_words: bytes) -> None:
        try:
            async with asyncio.timeout(_FAREWELL_S):
                await self._loop.sock_sendall(self._client, last_words)
                self._client.shutdown(socket.SHUT_WR)
                left = _FAREWELL_BYTES
                while left > 0 and (data := await self._loop.sock_recv(self._client, 8192)):
                    left -= len(data)
        except (TimeoutError, OSError, asyncio.CancelledError):
            return  # cancelled or not, the refusal that led here is what is recorded


async def _connected(address: Address, port: int) -> socket.socket:
    family = socket.AF_INET if isinstance(address, IPv4Address) else socket.AF_INET6
    upstream = socket.socket(family, socket.SOCK_STREAM)
    try:
        upstream.setblocking(False)
        upstream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for which in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            upstream.setsockopt(socket.SOL_SOCKET, which, _KERNEL_BUFFER)
        await asyncio.get_running_loop().sock_connect(upstream, (str(address), port))
    except BaseException:
        upstream.close()
        raise
    return upstream
