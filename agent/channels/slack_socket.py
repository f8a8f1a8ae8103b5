"""Socket Mode over aiohttp, with slack_sdk's forms for what goes over it.

slack_sdk's own SocketModeClient is left out: it takes a connection on which nothing comes for alive as long as the
socket is not closed, hands envelopes to tasks that run side by side, and opens the next connection only after the old
one has ended.
"""

from __future__ import annotations

import contextlib
import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from agent.channels.base import ChannelError

log = logging.getLogger("slack")

PING_S = 20.0  # after so much silence the other side is asked whether it is there
PONG_S = 10.0
HELLO_S = 15.0

# Takes an envelope; what it returns goes back with the acknowledgement.
Handler = Callable[[SocketModeRequest], Awaitable[dict[str, Any] | None]]


class LinkDisabledError(ChannelError):
    """Socket Mode is switched off for the app."""


class Connection:
    """One websocket, from hello to its end."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, heard: Callable[[], None]) -> None:
        self._socket = socket
        self._heard = heard

    @classmethod
    async def open(cls, session: aiohttp.ClientSession, address: str, heard: Callable[[], None]) -> Connection:
        """Connect and wait for hello; `heard` is called with every frame.

        Raises:
            ChannelError: it failed.
        """
        try:
            socket = await session.ws_connect(address, autoping=False, max_msg_size=8 * 1024 * 1024)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise ChannelError(f"Slack's socket cannot be reached: {type(error).__name__}") from None
        connection = cls(socket, heard)
        try:
            greeting = await connection._receive(HELLO_S)
        except BaseException as error:
            await connection.close()
            if isinstance(error, TimeoutError):
                raise ChannelError("Slack's socket did not say hello") from None
            raise
        if greeting.get("type") != "hello":
            await connection.close()
            raise ChannelError("Slack's socket did not say hello")
        return connection

    async def serve(self, handle: Handler) -> None:
        """Take envelopes, acknowledging each after `handle` returned, until Slack wants another connection.

        Raises:
            LinkDisabledError: Socket Mode was switched off.
            ChannelError: the connection was lost.
        """
        while True:
            frame = await self._next()
            kind = frame.get("type")
            if kind == "disconnect":
                if frame.get("reason") == "link_disabled":
                    raise LinkDisabledError("Socket Mode is switched off")
                log.info("Slack wants another connection (%s)", frame.get("reason"))
                return
            request = SocketModeRequest.from_dict(frame)
            if request is None:
                continue
            payload = await handle(request)
            answer = SocketModeResponse(request.envelope_id, payload)
            await self._send(json.dumps(answer.to_dict()))

    async def close(self) -> None:
        """Hang up."""
        with contextlib.suppress(aiohttp.ClientError, OSError, TimeoutError):
            await self._socket.close()

    async def _next(self) -> dict[str, Any]:
        """The next frame; a socket that is silent is asked, and left when it does not answer."""
        asked = False
        while True:
            try:
                return await self._receive(PONG_S if asked else PING_S)
            except TimeoutError:
                if asked:
                    raise ChannelError("Slack's socket does not answer any more") from None
            except _PongError:
                asked = False
                continue
            asked = True
            with contextlib.suppress(ConnectionError):
                await self._socket.ping()

    async def _receive(self, seconds: float) -> dict[str, Any]:
        while True:
            message = await self._socket.receive(timeout=seconds)
            if message.type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.CLOSING):
                raise ChannelError("Slack's socket was closed")
            if message.type is aiohttp.WSMsgType.ERROR:
                raise ChannelError("Slack's socket broke")
            self._heard()
            if message.type is aiohttp.WSMsgType.PING:
                await self._socket.pong(message.data)
            elif message.type is aiohttp.WSMsgType.PONG:
                raise _PongError
            elif message.type is aiohttp.WSMsgType.TEXT:
                with contextlib.suppress(ValueError):
                    frame = json.loads(message.data)
                    if isinstance(frame, dict):
                        return frame

    async def _send(self, text: str) -> None:
        try:
            await self._socket.send_str(text)
        except (ConnectionError, RuntimeError) as error:
            raise ChannelError(f"Slack's socket broke: {type(error).__name__}") from None


class _PongError(Exception):
    """The other side is there."""
