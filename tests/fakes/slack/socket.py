"""Socket Mode: hello, envelopes, acknowledgements, pings, `disconnect`, and every way in which a connection ends."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
from typing import Any

from aiohttp import WSMsgType, web

from tests.fakes import defaults
from tests.fakes.slack.world import World
from tests.fakes.web import fall_silent, new_application, reset_transport

_MOST_CONNECTIONS = 10
_HOST = "applink-lab-1"


class Settings:
    """How connections behave."""

    def __init__(self) -> None:
        """As the service does."""
        self.tickets: set[str] = set()
        self.hello = True
        self.ping_s = 10.0
        self.warn_s = 10.0
        self.lifetime_s = 18060


class Connection:
    """One websocket."""

    def __init__(self, world: World, settings: Settings, request: web.Request, socket: web.WebSocketResponse) -> None:
        """Nothing is sent before `serve`."""
        self._world = world
        self._settings = settings
        self._request = request
        self._socket = socket
        self._outgoing: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.gone = asyncio.Event()
        self.silent = False

    def put(self, frame: dict[str, Any]) -> None:
        """A frame to send."""
        self._outgoing.put_nowait(frame)

    async def serve(self) -> None:
        """Until either side ends it."""
        lines = self._world.hub.lines
        if len(lines) >= _MOST_CONNECTIONS:
            self.put(_disconnect("too_many_websockets"))
        elif self._settings.hello:
            self.put(self._hello(len(lines) + 1))
            lines.append(self)
        work = [asyncio.ensure_future(self._write()), asyncio.ensure_future(self._ping())]
        try:
            await self._read()
        finally:
            self.gone.set()
            if self in lines:
                lines.remove(self)
            for task in work:
                task.cancel()
            await asyncio.gather(*work, return_exceptions=True)

    async def end(self, reason: str, after: float = 0.0) -> None:
        """Says why it ends, and ends after some seconds; till then it goes on."""
        self.put(_disconnect(reason))
        await asyncio.sleep(max(after, 0.02))
        self.leave()
        await self._socket.close()

    def leave(self) -> None:
        """Gets no more envelopes."""
        if self in self._world.hub.lines:
            self._world.hub.lines.remove(self)

    def drop(self) -> None:
        """Resets the connection."""
        reset_transport(self._request.transport)

    def _hello(self, number: int) -> dict[str, Any]:
        debug = {"host": _HOST, "build_number": 42, "approximate_connection_time": self._settings.lifetime_s}
        info = {"app_id": defaults.SLACK_APP_ID}
        return {"type": "hello", "num_connections": number, "debug_info": debug, "connection_info": info}

    async def _write(self) -> None:
        with contextlib.suppress(ConnectionError):
            while True:
                frame = await self._outgoing.get()
                if self.silent:
                    continue
                await self._socket.send_str(json.dumps(frame))

    async def _ping(self) -> None:
        with contextlib.suppress(ConnectionError):
            while True:
                await asyncio.sleep(self._settings.ping_s)
                if not self.silent:
                    await self._socket.ping(b"Ping from applink-lab-1")

    async def _read(self) -> None:
        while True:
            message = await self._socket.receive()
            if message.type in (WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR):
                return
            if self.silent:
                continue
            if message.type == WSMsgType.PING:
                await self._socket.pong(message.data)
            elif message.type == WSMsgType.TEXT:
                self._hear(message.data)

    def _hear(self, text: str) -> None:
        with contextlib.suppress(ValueError):
            frame = json.loads(text)
            if isinstance(frame, dict) and "envelope_id" in frame:
                self._world.hub.acknowledge(str(frame["envelope_id"]), frame.get("payload"))


def _disconnect(reason: str) -> dict[str, Any]:
    return {"type": "disconnect", "reason": reason, "debug_info": {"host": _HOST}}


class Sockets:
    """The websockets of a workspace."""

    def __init__(self, world: World) -> None:
        """Serves this world."""
        self._world = world
        self.settings = Settings()
        self._open: set[Connection] = set()
        self._ending: set[asyncio.Task[None]] = set()

    def reset(self) -> None:
        """Settings as they were."""
        self.settings = Settings()

    def ticket(self) -> str:
        """The address of a new connection, good for one."""
        ticket = secrets.token_urlsafe(24)
        self.settings.tickets.add(ticket)
        base = self._world.address(defaults.SLACK_SOCKET_HOST).replace("http", "ws", 1)
        return f"{base}/link/?ticket={ticket}&app_id={defaults.SLACK_APP_ID}"

    def application(self) -> web.Application:
        """To be served as wss-primary.slack.com."""
        application = new_application()
        application.router.add_get("/link/", self._link)
        return application

    def order(self, action: str) -> None:
        """Something befalls every open connection."""
        if action == "again":
            self._world.hub.send_again()
        if action == "link_disabled":
            self._world.socket_mode = False
        for connection in tuple(self._open):
            if action == "drop":
                connection.drop()
            elif action == "silence":
                connection.silent = True
            elif action in ("warning", "refresh_requested", "link_disabled"):
                after = self.settings.warn_s if action == "warning" else 0.0
                task = asyncio.ensure_future(connection.end(action, after))
                self._ending.add(task)
                task.add_done_callback(self._ending.discard)

    async def _link(self, request: web.Request) -> web.StreamResponse:
        ticket = request.query.get("ticket", "")
        if ticket not in self.settings.tickets:
            raise web.HTTPForbidden
        self.settings.tickets.discard(ticket)
        socket = web.WebSocketResponse(autoping=False)
        await socket.prepare(request)
        connection = Connection(self._world, self.settings, request, socket)
        self._open.add(connection)
        self._world.hub.opened += 1
        try:
            await connection.serve()
            if connection.silent:
                await fall_silent()
        finally:
            self._open.discard(connection)
        return socket
