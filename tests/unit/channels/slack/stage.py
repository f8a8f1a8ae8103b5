"""A listening Slack channel and the stand-in that it listens to."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from agent.channels.slack import catch_up, channel, socket
from agent.channels.slack.channel import SlackChannel
from agent.channels.slack.inbound import Me
from tests.fakes import defaults
from tests.fakes.slack import people
from tests.fakes.slack.messages import StoredMessage
from tests.fakes.slack.server import Slack
from tests.fakes.slack.world import World
from tests.fakes.standins import StandIns
from tests.fakes.wire import SlackCall, SlackCommand, SlackEdit, SlackFault, SlackMessage
from tests.unit.channels.heard import Heard, until

OWNER = defaults.SLACK_OWNER_ID
MENTION = f"<@{defaults.SLACK_BOT_USER}>"
ME = Me(defaults.SLACK_BOT_USER)


def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Back off in hundredths of seconds, and ask after a fifth of one whether anybody is there."""
    monkeypatch.setattr(channel, "backoff", lambda _: 0.01)
    monkeypatch.setattr(catch_up, "backoff", lambda _: 0.01)
    monkeypatch.setattr(socket, "PING_S", 0.2)
    monkeypatch.setattr(socket, "HELLO_S", 0.5)


class Stage:
    """What a scene works with."""

    def __init__(self, fakes: StandIns, channel: SlackChannel, heard: Heard) -> None:
        self.fakes = fakes
        self.channel = channel
        self.heard = heard

    @property
    def slack(self) -> Slack:
        """The workspace and its websockets."""
        return self.fakes.state.slack

    @property
    def world(self) -> World:
        """The workspace."""
        return self.slack.world

    @property
    def home(self) -> str:
        """The owner's private channel."""
        return self.world.private_channel(OWNER).id

    def write(self, text: str = "", **more: Any) -> StoredMessage:
        """The owner writes, or whoever is named."""
        return people.writes(self.world, SlackMessage(**{"user": OWNER, "text": text, **more}))

    def edit(self, message: StoredMessage, text: str | None, *, user_edit: bool = True) -> None:
        """Its writer changes a message, or deletes it."""
        people.edits(self.world, SlackEdit(ts=message.ts, text=text, channel=message.channel.id, user_edit=user_edit))

    def command(self, text: str, **more: Any) -> Any:
        """The slash command is used; the envelope."""
        return people.commands(self.world, SlackCommand(**{"user": OWNER, "text": text, **more}))

    def fail(self, kind: Any, **more: Any) -> None:
        """Something befalls the next calls."""
        self.world.faults.append(SlackFault(kind=kind, **more))

    def calls(self, method: str) -> list[SlackCall]:
        """The calls of a method so far."""
        return [call for call in self.world.calls if call.method == method]

    async def listening(self, seconds: float = 5) -> None:
        """Until there is a connection and nothing is wrong."""
        await until(lambda: bool(self.world.hub.lines) and self.channel.contact.problem is None, seconds)

    def acknowledged(self) -> bool:
        """Whether nothing waits."""
        return all(one.acknowledged.is_set() for one in self.world.hub.envelopes)


def channel_for(
    fakes: StandIns,
    bot_token: str = defaults.SLACK_TOKEN,
    app_token: str = defaults.SLACK_APP_TOKEN,
    host: str = "127.0.0.1",
) -> SlackChannel:
    """A channel that reaches the stand-in, the Web API by the name `host`."""
    base, files = fakes.url(defaults.SLACK_HOST).replace("127.0.0.1", host), fakes.url(defaults.SLACK_FILES_HOST)
    return SlackChannel(bot_token, app_token, f"{base}/api/", (f"{files}/",))


def play(
    scene: Callable[[Stage], Awaitable[None]],
    *,
    heard: Heard | None = None,
    before: Callable[[Slack], None] = lambda _: None,
    wait: bool = True,
    **given: str,
) -> None:
    """Run a scene with a listening channel; `before` prepares the workspace, `channel_for` takes the rest."""

    async def whole() -> None:
        async with StandIns() as fakes:
            before(fakes.state.slack)
            stage = Stage(fakes, channel_for(fakes, **given), heard or Heard())
            listening = asyncio.create_task(stage.channel.run(stage.heard))
            try:
                if wait:
                    await stage.listening()
                await scene(stage)
            finally:
                listening.cancel()
                await asyncio.gather(listening, return_exceptions=True)
                await stage.channel.aclose()
                await asyncio.sleep(0)

    asyncio.run(whole())


async def hears(stage: Stage, seconds: float = 5) -> None:
    """A message that is written now is heard."""
    count = len(stage.heard.messages)
    stage.write(f"message {count}")
    await stage.heard.until(count + 1, seconds)
    assert stage.heard.messages[-1].text == f"message {count}"
    await until(stage.acknowledged)
