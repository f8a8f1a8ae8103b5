"""Socket Mode: one websocket from `apps.connections.open` to its end.

slack_sdk's own client is not used. It closes the old connection before it has a new one, takes its pings' ages from the
wall clock, tries a refused token every five seconds, and gives envelopes to a queue, where one that could not be stored
is lost from sight. What its types say of the protocol is.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
from aiohttp import WSMsgType

from agent.channels.base import ChannelError
from agent.channels.slack.library import SocketModeRequest, SocketModeResponse
from agent.channels.slack.web import Web, new_session, words
from agent.channels.words import Sentence

log = logging.getLogger("slack")

HELLO_S = 15.0  # from the call to hello
PING_S = 10.0  # silence for so long is asked about, and twice as long is the end
CLOSE_S = 1.0  # for a farewell
DRAIN_S = 30.0  # an old connection is listened to for so long beside a new one
_LARGEST = 8 * 1024 * 1024
_ENDS = (WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR)

# Takes an envelope, which is acknowledged with what it returns; it raises when that must not be.
Hear = Callable[[SocketModeRequest], Awaitable[dict[str, Any] | None]]


class Connection:
    """An open websocket, past its hello; `connect` makes one."""

    def __init__(
        self, web: Web, session: aiohttp.ClientSession, socket: aiohttp.ClientWebSocketResponse, hear: Hear
    ) -> None:
        self._web = web
        self._session = session
        self._socket = socket
        self._hear = hear
        self._envelopes: asyncio.Queue[SocketModeRequest] = asyncio.Queue()
        self._leaving: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._work = [asyncio.create_task(self._read()), asyncio.create_task(self._handle())]

    async def left(self) -> str:
        """Why another connection is needed, as soon as it is: Slack's word, `closed` or `silent`."""
        return await asyncio.shield(self._leaving)

    async def drained(self) -> None:
        """Go on listening for what is still coming, for a while or until Slack closes it."""
        await asyncio.wait(self._work[:1], timeout=DRAIN_S)

    async def aclose(self) -> None:
        """Close it."""
        for task in self._work:
            task.cancel()
        try:
            await asyncio.gather(*self._work, return_exceptions=True)
            async with asyncio.timeout(CLOSE_S):
                await self._socket.close()
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            log.debug("closing: %s", words(error))
        finally:
            await self._session.close()

    async def _read(self) -> None:
        reason = "closed"
        try:
            reason = await self._until_its_end()
        except (aiohttp.ClientError, OSError) as error:
            log.debug("the connection: %s", words(error))
        finally:
            self._leave(reason)

    async def _until_its_end(self) -> str:
        asked = False
        while True:
            try:
                message = await self._socket.receive(timeout=PING_S)
            except TimeoutError:
                if asked:
                    return "silent"
                asked = True
                await self._socket.ping()
                continue
            if message.type in _ENDS:
                return "closed"
            asked = False
            self._web.alive()
            if message.type == WSMsgType.PING:
                await self._socket.pong(message.data)
            elif message.type == WSMsgType.TEXT:
                self._take(message.data)

    def _take(self, text: str) -> None:
        frame = _decoded(text)
        request = SocketModeRequest.from_dict(frame)
        if request is not None:
            self._envelopes.put_nowait(request)
        elif frame.get("type") == "disconnect":
            self._leave(str(frame.get("reason", "closed")))

    def _leave(self, reason: str) -> None:
        if not self._leaving.done():
            self._leaving.set_result(reason)

    async def _handle(self) -> None:
        try:
            while True:
                await self._handle_next()
        finally:  # however that ends: a connection that is read and not listened to would look well
            self._leave("unheard")

    async def _handle_next(self) -> None:
        request = await self._envelopes.get()
        try:
            answer = await self._hear(request)
        except Exception:  # whatever it is: not acknowledged, the envelope comes again
            log.exception("an envelope of Slack's could not be stored")
            return
        response = SocketModeResponse(request.envelope_id, answer)
        try:
            await self._socket.send_str(json.dumps(response.to_dict()))
        except (aiohttp.ClientError, OSError) as error:
            log.debug("not acknowledged, it comes again and is known then: %s", words(error))


async def connect(web: Web, hear: Hear) -> Connection:
    """A new connection, as soon as Slack has greeted.

    Raises:
        ChannelError: there is none; RefusedError when Slack says why.
    """
    url = str((await web.call_as_app("apps.connections.open"))["url"])
    session = new_session()  # of its own: the pool of the calls may be made anew without it
    try:
        async with asyncio.timeout(HELLO_S):
            socket = await session.ws_connect(url, autoping=False, max_msg_size=_LARGEST)
            await _greeted(socket)
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        await session.close()
        raise ChannelError(Sentence("slack_websocket", why=words(error))) from None
    except BaseException:
        await session.close()
        raise
    web.alive()
    return Connection(web, session, socket, hear)


async def _greeted(socket: aiohttp.ClientWebSocketResponse) -> None:
    while True:
        message = await socket.receive()
        if message.type in _ENDS:
            raise ChannelError(Sentence("slack_no_hello"))
        frame = _decoded(message.data) if message.type == WSMsgType.TEXT else {}
        if message.type == WSMsgType.PING:
            await socket.pong(message.data)
        if frame.get("type") == "hello":
            return
        if frame.get("type") == "disconnect":
            raise ChannelError(Sentence("slack_websocket_refused", why=frame.get("reason")))


def _decoded(text: str) -> dict[str, Any]:
    try:
        frame = json.loads(text)
    except ValueError:
        return {}
    return frame if isinstance(frame, dict) else {}
