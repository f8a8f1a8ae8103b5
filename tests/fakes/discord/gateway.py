"""The Gateway: HELLO, IDENTIFY, READY, events, heartbeats, RESUME, and every way in which it ends.

https://discord.com/developers/docs/events/gateway
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import zlib
from dataclasses import dataclass, field
from typing import Any

import msgspec
from aiohttp import WSMsgType, web

from tests.fakes import defaults
from tests.fakes.discord import objects
from tests.fakes.discord.world import GUILD, World
from tests.fakes.web import fall_silent, new_application, reset_transport

_DISPATCH, _HEARTBEAT, _IDENTIFY, _RESUME, _RECONNECT, _INVALID, _HELLO, _ACK = 0, 1, 2, 6, 7, 9, 10, 11
_MESSAGE_CONTENT = 1 << 15
_GUILD_MESSAGES, _DIRECT_MESSAGES, _GUILDS = 1 << 9, 1 << 12, 1
_KNOWN_INTENTS = (1 << 26) - 1
_KEPT_EVENTS = 2000


@dataclass
class Session:
    """What the service keeps of a bot's session, so that it can be resumed."""

    id: str
    intents: int
    sequence: int = 0
    events: list[tuple[int, str, Any]] = field(default_factory=list)
    connection: Connection | None = None

    def wants(self, name: str, data: dict[str, Any]) -> bool:
        """Whether the intents ask for an event."""
        if name.startswith("MESSAGE"):
            return bool(self.intents & (_GUILD_MESSAGES if "guild_id" in data else _DIRECT_MESSAGES))
        return name != "GUILD_CREATE" or bool(self.intents & _GUILDS)

    def push(self, name: str, data: dict[str, Any]) -> None:
        """Numbers an event, keeps it, and sends it when somebody listens."""
        if not self.wants(name, data):
            return
        if not self.intents & _MESSAGE_CONTENT and _is_withheld(data):
            data = {**data, "content": "", "attachments": []}
        self.sequence += 1
        self.events = [*self.events[-_KEPT_EVENTS:], (self.sequence, name, data)]
        if self.connection is not None:
            self.connection.put({"op": _DISPATCH, "t": name, "s": self.sequence, "d": data})


def _is_withheld(data: dict[str, Any]) -> bool:
    """Whether only bots with the privileged intent may read it."""
    if "content" not in data or "guild_id" not in data:
        return False
    return all(one["id"] != defaults.DISCORD_BOT_ID for one in [data["author"], *data["mentions"]])


