"""A Discord channel that listens to the stand-ins, through the real discord.py, and what it has heard."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import yarl

from agent.channels.discord import channel as module
from agent.channels.discord import gateway as discord_gateway
from agent.channels.discord import hearing as discord_hearing
from agent.channels.discord import history as discord_history
from agent.channels.discord.channel import DiscordChannel
from agent.channels.discord.parts import DiscordWebSocket, Route
from tests.fakes import defaults
from tests.fakes.discord import users
from tests.fakes.discord.objects import BOT, Message
from tests.fakes.discord.world import World
from tests.fakes.standins import StandIns
from tests.fakes.wire import DiscordMessage, DiscordOrder
from tests.unit.channels.heard import Heard, until

OWNER = defaults.DISCORD_OWNER_ID


class Stage:
    """Stand-ins and desks stay while channels come and go."""

    def __init__(self, fakes: StandIns, monkeypatch: pytest.MonkeyPatch) -> None:
        self.fakes = fakes
        self.world: World = fakes.state.discord
        self.world.settings.heartbeat_ms = 400
        self.heard = Heard(allowed=[OWNER])
        self.dm = self.world.private_channel(OWNER).id
        monkeypatch.setattr(Route, "BASE", f"{fakes.url(defaults.DISCORD_HOST)}/api/v10")
        self.gateway_url = fakes.url(defaults.DISCORD_GATEWAY_HOST).replace("http", "ws")
        monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(self.gateway_url))

    @contextlib.asynccontextmanager
    async def listening(self, *, up: bool = True) -> AsyncIterator[DiscordChannel]:
        """A gateway that runs, and is stopped at the end; `up`: from when it has caught up."""
        origins = tuple(self.fakes.url(name) for name in (defaults.DISCORD_CDN_HOST, defaults.DISCORD_MEDIA_HOST))
        channel = DiscordChannel(defaults.DISCORD_TOKEN, origins)
        task = asyncio.create_task(channel.run(self.heard))
        try:
            if up:
                await self.up(channel)
            yield channel
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await channel.aclose()

    async def up(self, channel: DiscordChannel, seconds: float = 10) -> None:
        """Wait until it is connected and has caught up."""
        hearing = channel._hearing
        await until(lambda: channel.contact.problem is None and self.world.hub.connected, seconds)
        hearing = channel._hearing
        assert hearing is not None
        await until(lambda: hearing._held is None, seconds)

    def writes(self, text: str = "", **more: Any) -> Message:
        """The owner writes."""
        return users.writes(self.world, DiscordMessage(**{"user_id": OWNER, "text": text, **more}))

    def order(self, action: Any, code: int = 4000) -> float:
        """Something befalls the open connections; the time at which it does."""
        self.world.hub.order(DiscordOrder(action=action, code=code))
        return time.monotonic()

    def shown(self, channel: str | None = None) -> list[Message]:
        """The bot's messages."""
        return [one for one in self.world.messages(channel or self.dm) if one.author == BOT and not one.deleted]

    def calls(self, method: str, path: str) -> int:
        """How many requests of that kind have come."""
        return sum(call.method == method and call.path == path for call in self.world.calls)

    async def begun_since(self, moment: float, seconds: float = 15) -> float:
        """Seconds from a moment to the next READY or RESUMED."""
        await until(lambda: any(begun > moment for begun in self.world.hub.begun), seconds)
        return next(begun for begun in self.world.hub.begun if begun > moment) - moment


Scene = Callable[[Stage], Awaitable[None]]
Play = Callable[[Scene], None]


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch) -> Play:
    """Runs a scene; what Discord gives seconds for takes tenths of them."""
    monkeypatch.setattr(module, "backoff", lambda _: 0.02)
    monkeypatch.setattr(discord_hearing, "backoff", lambda _: 0.02)
    monkeypatch.setattr(discord_history, "SERVERS_S", 0.5)
    monkeypatch.setattr(discord_gateway, "ACK_S", 0.6)
    monkeypatch.setattr(discord_gateway, "BEGIN_S", 1.0)
    monkeypatch.setattr(discord_gateway, "CONNECT_S", 1.0)

    def run(scene: Scene) -> None:
        async def whole() -> None:
            async with StandIns() as fakes:
                await scene(Stage(fakes, monkeypatch))

        asyncio.run(whole())

    return run
