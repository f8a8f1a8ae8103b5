"""What every server shares: one line of log a request, JSON answers, and the ways in which a connection is lost."""

import asyncio
import re
import ssl
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any, Never

import msgspec
from aiohttp import web

from tests.fakes.config import HostConfig
from tests.fakes.listener import Listener, reset
from tests.fakes.wire import NetworkMode

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Log = Callable[[str], None]

_LARGEST_BODY = 64 * 1024 * 1024
_TOKEN_IN_PATH = re.compile(r"(/bot\d+):[^/]+")
_encode = msgspec.json.Encoder().encode


def log_to_stderr(line: str) -> None:
    """One line with the time of day in front."""
    now = time.time()
    clock = time.strftime("%H:%M:%S", time.localtime(now))
    print(f"{clock}.{int(now % 1 * 1000):03d} {line}", file=sys.stderr, flush=True)


def log_nowhere(_line: str) -> None:
    """For tests that run the stand-ins inside their own process."""


def json_response(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """The value as a JSON body."""
    return web.Response(body=_encode(value), status=status, headers=headers, content_type="application/json")


async def fall_silent() -> Never:
    """Never answers; ends when the client goes away or the server stops."""
    await asyncio.Event().wait()
    raise AssertionError


async def reset_connection(request: web.Request) -> Never:
    """Loses the connection by RST instead of an answer."""
    reset_transport(request.transport)
    await fall_silent()


def reset_transport(transport: asyncio.BaseTransport | None) -> None:
    """Resets an open connection, TLS or not."""
    if transport is None or transport.is_closing():
        return
    reset(transport.get_extra_info("socket"))
    if isinstance(transport, asyncio.WriteTransport):
        transport.abort()


def new_application() -> web.Application:
    """An application that takes bodies as large as the services do."""
    return web.Application(client_max_size=_LARGEST_BODY)


class HostServer:
    """Serves one host name by one application."""

    def __init__(self, name: str, application: web.Application, config: HostConfig, log: Log) -> None:
        """Nothing listens before `start`."""
        self.name = name
        self.mode: NetworkMode = "ok"
        self._config = config
        self._log = log
        application.middlewares.append(self._observe)
        # a handler of a client that went away must end: a poll nobody waits for would hold on to its place
        self._runner = web.AppRunner(application, access_log=None, handler_cancellation=True, shutdown_timeout=0.05)
        self._listener: Listener | None = None

    @property
    def secure(self) -> bool:
        """Whether it speaks TLS."""
        return self._config.cert is not None

    @property
    def url(self) -> str:
        """Scheme, address and port."""
        if self._listener is None:
            raise RuntimeError(f"{self.name} is not served")
        scheme = "https" if self.secure else "http"
        return f"{scheme}://{self._listener.address}:{self._listener.port}"

    async def start(self) -> None:
        """Begins to serve; raises OSError, and ssl.SSLError for an unusable certificate."""
        await self._runner.setup()
        server = self._runner.server
        if server is None:
            raise RuntimeError("the application runner made no server")
        self._listener = Listener(server, self._config.address, self._config.port, self._tls())
        await self._listener.start()

    async def stop(self) -> None:
        """Ends listening and every open connection."""
        if self._listener is not None:
            await self._listener.close()
        await self._runner.cleanup()

    async def set_mode(self, mode: NetworkMode) -> None:
        """See `wire.NetworkSetting`."""
        self.mode = mode
        if self._listener is not None:
            await self._listener.set_mode(mode)
        if mode in ("reset", "refuse") and self._runner.server is not None:
            for connection in list(self._runner.server.connections):
                reset_transport(connection.transport)

    async def _speak_or_not(self) -> None:
        if self.mode == "silence":
            await fall_silent()

    def _tls(self) -> ssl.SSLContext | None:
        if self._config.cert is None:
            return None
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self._config.cert, self._config.key)
        return context

    @web.middleware
    async def _observe(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        began = time.perf_counter()
        outcome = "lost"
        try:
            await self._speak_or_not()
            response = await handler(request)
            await self._speak_or_not()
            outcome = str(response.status)
        except web.HTTPException as error:
            outcome = str(error.status)
            raise
        else:
            return response
        finally:
            milliseconds = (time.perf_counter() - began) * 1000
            path = _TOKEN_IN_PATH.sub(r"\1:***", request.path)
            self._log(f"{self.name} {request.method} {path} {outcome} {milliseconds:.1f}ms")
