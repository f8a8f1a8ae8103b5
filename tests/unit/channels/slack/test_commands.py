"""Slack's commands: by the slash command, which says the channel and no thread, and by an exclamation mark."""

from __future__ import annotations

import pytest

from agent.channels.base import Outbound, aside
from agent.channels.slack import channel as module
from tests.fakes.slack.world import GENERAL, PRIVATE, SECRET
from tests.unit.channels.heard import until
from tests.unit.channels.slack.stage import MENTION, OWNER, Stage, play


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Back off in hundredths of seconds."""
    monkeypatch.setattr(module, "backoff", lambda _: 0.01)


def test_a_command_in_a_channel_is_for_that_channel_and_answered_there_to_its_user_alone() -> None:
    async def scene(stage: Stage) -> None:
        used = [stage.command("/new", channel=GENERAL), stage.command("model 2", channel=PRIVATE)]
        await stage.heard.until(2)
        await until(stage.acknowledged)
        assert [(one.chat_id, one.text, one.private) for one in stage.heard.messages] == [
            (aside(GENERAL, OWNER), "/new", True),
            (aside(PRIVATE, OWNER), "/model 2", True),
        ]
        assert [one.answer for one in used] == [None, None], "the answer itself comes there"
        threads = [f"slack:{GENERAL}:{number}" for number in (1, 2)]
        assert all(map(stage.heard.messages[0].concerns, threads))
        assert not any(map(stage.heard.messages[1].concerns, [*threads, f"slack:{stage.home}"]))
        (body,) = stage.channel.compose("**fine**")
        await stage.channel.send(Outbound("slack", aside(GENERAL, OWNER), body))
        assert [(channel, user) for channel, user, _ in stage.world.whispers] == [(GENERAL, OWNER)]
        assert "fine" in stage.world.whispers[0][2]
        assert not stage.world.seen(GENERAL)
        assert not stage.world.seen(stage.home)

    play(scene)


def test_a_command_where_the_bot_is_no_member_is_answered_in_the_direct_messages() -> None:
    async def scene(stage: Stage) -> None:
        stage.command("status", channel=SECRET)
        await stage.heard.until(1)
        (body,) = stage.channel.compose("fine")
        await stage.channel.send(Outbound("slack", stage.heard.messages[0].chat_id, body))
        assert [one.text for one in stage.world.seen(stage.home)] == ["fine"]

    play(scene)


def test_a_request_by_the_slash_command_is_a_matter_of_the_direct_messages() -> None:
    async def scene(stage: Stage) -> None:
        used = [
            stage.command("tidy up", channel=GENERAL),
            stage.command("stop  and tidy up", channel=GENERAL),
            stage.command("tidy up"),
        ]
        await stage.heard.until(4)
        await until(stage.acknowledged)
        assert [(one.chat_id, one.text) for one in stage.heard.messages] == [
            (stage.home, "tidy up"),
            (aside(GENERAL, OWNER), "/stop"),
            (stage.home, "and tidy up"),
            (stage.home, "tidy up"),
        ]
        assert [one.answer for one in used] == [
            {"text": "tidy up: I answer in our direct messages."},
            {"text": "and tidy up: I answer in our direct messages."},
            None,
        ]

    play(scene)


def test_what_a_command_in_the_channel_has_ended_shows_no_more_that_it_is_worked_on() -> None:
    async def scene(stage: Stage) -> None:
        asked = stage.write(f"{MENTION} work", channel=GENERAL)
        await stage.heard.until(1)
        await stage.channel.typing(f"{GENERAL}:{asked.ts}")
        assert asked.reactions == ["eyes"]
        (body,) = stage.channel.compose("Stopped")
        await stage.channel.send(Outbound("slack", aside(GENERAL, OWNER), body))
        await until(lambda: not asked.reactions)

    play(scene)


def test_commands_by_the_slash_command_and_by_an_exclamation_mark() -> None:
    async def scene(stage: Stage) -> None:
        used = [stage.command("status"), stage.command("model 2"), stage.command("  ")]
        await stage.heard.until(3)
        for text in ("!status", "!model gpt", "!stop do it", "!status of things", "!important", "wow!"):
            stage.write(text)
        await stage.heard.until(9)
        assert [one.text for one in stage.heard.messages] == [
            *("/status", "/model 2", "/help"),
            *("/status", "/model gpt", "/stop do it", "!status of things", "!important", "wow!"),
        ]
        assert {one.chat_id for one in stage.heard.messages} == {stage.home}
        assert stage.heard.messages[0].external_id == used[0].payload["trigger_id"]
        await until(stage.acknowledged)
        assert [one.answer for one in used] == [None] * 3

    play(scene)
