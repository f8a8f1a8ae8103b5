"""One connection to the Gateway: what is sent and in which form, what comes, and how it ends."""

from __future__ import annotations

import asyncio
import json
import time
import zlib
from collections import deque
from typing import TYPE_CHECKING, Any

from aiohttp import WSMsgType, web

from tests.fakes.discord.gateway.handshake import Refusal, begin, resume
from tests.fakes.web import fall_silent, reset_transport
from tests.fakes.wire import DiscordOrder

if TYPE_CHECKING:
    from tests.fakes.discord.gateway.hub import Hub, Session

_HEARTBEAT, _IDENTIFY, _PRESENCE, _VOICE, _RESUME, _MEMBERS = 1, 2, 3, 4, 6, 8
_RECONNECT, _INVALID, _HELLO, _ACK = 7, 9, 10, 11
_MOST_A_MINUTE = 120
_LONGEST_PAYLOAD = 4096
_MISSED_HEARTBEATS = 1.5  # intervals without one, after which Discord hangs up


class Connection:
    """A websocket and, once it has begun one, its session."""

    def __init__(self, hub: Hub, request: web.Request) -> None:
        """Nothing was said yet."""
        self.session: Session | None = None
        self.address = f"{'wss' if request.secure else 'ws'}://{request.host}"
        self._hub = hub
        self._request = request
        self._ws = web.WebSocketResponse(max_msg_size=1 << 20)
        self._zlib = zlib.compressobj() if "compress" in request.query else None
        self._out: asyncio.Queue[dict[str, Any] | int] = asyncio.Queue()
        self._silent = False
        self._heard: deque[float] = deque(maxlen=_MOST_A_MINUTE)
        self._beat_at = time.monotonic()
        self._code: int | None = None

    async def serve(self) -> web.WebSocketResponse:
        """Talks until one side ends it."""
        await self._ws.prepare(self._request)
        self._hub.open.add(self)
        tasks = [asyncio.create_task(work) for work in (self._write(), self._listen(), self._watch())]
        try:
            self.send({"op": _HELLO, "s": None, "t": None, "d": {"heartbeat_interval": int(self._interval * 1000)}})
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._leave()
        return self._ws

    def send(self, payload: dict[str, Any]) -> None:
        """Queues a frame."""
        self._out.put_nowait(payload)

    def close(self, code: int) -> None:
        """Ends the connection after what is queued."""
        self._out.put_nowait(code)

    def drop(self) -> None:
        """Loses the connection by RST."""
        reset_transport(self._request.transport)

    def suffer(self, order: DiscordOrder) -> None:
        """Plays what befalls open connections."""
        action = order.action
        if action in ("drop", "forget"):
            self.drop()
        elif action == "close":
            self.close(order.code)
        elif action == "silence":
            self._silent = True
        elif action == "reconnect":
            self.send({"op": _RECONNECT, "s": None, "t": None, "d": None})
        else:
            self.invalidate(resumable=action == "invalid_resumable")

    def invalidate(self, *, resumable: bool) -> None:
        """Says that the session is none; it is forgotten unless it can be resumed."""
        if self.session is not None and not resumable:
            self._hub.forget(self.session)
        self.send({"op": _INVALID, "s": None, "t": None, "d": resumable})

    def attach(self, session: Session) -> None:
        """Takes a session over, from an older connection if that is still there."""
        if session.connection is not None and session.connection is not self:
            session.connection.session = None
            session.connection.close(4000)
        self.session, session.connection, session.left_at = session, self, None
        self._hub.begun.append(time.monotonic())

    @property
    def _interval(self) -> float:
        return self._hub.world.settings.heartbeat_ms / 1000

    async def _write(self) -> None:
        while not isinstance(frame := await self._out.get(), int):
            if self._silent:
                continue
            text = json.dumps(frame, separators=(",", ":"))
            if self._zlib is None:
                await self._ws.send_str(text)
            else:
                await self._ws.send_bytes(self._zlib.compress(text.encode()) + self._zlib.flush(zlib.Z_SYNC_FLUSH))
        self._code = frame
        if self._silent:
            await fall_silent()
        await self._ws.close(code=frame)

    async def _listen(self) -> None:
        async for message in self._ws:
            if self._silent:
                continue
            if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                return
            if (code := self._hear(message.data)) is not None:
                self.close(code)
                await fall_silent()

    async def _watch(self) -> None:
        """Hangs up on a client that sends no heartbeats."""
        while True:
            left = self._beat_at + self._interval * _MISSED_HEARTBEATS - time.monotonic()
            if left <= 0:
                break
            await asyncio.sleep(left)
        self.close(4009)
        await fall_silent()

    def _hear(self, data: str | bytes) -> int | None:
        """Does what a frame asks for; the close code when it is not allowed."""
        now = time.monotonic()
        if len(self._heard) == _MOST_A_MINUTE and self._heard[0] > now - 60:
            return 4008
        self._heard.append(now)
        try:
            payload = json.loads(data)
            op, content = payload["op"], payload.get("d")
        except (ValueError, KeyError, TypeError):
            return 4002
        if len(data) > _LONGEST_PAYLOAD:
            return 4002
        return self._do(op, content)

    def _do(self, op: object, content: Any) -> int | None:
        if op == _HEARTBEAT:
            self._beat_at = time.monotonic()
            if self._hub.world.settings.acknowledges:
                self.send({"op": _ACK, "s": None, "t": None, "d": None})
            return None
        if op in (_IDENTIFY, _RESUME):
            try:
                (begin if op == _IDENTIFY else resume)(self._hub, self, content)
            except Refusal as refusal:
                return refusal.code
            return None
        if op not in (_PRESENCE, _VOICE, _MEMBERS):
            return 4001
        return None if self.session is not None else 4003

    def _leave(self) -> None:
        self._hub.open.discard(self)
        if self.session is None or self.session.connection is not self:
            return
        self.session.connection, self.session.left_at = None, time.monotonic()
        if self._code is None and self._ws.close_code in (1000, 1001):  # the client says goodbye for good
            self._hub.forget(self.session)
