"""Socket Mode: hello, envelopes that are delivered until they are acknowledged, and every way in which it ends.

https://docs.slack.dev/apis/events-api/using-socket-mode
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import Any

from aiohttp import WSMsgType, web

from tests.fakes.slack.world import Envelope, World
from tests.fakes.web import fall_silent, new_application, reset_transport

_PING_S = 15.0
_MOST_ATTEMPTS = 4


class Connection:
    """One websocket."""

    def __init__(self, world: World, request: web.Request, socket: web.WebSocketResponse) -> None:
        """Nothing is sent before `serve`."""
        self._world = world
        self._request = request
        self._socket = socket
        self._outgoing: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        self.silent = False

    def deliver(self, envelope: Envelope) -> None:
        """Sends an envelope, now or again."""
        envelope.attempts += 1
        again = {"retry_attempt": envelope.attempts - 1, "retry_reason": "timeout"} if envelope.attempts > 1 else {}
        self.put(
            {
                "envelope_id": envelope.id,
                "type": envelope.type,
                "payload": envelope.payload,
                "accepts_response_payload": envelope.type != "events_api",
                **again,
            }
        )

    def put(self, frame: dict[str, Any] | None) -> None:
        """A frame to send; None closes."""
        self._outgoing.put_nowait(frame)

    def drop(self) -> None:
        """Loses the connection by RST."""
        reset_transport(self._request.transport)

    async def serve(self) -> None:
        """Speaks until the connection ends."""
        tasks = [asyncio.create_task(work) for work in (self._send(), self._redeliver())]
        if self._world.says_hello:
            self.put({"type": "hello", "num_connections": len(self._world.connections) + 1,
                      "debug_info": {"host": "lab", "approximate_connection_time": 18060},
                      "connection_info": {"app_id": "A0LAB00001"}})  # fmt: skip
        self._world.connections.append(self)
        self._world.opened += 1
        for envelope in list(self._world.envelopes.values()):
            if not envelope.acknowledged:
                self.deliver(envelope)
        self._world.changed.fire()
        try:
            async for message in self._socket:
                if self.silent:
                    await fall_silent()
                if message.type is WSMsgType.TEXT:
                    self._acknowledged(message.data)
                elif message.type is WSMsgType.PING and self._world.answers_pings:
                    await self._socket.pong(message.data)
        finally:
            self._world.connections.remove(self)
            for task in tasks:
                task.cancel()
            self._world.changed.fire()

    def _acknowledged(self, text: str) -> None:
        try:
            answer = json.loads(text)
        except ValueError:
            return
        envelope = self._world.envelopes.get(str(answer.get("envelope_id")))
        if envelope is None:
            return
        if not envelope.acknowledged:
            self._world.acknowledged += 1
        envelope.acknowledged, envelope.answer = True, answer.get("payload")
        self._world.changed.fire()

    async def _send(self) -> None:
        while True:
            frame = await self._outgoing.get()
            if self.silent:
                continue
            with contextlib.suppress(ConnectionError, RuntimeError):
                if frame is None:
                    await self._socket.close()
                    return
                await self._socket.send_str(json.dumps(frame))

    async def _redeliver(self) -> None:
        while True:
            await asyncio.sleep(self._world.redeliver_s)
            for envelope in list(self._world.envelopes.values()):
                if not envelope.acknowledged and envelope.attempts < _MOST_ATTEMPTS and not self.silent:
                    self.deliver(envelope)


def application(world: World) -> web.Application:
    """To be served as wss-primary.slack.com."""
    served = new_application()

    async def connect(request: web.Request) -> web.StreamResponse:
        ticket = request.query.get("ticket", "")
        if ticket not in world.tickets:
            raise web.HTTPForbidden
        world.tickets.remove(ticket)  # each opens one connection
        socket = web.WebSocketResponse(autoping=False, heartbeat=None)
        await socket.prepare(request)
        await Connection(world, request, socket).serve()
        return socket

    served.router.add_get("/link/", connect)
    return served


def order(world: World, action: str) -> None:
    """Something befalls every open connection."""
    for connection in list(world.connections):
        if action == "drop":
            connection.drop()
        elif action == "silence":
            connection.silent = True
        elif action == "close":
            connection.put(None)
        elif action == "again":
            for envelope in list(world.envelopes.values()):
                connection.deliver(envelope)
        else:
            connection.put({"type": "disconnect", "reason": action, "debug_info": {"host": "lab"}})
            if action == "link_disabled":
                connection.put(None)
