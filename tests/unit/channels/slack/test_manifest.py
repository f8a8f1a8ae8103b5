"""The manifest that an owner pastes: with what it asks for, and no more, the channel does all it can."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from agent import cli
from agent.channels.base import RejectedError
from agent.messages import COMMANDS
from agent.store.mailbox import Outbound
from tests.fakes.slack.methods import METHODS
from tests.fakes.slack.server import Slack
from tests.fakes.slack.world import EVENTS, GENERAL, GROUP, PRIVATE
from tests.fakes.wire import Attachment
from tests.unit.channels.heard import until
from tests.unit.channels.slack.stage import MENTION, Stage, play


def manifest() -> dict[str, Any]:
    told = CliRunner().invoke(cli.main, ["slack-manifest"])
    assert told.exit_code == 0
    return dict(json.loads(told.stdout))


def test_it_is_printed_on_the_operators_machine() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "agent.cli", "slack-manifest"], capture_output=True, text=True, check=True, timeout=60
    )
    assert json.loads(done.stdout) == manifest()


def test_it_turns_on_what_the_channel_needs() -> None:
    found = manifest()
    settings = found["settings"]
    assert settings["socket_mode_enabled"] is True
    assert settings["token_rotation_enabled"] is False  # rotated tokens expire, and nobody renews them here
    assert settings["interactivity"] == {"is_enabled": False}
    assert set(settings["event_subscriptions"]["bot_events"]) == EVENTS
    (command,) = found["features"]["slash_commands"]
    assert command["command"] == "/picoclaw"
    assert {name for name in COMMANDS if name in command["usage_hint"]} == set(COMMANDS)
    assert found["features"]["app_home"]["messages_tab_read_only_enabled"] is False


def everything(tmp_path: Path, scopes: set[str]) -> Slack:
    """All that the channel does, with these scopes; the workspace afterwards."""
    path = tmp_path / "file"
    path.write_text("x")
    kept: list[Slack] = []

    def grant(slack: Slack) -> None:
        slack.world.scopes, slack.world.events = (
            scopes,
            set(manifest()["settings"]["event_subscriptions"]["bot_events"]),
        )
        kept.append(slack)

    async def scene(stage: Stage) -> None:
        stage.write("hello", files=[Attachment(name="a", content=b"x")])
        await stage.heard.until(1)
        for count, channel in enumerate((GENERAL, PRIVATE, GROUP), 2):
            root = stage.write("root", channel=channel)
            stage.write(f"{MENTION} hi", channel=channel, thread_ts=root.ts)
            stage.write("more", channel=channel, thread_ts=root.ts)
            await until(lambda wanted=2 * count - 1: len(stage.heard.messages) >= wanted)  # type: ignore[misc]
        stage.command("status")
        await until(stage.acknowledged)
        message = stage.heard.messages[0]
        assert b"".join([piece async for piece in stage.channel.download(message.attachments[0].reference)]) == b"x"
        await stage.channel.typing(stage.home)
        shown = await stage.channel.draft(stage.home, stage.channel.compose("hi")[0], None, None)
        await stage.channel.send(Outbound("slack", stage.home, stage.channel.compose("ho")[0], edits=shown))
        await stage.channel.send(Outbound("slack", stage.home, "", file=str(path), file_name="f"))
        await until(lambda: bool(stage.calls("reactions.remove")))
        stage.slack.sockets.order("drop")
        await until(lambda: bool(stage.calls("conversations.history")))
        await until(lambda: stage.world.hub.opened == 2)

    play(scene, before=grant)
    return kept[0]


def test_its_scopes_suffice_and_each_is_needed(tmp_path: Path) -> None:
    scopes = set(manifest()["oauth_config"]["scopes"]["bot"])
    world = everything(tmp_path, scopes).world
    assert [call.error for call in world.calls if call.error] == []
    called = {call.method for call in world.calls}
    assert called <= {*METHODS, "apps.connections.open"}
    needed = {METHODS[name].scope for name in called if name in METHODS}
    events = {"app_mentions:read", "channels:history", "groups:history", "im:history", "mpim:history", "commands"}
    assert scopes == (needed | events) - {""}


@pytest.mark.parametrize("scope", ["files:read", "chat:write", "files:write"])
def test_without_one_of_them_it_is_noticed(scope: str, tmp_path: Path) -> None:
    scopes = set(manifest()["oauth_config"]["scopes"]["bot"]) - {scope}
    with pytest.raises(RejectedError if scope != "chat:write" else Exception, match="missing_scope"):
        everything(tmp_path, scopes)
