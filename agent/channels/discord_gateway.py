"""Discord's Gateway through discord.py's websocket: events in the order in which they come, as Discord sends them.

discord.py's Client is left out. It keeps servers, members and messages in memory and hands events to tasks of their
own, so that the second may be through before the first is stored; and it waits up to a quarter of an hour between two
attempts. Its websocket (compression, heartbeats, RESUME) and its HTTP client (rate limits) are what is used.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import yarl

from agent.channels.discord_parts import DiscordWebSocket, HTTPClient, Intents, ReconnectWebSocket

log = logging.getLogger("discord")

Handler = Callable[[Mapping[str, Any]], None]

CONNECT_S = 20.0
# What Discord may take to say READY or RESUMED; a session is sometimes neither resumed nor refused.
BEGIN_S = 15.0
MOST_RESUMES = 2
# What the answer to a heartbeat may take; nothing else tells a connection that is dead.
ACK_S = 10.0


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
    heartbeat_timeout = 120.0  # later than what is looked for here
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

    _enable_debug_events = False

    def __init__(self, http: HTTPClient, parsers: Mapping[str, Handler]) -> None:
        self.http = http
        self.loop = asyncio.get_running_loop()
        self._connection = _State(parsers)

    def dispatch(self, *_: object) -> None:
        """The handlers hear of everything."""


class Gateway:
    """Connections to the Gateway, one after the other.

    Args:
        http: logged in.
        handlers: called with each event of that name, in order.
        heard: called with every frame that arrives once the session has begun.
        session: an earlier Gateway's, to be resumed.
    """

    def __init__(
        self,
        http: HTTPClient,
        handlers: Mapping[str, Handler],
        heard: Callable[[], None],
        session: Session | None = None,
    ) -> None:
        self.session = session
        self._client = _Client(http, {**handlers, "READY": self._ready, "RESUMED": self._resumed})
        self._on_ready = handlers["READY"]
        self._heard = heard
        self._resumes = 0
        self._begun = False

    async def listen(self) -> None:
        """Connect, resuming the last session where there is one, and hear until the connection ends.

        Raises:
            discord.ConnectionClosed: Discord will not have it so; `code` says why.
            OSError, TimeoutError, aiohttp.ClientError: the connection failed or fell silent.
        """
        if self._resumes >= MOST_RESUMES:
            self.session = None
        self._resumes += self.session is not None
        self._begun = False
        ws: Any = None
        try:
            async with asyncio.timeout(CONNECT_S):
                ws = await self._open(self.session)
            async with asyncio.timeout(BEGIN_S):
                while not self._begun:
                    await ws.poll_event()
            self._resumes = 0
            while True:
                async with asyncio.timeout(_patience(ws)):
                    await ws.poll_event()
                self._heard()
        except ReconnectWebSocket as end:
            log.info("the connection to Discord's Gateway ended; %s", "resuming" if end.resume else "beginning anew")
            if not end.resume:
                self.session = ws = None
        finally:
            if ws is not None:
                self._remember(ws)
                await _close(ws)

    async def _open(self, session: Session | None) -> Any:  # noqa: ANN401 - its private parts are needed
        if session is None:
            return await DiscordWebSocket.from_client(self._client, initial=True)  # type: ignore[arg-type]
        return await DiscordWebSocket.from_client(
            self._client,  # type: ignore[arg-type]
            gateway=session.gateway,
            session=session.id,
            sequence=session.sequence,
            resume=True,
        )

    def _remember(self, ws: Any) -> None:  # noqa: ANN401 - discord.py's, which does not type it
        self.session = Session(ws.session_id, ws.sequence, ws.gateway) if ws.session_id else None

    def _ready(self, data: Mapping[str, Any]) -> None:
        self._begun = True
        self._on_ready(data)

    def _resumed(self, _: Mapping[str, Any]) -> None:
        self._begun = True
        log.info("resumed, listening")
        self._heard()


def _patience(ws: Any) -> float:  # noqa: ANN401 - discord.py's private parts
    """Seconds within which the next frame has to come; events alone do not help a heartbeat that is not answered."""
    alive = ws._keep_alive  # noqa: SLF001
    if alive is None:
        return ACK_S
    return float(alive._last_ack + alive.interval + ACK_S - time.perf_counter())  # noqa: SLF001


async def _close(ws: Any) -> None:  # noqa: ANN401 - whatever state it is in
    """Leave without ending the session."""
    if ws._keep_alive is not None:  # noqa: SLF001 - its thread would go on
        ws._keep_alive.stop()  # noqa: SLF001
        ws._keep_alive = None  # noqa: SLF001
    if not ws.socket.closed:
        try:
            async with asyncio.timeout(2):
                await ws.socket.close(code=4000)
        except (TimeoutError, OSError):
            log.debug("the old connection did not close in time")