class Connection:
    """One websocket."""

    def __init__(self, world: World, request: web.Request, socket: web.WebSocketResponse) -> None:
        """Nothing is sent before `serve`."""
        self._world = world
        self._request = request
        self._socket = socket
        self._packer = zlib.compressobj() if request.query.get("compress") == "zlib-stream" else None
        self._outgoing: asyncio.Queue[dict[str, Any] | int] = asyncio.Queue()
        self._session: Session | None = None
        self.silent = False

    def put(self, frame: dict[str, Any] | int) -> None:
        """A frame to send; a number closes with that code."""
        self._outgoing.put_nowait(frame)

    def drop(self) -> None:
        """Loses the connection by RST."""
        reset_transport(self._request.transport)

    async def serve(self) -> None:
        """Speaks until the connection ends; the session stays."""
        sending = asyncio.create_task(self._send())
        self.put({"op": _HELLO, "d": {"heartbeat_interval": self._world.heartbeat_ms}, "s": None, "t": None})
        try:
            async for message in self._socket:
                if message.type is not WSMsgType.TEXT:
                    self.put(4002)
                    continue
                if self.silent:
                    await fall_silent()
                self._take(message.data)
        finally:
            sending.cancel()
            if self._session is not None and self._session.connection is self:
                self._session.connection = None

    async def _send(self) -> None:
        while True:
            frame = await self._outgoing.get()
            if self.silent:
                continue
            with contextlib.suppress(ConnectionError, RuntimeError):
                if isinstance(frame, int):
                    await self._socket.close(code=frame)
                    return
                await self._frame(msgspec.json.encode(frame))

    async def _frame(self, data: bytes) -> None:
        if self._packer is None:
            await self._socket.send_str(data.decode())
        else:
            await self._socket.send_bytes(self._packer.compress(data) + self._packer.flush(zlib.Z_SYNC_FLUSH))

    def _take(self, text: str) -> None:
        try:
            frame = msgspec.json.decode(text)
            op, data = frame["op"], frame.get("d")
        except (msgspec.DecodeError, TypeError, KeyError):
            self.put(4002)
            return
        if op == _HEARTBEAT:
            if self._world.acknowledges:
                self.put({"op": _ACK, "d": None, "s": None, "t": None})
        elif op == _IDENTIFY:
            self._identify(data)
        elif op == _RESUME:
            self._resume(data)
        else:
            self.put(4003 if self._session is None else 4001)

    def _identify(self, data: Any) -> None:
        if self._session is not None:
            self.put(4005)
            return
        if not isinstance(data, dict) or not isinstance(data.get("properties"), dict):
            self.put(4002)
            return
        intents = data.get("intents")
        if data.get("token") not in self._world.tokens:
            self.put(4004)
        elif not isinstance(intents, int) or intents & ~_KNOWN_INTENTS:
            self.put(4013)
        elif intents & _MESSAGE_CONTENT and not self._world.message_content:
            self.put(4014)
        else:
            self._begin(intents)

    def _begin(self, intents: int) -> None:
        self._world.identifies += 1
        session = Session(secrets.token_hex(16), intents, connection=self)
        self._world.sessions[session.id] = self._session = session
        session.push(
            "READY",
            {
                "v": 10,
                "user": objects.user(defaults.DISCORD_BOT_ID),
                "guilds": [{"id": GUILD, "unavailable": True}],
                "session_id": session.id,
                "resume_gateway_url": f"{self._request.scheme.replace('http', 'ws')}://{self._request.host}",
                "application": {"id": defaults.DISCORD_APPLICATION_ID, "flags": 1 << 19},
            },
        )
        session.push("GUILD_CREATE", objects.guild(self._world))
        self._world.changed.fire()

    def _resume(self, data: Any) -> None:
        if not isinstance(data, dict) or data.get("token") not in self._world.tokens:
            self.put(4004)
            return
        session = self._world.sessions.get(str(data.get("session_id")))
        if session is None or not self._world.resumes:
            self._world.sessions.pop(str(data.get("session_id")), None)
            self.put({"op": _INVALID, "d": False, "s": None, "t": None})
            return
        if not isinstance(data.get("seq"), int) or data["seq"] > session.sequence:
            self.put(4007)
            return
        self._session, session.connection = session, self
        for number, name, event in session.events:
            if number > data["seq"]:
                self.put({"op": _DISPATCH, "t": name, "s": number, "d": event})
        session.push("RESUMED", {})
        self._world.resumed += 1
        self._world.changed.fire()


def application(world: World) -> web.Application:
    """To be served as gateway.discord.gg."""
    served = new_application()

    async def connect(request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(max_msg_size=4096 * 4, heartbeat=None, autoclose=False)
        await socket.prepare(request)
        await Connection(world, request, socket).serve()
        return socket

    served.router.add_get("/", connect)
    return served


def tell(world: World, name: str, data: dict[str, Any]) -> None:
    """An event for every session, whether somebody listens or not."""
    for session in world.sessions.values():
        session.push(name, data)


def order(world: World, action: str, code: int) -> None:
    """Something befalls every open connection."""
    for session in list(world.sessions.values()):
        connection = session.connection
        if connection is None:
            continue
        if action == "drop":
            connection.drop()
        elif action == "silence":
            connection.silent = True
        elif action == "reconnect":
            connection.put({"op": _RECONNECT, "d": None, "s": None, "t": None})
        elif action in ("invalid", "invalid_resumable"):
            if action == "invalid":
                world.sessions.pop(session.id)
            connection.put({"op": _INVALID, "d": action == "invalid_resumable", "s": None, "t": None})
        else:
            connection.put(code)
