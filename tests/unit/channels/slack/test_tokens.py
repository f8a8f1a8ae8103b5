"""Slack's tokens and scopes: one that is refused is said, not hammered, and taken when it is put right."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from agent.channels.slack import channel as module
from tests.fakes import defaults
from tests.fakes.slack.server import Slack
from tests.unit.channels.heard import until
from tests.unit.channels.slack.stage import Stage, hasty, hears, play


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    hasty(monkeypatch)


@pytest.mark.parametrize(
    ("tokens", "said"),
    [
        ({"bot_token": "xoxb-wrong"}, "channel.bot_token"),
        ({"app_token": "xapp-wrong"}, "channel.app_token"),
        ({"app_token": defaults.SLACK_TOKEN}, "channel.app_token"),
    ],
)
def test_a_refused_token_is_said_once_and_not_hammered(
    tokens: dict[str, Any], said: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def scene(stage: Stage) -> None:
        await until(lambda: said in (stage.channel.contact.problem or ""))
        await asyncio.sleep(0.3)
        assert not stage.channel.contact.curable
        assert len(stage.calls("auth.test")) == len(stage.calls("apps.connections.open")) == 1

    play(scene, wait=False, **tokens)
    assert caplog.text.count(said) == 1
    assert all(token not in caplog.text for token in tokens.values())


def test_a_missing_scope_of_the_app_token_is_said() -> None:
    async def scene(stage: Stage) -> None:
        await until(lambda: "connections:write" in (stage.channel.contact.problem or ""))
        assert "channel.app_token" in (stage.channel.contact.problem or "")

    def without(slack: Slack) -> None:
        slack.world.app_scopes = set()

    play(scene, wait=False, before=without)


def test_a_bot_token_revoked_while_running_is_noticed_and_so_is_its_return(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "OWNER_WAIT_S", 0.2)

    async def scene(stage: Stage) -> None:
        stage.world.revoked = {defaults.SLACK_TOKEN}
        await until(lambda: "token_revoked" in (stage.channel.contact.problem or ""))
        await asyncio.sleep(0.5)  # pongs do not wash it away
        assert "channel.bot_token" in (stage.channel.contact.problem or "")
        assert not stage.channel.contact.curable
        stage.world.revoked = set()
        await stage.listening()
        await hears(stage)

    play(scene)


def test_a_removed_app_says_so_at_once() -> None:
    async def scene(stage: Stage) -> None:
        stage.world.revoke(defaults.SLACK_TOKEN)
        await until(lambda: "token_revoked" in (stage.channel.contact.problem or ""))
        assert not stage.channel.contact.curable

    play(scene)


def test_an_app_token_revoked_while_running_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "OWNER_WAIT_S", 0.2)

    async def scene(stage: Stage) -> None:
        stage.world.revoked = {defaults.SLACK_APP_TOKEN}
        stage.slack.sockets.order("drop")
        await until(lambda: "channel.app_token" in (stage.channel.contact.problem or ""))
        stage.world.revoked = set()
        await stage.listening()
        await hears(stage)

    play(scene)
