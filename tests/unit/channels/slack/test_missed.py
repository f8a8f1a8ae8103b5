"""What was missed on Slack is read to its end, or the chat is told that it is not."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import pytest

from agent.channels.slack import history as slack_history
from agent.channels.slack.history import MARK
from agent.store.mailbox import Inbound
from tests.fakes.slack import people
from tests.fakes.slack.messages import StoredMessage
from tests.fakes.slack.rates import Rates
from tests.fakes.slack.server import Slack
from tests.fakes.slack.world import GENERAL
from tests.fakes.wire import SlackFault, SlackMessage
from tests.unit.channels.heard import Heard, until
from tests.unit.channels.slack.stage import MENTION, OWNER, Stage, hasty, hears, play


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    hasty(monkeypatch)


def missed(slack: Slack, text: str, channel: str | None = None, thread: str | None = None) -> StoredMessage:
    """A message of which no event arrives."""
    subscribed, slack.world.events = slack.world.events, set()
    message = people.writes(slack.world, SlackMessage(user=OWNER, text=text, channel=channel, thread_ts=thread))
    slack.world.events = subscribed
    return message


def marked(heard: Heard, message: StoredMessage, thread: str | None = None) -> None:
    """As if a message had been heard before the downtime."""
    channel = message.channel.id
    chat = channel if thread is None else f"{channel}:{thread}"
    heard.receive(
        [Inbound("slack", chat, f"{channel}:{message.ts}", OWNER, message.ts, message.text)],
        {MARK + chat: message.ts},
    )


def absent(slack: Slack, heard: Heard, where: str, written: Iterable[str]) -> None:
    """One message was heard; then these were written, in direct messages or in a thread, and nobody listened."""
    channel = GENERAL if where == "thread" else None
    before = missed(slack, "before", channel)
    thread = before.ts if where == "thread" else None
    marked(heard, before, thread)
    for text in written:
        missed(slack, text, channel, thread)


def texts(stage: Stage, chat: str) -> list[str]:
    """What was heard in a chat, without what stands there since before."""
    return [one.text for one in stage.heard.messages if one.chat_id == chat][1:]


@pytest.mark.parametrize("where", ["direct messages", "thread"])
def test_however_much_it_is_it_is_read_to_its_end_and_at_slacks_pace(
    where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = Rates._count
    # two calls a second, four of which it takes: whoever begins anew at each refusal never comes to the end
    monkeypatch.setattr(Rates, "_count", lambda self, key, *_: count(self, key, 2, 1.0))
    heard, most = Heard(), 150

    def away(slack: Slack) -> None:
        absent(slack, heard, where, [f"m{number}" for number in range(most)])
        slack.world.rates.active = True

    async def scene(stage: Stage) -> None:
        await stage.heard.until(1 + most, 30)
        chat = stage.heard.messages[0].chat_id
        assert texts(stage, chat) == [f"m{number}" for number in range(most)]
        assert not stage.heard.told
        await until(lambda: stage.heard.stored[MARK + chat] == stage.heard.messages[-1].message_id)

    play(scene, heard=heard, before=away)


@pytest.mark.parametrize("where", ["direct messages", "thread"])
def test_what_is_left_out_is_said_in_the_chat_once(where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slack_history, "MOST_MISSED", 30)
    monkeypatch.setattr(slack_history, "OVERLAP_S", 0.0)
    monkeypatch.setattr(slack_history, "_PAGE", 10)
    heard = Heard()

    def away(slack: Slack) -> None:
        absent(slack, heard, where, [f"m{number}" for number in range(45)])

    async def scene(stage: Stage) -> None:
        chat = stage.heard.messages[0].chat_id
        await stage.heard.until(1 + 30)
        assert texts(stage, chat) == [f"m{number}" for number in range(15, 45)]
        ((told, sentence),) = stage.heard.told
        assert told == chat
        assert "the newest 30 messages" in sentence
        opened = stage.world.hub.opened
        stage.slack.sockets.order("drop")
        await until(lambda: stage.world.hub.opened > opened)
        await hears(stage)
        assert len(stage.heard.told) == 1

    play(scene, heard=heard, before=away)


@pytest.mark.parametrize("where", ["direct messages", "thread"])
def test_what_would_take_too_much_memory_is_left_out_as_well(where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slack_history, "MOST_CHARS", 30_000)
    monkeypatch.setattr(slack_history, "OVERLAP_S", 0.0)
    monkeypatch.setattr(slack_history, "_PAGE", 2)
    heard = Heard()

    def away(slack: Slack) -> None:
        absent(slack, heard, where, [f"m{number} " + "x" * 8000 for number in range(10)])

    async def scene(stage: Stage) -> None:
        chat = stage.heard.messages[0].chat_id
        await stage.heard.until(1 + 3)
        assert [text.partition(" ")[0] for text in texts(stage, chat)] == ["m7", "m8", "m9"]
        assert "the newest 3 messages" in stage.heard.told[0][1]

    play(scene, heard=heard, before=away)


def test_talk_that_was_heard_and_is_not_for_the_assistant_is_not_taken_for_missed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(slack_history, "MOST_MISSED", 5)
    monkeypatch.setattr(slack_history, "OVERLAP_S", 0.0)
    monkeypatch.setattr(slack_history, "_PAGE", 5)
    monkeypatch.setattr(slack_history, "WRITE_EVERY_S", 0.0)

    async def scene(stage: Stage) -> None:
        stage.write(f"{MENTION} hello", channel=GENERAL)
        await stage.heard.until(1)
        for number in range(20):
            stage.write(f"talk {number}", channel=GENERAL)
        await until(stage.acknowledged)
        newest = stage.world.seen(GENERAL)[-1].ts
        assert stage.heard.stored[MARK + GENERAL] == newest, "written down for the next start"
        opened = stage.world.hub.opened
        stage.slack.sockets.order("drop")
        await until(lambda: stage.world.hub.opened > opened)
        stage.write(f"{MENTION} again", channel=GENERAL)
        await stage.heard.until(2)
        assert not stage.heard.told

    play(scene)


def test_a_channel_that_cannot_be_read_keeps_nobody_from_reading_a_thread() -> None:
    heard = Heard()

    def away(slack: Slack) -> None:
        marked(heard, missed(slack, "before"))
        missed(slack, "in the channel")
        root = missed(slack, f"{MENTION} x", GENERAL)
        marked(heard, root, root.ts)
        missed(slack, "in the thread", GENERAL, root.ts)
        fault = SlackFault(kind="error", method="conversations.history", error="internal_error", times=10_000)
        slack.world.faults.append(fault)

    async def scene(stage: Stage) -> None:
        await stage.heard.until(3)
        assert stage.heard.messages[-1].text == "in the thread"
        stage.world.faults.clear()
        await stage.heard.until(4)
        assert stage.heard.messages[-1].text == "in the channel"
        await asyncio.sleep(0.3)
        assert len(stage.calls("conversations.replies")) == 1, "what is read is not read again"

    play(scene, heard=heard, before=away)
