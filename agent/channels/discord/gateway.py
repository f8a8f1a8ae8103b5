"""Discord's Gateway through discord.py's websocket: events in the order in which they come, as Discord sends them.

discord.py's Client is left out. It keeps servers, members and messages in memory and hands events to tasks of their
own, so that the second may be through before the first is stored; and it waits up to a quarter of an hour between two
attempts. Its websocket (compression, heartbeats, RESUME) and its HTTP client (rate limits) are what is used.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
import zlib
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
import yarl

from agent.channels.discord.parts import DiscordWebSocket, HTTPClient, Intents, ReconnectWebSocket

log = logging.getLogger("discord")

Handler = Callable[[Mapping[str, Any]], None]

CONNECT_S = 15.0
# What Discord may take to say READY or RESUMED; a session is sometimes neither resumed nor refused.
BEGIN_S = 15.0
MOST_RESUMES = 2
# Discord takes a bot's token away when it begins more than 1000 sessions a day: from this many in an hour on, it is one
# in so many seconds.
MANY_SESSIONS = 25
SESSION_EVERY_S = 150.0
_HOUR_S = 3600.0
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
        self.http = self
        self.token = http.token
        self.socket: Any = None
        self._connect = http.ws_connect
        self.loop = asyncio.get_running_loop()
        self._connection = _State(parsers)

    async def ws_connect(self, url: str) -> Any:  # noqa: ANN401 - aiohttp's
        """Keep hold of it: discord.py lets go of one over which no greeting comes, open as it is."""
        self.socket = await self._connect(url)
        return self.socket

    def dispatch(self, *_: object) -> None:
        """The handlers hear of everything."""


class GarbageError(OSError):
    """What came is not in the Gateway's form."""


class Gateway:
    """Connections to the Gateway, one after the other.

    Args:
        handlers: called with each event of that name, in order.
        heard: called after every frame that arrives once the session has begun.
    """

    def __init__(self, handlers: Mapping[str, Handler], heard: Callable[[], None]) -> None:
        self._handlers = {**handlers, "RESUMED": self._resumed}
        self._heard = heard
        self._due: list[tuple[str, Mapping[str, Any]]] = []
        self._session: Session | None = None
        self._resumes = 0
        self._begun: deque[float] = deque(maxlen=MANY_SESSIONS)

    async def listen(self, http: HTTPClient) -> None:
        """Connect, resuming the last session where there is one, and hear until the connection ends.

        Args:
            http: logged in.

        Raises:
            discord.ConnectionClosed: Discord will not have it so; `code` says why.
            OSError, TimeoutError, aiohttp.ClientError: the connection failed, fell silent or is no Gateway's.
        """
        if self._resumes >= MOST_RESUMES:
            self._session = None
        self._resumes += self._session is not None
        if self._session is None:
            await self._may_begin()
        ws: Any = None
        try:
            async with asyncio.timeout(CONNECT_S):
                with _in_form():
                    ws = await self._open(http, self._session)
            await self._begin(ws)
            while True:
                async with asyncio.timeout(_patience(ws)):
                    await self._next(ws)
                self._heard()
        except ReconnectWebSocket as end:
            log.info("the connection to Discord's Gateway ended; %s", "resuming" if end.resume else "beginning anew")
            if not end.resume:
                self._session = ws = None
        finally:
            if ws is not None:
                self._remember(ws)
                await _close(ws)

    def forget(self) -> None:
        """Begin anew the next time."""
        self._session = None

    async def _may_begin(self) -> None:
        """Wait where many sessions were begun lately, whatever ended them."""
        now = time.monotonic()
        if len(self._begun) == MANY_SESSIONS and now - self._begun[0] < _HOUR_S:
            await asyncio.sleep(max(0.0, self._begun[-1] + SESSION_EVERY_S - now))
        self._begun.append(time.monotonic())

    async def _begin(self, ws: Any) -> None:  # noqa: ANN401 - discord.py's, which does not type it
        try:
            async with asyncio.timeout(BEGIN_S):
                while not await self._next(ws) & {"READY", "RESUMED"}:
                    pass
        except TimeoutError:
            ws.session_id = None  # the session will not be resumed
            raise
        self._resumes = 0

    async def _open(self, http: HTTPClient, session: Session | None) -> Any:  # noqa: ANN401 - for its private parts
        parsers = {name: self._parser(name) for name in self._handlers}
        client = _Client(http, parsers)
        old: dict[str, Any] = {"initial": True}
        if session is not None:
            old = {"gateway": session.gateway, "session": session.id, "sequence": session.sequence, "resume": True}
        try:
            return await DiscordWebSocket.from_client(client, **old)  # type: ignore[arg-type]
        except BaseException:
            if client.socket is not None:
                await _part(client.socket)
            raise

    def _parser(self, name: str) -> Handler:
        return lambda data: self._due.append((name, data))

    async def _next(self, ws: Any) -> set[str]:  # noqa: ANN401 - discord.py's, which does not type it
        """Hear one frame and handle what is in it; the names of its events."""
        self._due.clear()
        with _in_form():
            await ws.poll_event()
        for name, data in self._due:
            self._handlers[name](data)
        return {name for name, _ in self._due}

    def _remember(self, ws: Any) -> None:  # noqa: ANN401 - discord.py's, which does not type it
        self._session = Session(ws.session_id, ws.sequence, ws.gateway) if ws.session_id else None

    def _resumed(self, _: Mapping[str, Any]) -> None:
        log.info("resumed, listening")
        self._heard()


@contextlib.contextmanager
def _in_form() -> Iterator[None]:
    """What discord.py raises for frames that are in no form it knows, as GarbageError."""
    try:
        yield
    except (AttributeError, KeyError, TypeError, ValueError, zlib.error) as error:
        raise GarbageError(type(error).__name__) from None


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
    await _part(ws.socket)


async def _part(socket: aiohttp.ClientWebSocketResponse) -> None:
    if not socket.closed:
        try:
            async with asyncio.timeout(2):
                await socket.close(code=4000)
        except (TimeoutError, OSError):
            log.debug("the old connection did not close in time")
