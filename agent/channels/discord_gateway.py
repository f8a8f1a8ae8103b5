"""Discord's Gateway through discord.py's websocket: events in the order in which they come, as Discord sends them.

discord.py's Client is left out. It keeps servers, members and messages in memory and hands events to tasks of their
own, so that the second may be through before the first is stored; and it waits up to a quarter of an hour between two
attempts.
Its websocket (compression, heartbeats, RESUME) and its HTTP client (rate limits) are what is used.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import yarl
from discord import Intents
from discord.gateway import DiscordWebSocket, ReconnectWebSocket
from discord.http import HTTPClient

log = logging.getLogger("discord")

Handler = Callable[[Mapping[str, Any]], None]

# A server that says nothing for so long, not even to a heartbeat, is not there any more.
SILENCE_S = 60.0
CONNECT_S = 20.0
# A session that cannot be resumed is sometimes neither resumed nor refused.
MOST_RESUMES = 2
RESUMED_S = 15.0


def intents() -> Intents:
    """What the assistant wants to hear of: servers and their messages, private messages, and what is said in them."""
    return Intents(guilds=True, guild_messages=True, dm_messages=True, message_content=True)


@dataclass(frozen=True, slots=True)
class Session:
    """What a RESUME needs."""

    id: str
    sequence: int | None
    gateway: yarl.URL


class _State:
    """What discord.py's websocket wants of the client's state."""

    shard_count = None
    heartbeat_timeout = SILENCE_S
    _activity = _status = None

    def __init__(self, parsers: Mapping[str, Handler]) -> None:
        self.parsers = parsers
        self._intents = intents()

    async def call_hooks(self, *_: object, **__: object) -> None:
        """There are none."""

    def _update_references(self, ws: DiscordWebSocket) -> None:
        """Nobody refers to it."""


class _Client:
    """What discord.py's websocket wants of a client."""

    _enable_debug_events = True  # so that `dispatch` hears of every frame

    def __init__(self, http: HTTPClient, handlers: Mapping[str, Handler], heard: Callable[[], None]) -> None:
        self.http = http
        self.loop = asyncio.get_running_loop()
        self._connection = _State(handlers)
        self._heard = heard

    def dispatch(self, event: str, *_: object) -> None:
        if event == "socket_raw_receive":
            self._heard()


class Gateway:
    """Connections to the Gateway, one after the other.

    Args:
        http: logged in.
        handlers: called with each event of that name, in order.
        heard: called with every frame that arrives.
    """

    def __init__(self, http: HTTPClient, handlers: Mapping[str, Handler], heard: Callable[[], None]) -> None:
        self._client = _Client(http, {**handlers, "READY": self._ready, "RESUMED": self._resumed}, heard)
        self._on_ready = handlers["READY"]
        self._session: Session | None = None
        self._resumes = 0
        self._begun = asyncio.Event()

    async def listen(self) -> None:
        """Connect, resuming the last session where there is one, and hear until the connection ends.

        Raises:
            discord.ConnectionClosed: Discord will not have it so; `code` says why.
            OSError, TimeoutError, aiohttp.ClientError: the connection failed or fell silent.
        """
        session = self._session if self._resumes < MOST_RESUMES else None
        if session is not None:
            self._resumes += 1
        self._begun.clear()
        ws: DiscordWebSocket | None = None
        try:
            async with asyncio.timeout(CONNECT_S):
                ws = await self._open(session)
            async with asyncio.timeout(RESUMED_S):
                while not self._begun.is_set():
                    await ws.poll_event()
            self._resumes = 0
            while True:
                await ws.poll_event()
        except ReconnectWebSocket as end:
            log.info("the connection to Discord's Gateway ended; %s", "resuming" if end.resume else "beginning anew")
            if not end.resume:
                self._session = None
                ws = None
        finally:
            if ws is not None:
                self._remember(ws)
                await _close(ws)

    async def _open(self, session: Session | None) -> DiscordWebSocket:
        try:
            if session is None:
                return await DiscordWebSocket.from_client(self._client, initial=True)  # type: ignore[arg-type]
            return await DiscordWebSocket.from_client(
                self._client,  # type: ignore[arg-type]
                gateway=session.gateway,
                session=session.id,
                sequence=session.sequence,
                resume=True,
            )
        except RuntimeError as error:  # aiohttp's word for a client that was closed meanwhile
            raise ConnectionError(str(error)) from None

    def _remember(self, ws: DiscordWebSocket) -> None:
        gateway: yarl.URL = ws.gateway
        self._session = Session(ws.session_id, ws.sequence, gateway) if ws.session_id else None

    def _ready(self, data: Mapping[str, Any]) -> None:
        self._begun.set()
        self._on_ready(data)

    def _resumed(self, _: Mapping[str, Any]) -> None:
        self._begun.set()
        log.info("resumed, listening")


async def _close(ws: DiscordWebSocket) -> None:
    """Leave without ending the session; whatever state the connection is in."""
    if (keep_alive := ws._keep_alive) is not None:  # noqa: SLF001 - a thread, which has no other end
        keep_alive.stop()
    if not ws.socket.closed:
        try:
            async with asyncio.timeout(2):
                await ws.socket.close(code=4000)
        except (TimeoutError, OSError):
            log.debug("the old connection did not close in time")
