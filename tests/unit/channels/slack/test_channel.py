"""The Slack channel against the stand-in: what it hears, and what it acknowledges."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from agent.channels.base import Outbound, RejectedError
from agent.channels.slack import channel as module
from agent.channels.slack.history import MARK
from agent.store.mailbox import Edited, Inbound
from tests.fakes import defaults
from tests.fakes.pictures import PICTURE
from tests.fakes.slack import people
from tests.fakes.slack.messages import StoredMessage
from tests.fakes.slack.server import Slack
from tests.fakes.slack.world import GENERAL, GROUP, PRIVATE
from tests.fakes.wire import Attachment, SlackMessage
from tests.unit.channels.heard import Heard, until
from tests.unit.channels.slack.stage import MENTION, OWNER, Stage, play

STRANGER = "U0STRANGER1"


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Back off in hundredths of seconds."""
    monkeypatch.setattr(module, "backoff", lambda _: 0.01)


def test_messages_are_heard_in_order_and_acknowledged() -> None:
    async def scene(stage: Stage) -> None:
        written = [stage.write(f"m{number} &lt;3 &amp; more") for number in range(3)]
        await stage.heard.until(3)
        assert [one.text for one in stage.heard.messages] == [f"m{number} <3 & more" for number in range(3)]
        first = stage.heard.messages[0]
        assert first == Inbound(
            "slack", stage.home, f"{stage.home}:{written[0].ts}", OWNER, written[0].ts, "m0 <3 & more", "en-US"
        )
        await until(stage.acknowledged)
        assert stage.heard.stored[f"{MARK}{stage.home}"] == written[-1].ts

    play(scene)


class Forgetful(Heard):
    """A desk whose disk is full at first."""

    def __init__(self, failures: int) -> None:
        super().__init__()
        self.failures = failures

    def receive(self, events: Iterable[Inbound | Edited], marks: Mapping[str, str] | None = None) -> None:
        self.failures -= 1
        if self.failures >= 0:
            raise OSError("disk full")
        super().receive(events, marks)


def test_what_is_not_stored_is_not_acknowledged_and_comes_again() -> None:
    async def scene(stage: Stage) -> None:
        stage.world.hub.acknowledge_s, stage.world.hub.retry_s = 0.2, (0.0, 0.0)
        stage.write("hello")
        await until(lambda: stage.world.hub.envelopes[0].sent == 2)
        await stage.heard.until(1)
        await until(stage.acknowledged)

    play(scene, heard=Forgetful(1))


def test_what_comes_twice_is_heard_once() -> None:
    async def scene(stage: Stage) -> None:
        stage.write(f"{MENTION} hello", channel=GENERAL)
        await stage.heard.until(1)
        await until(stage.acknowledged)
        stage.slack.sockets.order("again")
        stage.write("after")
        await stage.heard.until(2)
        assert [one.text for one in stage.heard.messages] == ["hello", "after"]
        assert len(stage.world.hub.envelopes) == 3  # the mention was told of by two events

    play(scene)


def test_in_channels_only_what_is_meant_for_it_is_heard() -> None:
    async def scene(stage: Stage) -> None:
        for channel in (GENERAL, PRIVATE, GROUP):
            stage.write("among ourselves", channel=channel)
        mention = stage.write(f"hey {MENTION}, what is up", channel=GENERAL)
        stage.write("and then?", channel=GENERAL, thread_ts=mention.ts)
        own = await stage.channel.draft(PRIVATE, stage.channel.compose("mine")[0], None, None)
        stage.write("thanks", channel=PRIVATE, thread_ts=own)
        other = stage.write("somebody's", channel=GROUP)
        stage.write("not meant", channel=GROUP, thread_ts=other.ts)
        stage.write(f"{MENTION} and this?", channel=GROUP, thread_ts=other.ts)
        await stage.heard.until(4)
        await until(stage.acknowledged)
        assert [(one.chat_id, one.text, one.quoted) for one in stage.heard.messages] == [
            (f"{GENERAL}:{mention.ts}", "hey , what is up", ""),
            (f"{GENERAL}:{mention.ts}", "and then?", ""),
            (f"{PRIVATE}:{own}", "thanks", "mine"),
            (f"{GROUP}:{other.ts}", "and this?", "somebody's"),
        ]
        assert not any(one.private for one in stage.heard.messages)

    play(scene)


def test_a_thread_of_direct_messages_is_a_conversation_of_its_own() -> None:
    async def scene(stage: Stage) -> None:
        first = stage.write("hello")
        stage.write("in the thread", thread_ts=first.ts)
        await stage.heard.until(2)
        inside = stage.heard.messages[1]
        assert (inside.chat_id, inside.private, inside.quoted) == (f"{stage.home}:{first.ts}", True, "hello")

    play(scene)


def test_what_a_thread_began_with_comes_with_its_files_once(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.write_text("mine")

    async def scene(stage: Stage) -> None:
        root = stage.write("", user=STRANGER, channel=GENERAL, files=[Attachment(name="a.txt", content=b"inside")])
        stage.write(f"{MENTION} what is this?", channel=GENERAL, thread_ts=root.ts)
        await stage.heard.until(1)
        stage.write("and now?", channel=GENERAL, thread_ts=root.ts)
        await stage.heard.until(2)
        await stage.channel.send(Outbound("slack", PRIVATE, "{}", file=str(mine), file_name="mine"))
        stage.write("what is it?", channel=PRIVATE, thread_ts=stage.world.seen(PRIVATE)[-1].ts)
        await stage.heard.until(3)
        asked, later, of_mine = stage.heard.messages
        (attachment,) = asked.attachments
        assert attachment.name == "a.txt"
        assert b"".join([piece async for piece in stage.channel.download(attachment.reference)]) == b"inside"
        assert (later.attachments, of_mine.attachments) == ((), ())

    play(scene)


def test_bots_and_notices_are_not_heard() -> None:
    async def scene(stage: Stage) -> None:
        stage.write("beep", other_bot=True)
        stage.write("an old webhook", other_bot=True, subtype="bot_message")
        stage.write("has joined", subtype="channel_join")
        await stage.channel.draft(stage.home, stage.channel.compose("my own")[0], None, None)
        stage.write("look", forwarded="what she said")
        await stage.heard.until(1)
        await until(stage.acknowledged)
        assert [(one.text, one.quoted) for one in stage.heard.messages] == [("look", "what she said")]

    play(scene)


def test_edits_and_deletions_are_told_and_previews_are_not() -> None:
    async def scene(stage: Stage) -> None:
        asked = stage.write("frist https://example.org")
        mention = stage.write(f"{MENTION} a", channel=GENERAL)
        await stage.heard.until(2)
        stage.edit(asked, "", user_edit=False)
        stage.edit(asked, "first")
        stage.edit(mention, f"{MENTION} b")
        stage.edit(asked, None)
        stage.write("an answer", channel=GENERAL, thread_ts=mention.ts)
        stage.edit(mention, None)
        await until(lambda: len(stage.heard.edits) == 4)
        thread = f"{GENERAL}:{mention.ts}"
        assert stage.heard.edits == [
            Edited("slack", stage.home, asked.ts, "first"),
            Edited("slack", thread, mention.ts, "b"),
            Edited("slack", stage.home, asked.ts, None),
            Edited("slack", thread, mention.ts, None),
        ]

    play(scene)


def test_a_stranger_is_passed_on_and_answered_nothing() -> None:
    async def scene(stage: Stage) -> None:
        stage.write("let me in", user=STRANGER)
        used = [stage.command("status", user=STRANGER), stage.command("pair ABC", user=STRANGER)]
        await until(stage.acknowledged)
        assert [one.answer for one in used] == [None, None]
        assert [one.text for one in stage.heard.messages] == ["let me in", "/pair ABC"]  # the desk turns them away
        assert list(stage.heard.stored) == [f"{MARK}{stage.home}"]

    play(scene, heard=Heard(allowed=[OWNER]))


def test_the_language_is_asked_for_once() -> None:
    async def scene(stage: Stage) -> None:
        for _ in range(3):
            stage.write("cześć", locale="pl-PL")
        await stage.heard.until(3)
        assert [one.language for one in stage.heard.messages] == ["pl-PL"] * 3
        assert len(stage.calls("users.info")) == 1

    play(scene)


def test_without_scopes_it_says_so_once_and_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    def poor(slack: Slack) -> None:
        slack.world.scopes -= {"users:read", "reactions:write"}

    async def scene(stage: Stage) -> None:
        for number in range(2):
            stage.write(f"m{number}")
            await stage.heard.until(number + 1)
            await stage.channel.typing(stage.home)
        stage.world.scopes -= {"im:history"}
        for round_ in (2, 3):
            stage.slack.sockets.order("drop")
            await until(lambda wanted=round_: stage.world.hub.opened == wanted)  # type: ignore[misc]
            await stage.listening()
        assert stage.heard.messages[0].language == "en"

    play(scene, before=poor)
    assert caplog.text.count("answered in English") == 1
    assert caplog.text.count("cannot be shown") == 1
    assert caplog.text.count("cannot be read, going on without") == 1


def test_attachments_are_fetched_with_the_token_and_only_from_slack() -> None:
    content = bytes(range(256)) * 4000

    async def scene(stage: Stage) -> None:
        stage.write(
            "look",
            files=[
                Attachment(name="../evil.bin", content=content),
                Attachment(name="p.png", content=PICTURE, mime_type="image/png"),
            ],
        )
        await stage.heard.until(1)
        data, picture = stage.heard.messages[0].attachments
        assert (data.name, data.size, data.preview) == ("../evil.bin", len(content), "")
        pieces = [piece async for piece in stage.channel.download(data.reference)]
        assert b"".join(pieces) == content
        assert max(map(len, pieces)) <= 64 * 1024
        assert b"".join([piece async for piece in stage.channel.download(picture.preview)]) == PICTURE
        with pytest.raises(RejectedError, match="file_not_found"):
            await anext(stage.channel.download("F0NONE"))
        await refused_elsewhere(stage, data.reference)

    play(scene)


async def refused_elsewhere(stage: Stage, reference: str) -> None:
    """Neither a redirect nor an address takes the token to another host."""
    tokens: list[str | None] = []

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tokens.append((await reader.read(4096)).decode())
        writer.close()

    thief = await asyncio.start_server(listen, "127.0.0.1", 0)
    address = f"http://127.0.0.1:{thief.sockets[0].getsockname()[1]}/"
    stage.world.moved_to = address
    with pytest.raises(RejectedError, match="not on one of Slack's own"):
        await anext(stage.channel.download(reference))
    stage.world.moved_to = ""
    stage.world.serve_at({defaults.SLACK_FILES_HOST: address.rstrip("/")})
    with pytest.raises(RejectedError, match="not on one of Slack's own"):
        await anext(stage.channel.download(reference))
    thief.close()
    assert tokens == []


def test_a_file_that_may_not_be_read_is_not_taken_for_the_page_to_sign_in() -> None:
    async def scene(stage: Stage) -> None:
        stage.write("look", files=[Attachment(name="a.bin", content=b"x")])
        await stage.heard.until(1)
        reference = stage.heard.messages[0].attachments[0].reference
        found = stage.channel._web.download
        address = stage.world.files[reference].as_object(stage.fakes.url(defaults.SLACK_FILES_HOST))["url_private"]
        stage.world.scopes -= {"files:read"}
        with pytest.raises(RejectedError, match="files:read"):
            await anext(found(address))
        with pytest.raises(RejectedError, match="missing_scope"):
            await anext(stage.channel.download(reference))

    play(scene)


def test_a_file_of_another_workspace_is_asked_about() -> None:
    async def scene(stage: Stage) -> None:
        stage.write("look", files=[Attachment(name="a.bin", content=b"abc")], shared_by_connect=True)
        await stage.heard.until(1)
        (file,) = stage.heard.messages[0].attachments
        assert (file.name, file.size) == ("a.bin", 3)
        assert b"".join([piece async for piece in stage.channel.download(file.reference)]) == b"abc"

    play(scene)


def missed(slack: Slack, text: str, **more: Any) -> StoredMessage:
    """A message that was written while the channel was away, and that Slack does not send again."""
    slack.world.hub.retry_s = ()
    return people.writes(slack.world, SlackMessage(**{"user": OWNER, "text": text, **more}))


def test_what_was_missed_is_read_in_order_before_what_comes() -> None:
    heard = Heard()

    def away(slack: Slack) -> None:
        home = slack.world.private_channel(OWNER).id
        seen = missed(slack, "seen before")
        thread = missed(slack, f"{MENTION} seen in a thread", channel=GENERAL)
        heard.receive(
            [
                Inbound("slack", home, f"{home}:{seen.ts}", OWNER, seen.ts, seen.text),
                Inbound("slack", f"{GENERAL}:{thread.ts}", f"{GENERAL}:{thread.ts}", OWNER, thread.ts, "x"),
            ],
            {f"{MARK}{home}": seen.ts, f"{MARK}{GENERAL}": thread.ts, f"{MARK}{GENERAL}:{thread.ts}": thread.ts},
        )
        for number in range(120):
            missed(slack, f"m{number}")
        missed(slack, f"{MENTION} in the channel", channel=GENERAL)
        missed(slack, "not meant", channel=GENERAL)
        missed(slack, "in the thread", channel=GENERAL, thread_ts=thread.ts)

    async def scene(stage: Stage) -> None:
        stage.write("now")
        await stage.heard.until(2 + 120 + 3, 10)
        heard_at_home = [one.text for one in stage.heard.messages[2:] if one.chat_id == stage.home]
        assert heard_at_home == [*(f"m{number}" for number in range(120)), "now"]
        elsewhere = [one.text for one in stage.heard.messages[2:] if one.chat_id != stage.home]
        assert sorted(elsewhere) == ["in the channel", "in the thread"]
        assert not stage.heard.edits

    play(scene, heard=heard, before=away)


def test_an_owners_first_message_that_was_missed_is_read() -> None:
    async def scene(stage: Stage) -> None:
        await until(lambda: f"{MARK}{stage.home}" in stage.heard.stored)
        missed(stage.slack, "hello?")
        stage.world.hub.reset()
        stage.slack.sockets.order("drop")
        await stage.heard.until(1)
        assert stage.heard.messages[0].text == "hello?"

    play(scene, heard=Heard(allowed=[OWNER]), before=lambda slack: slack.world.events.clear())


def test_home_is_the_direct_messages() -> None:
    async def scene(stage: Stage) -> None:
        assert await stage.channel.home(OWNER) == await stage.channel.home(OWNER) == stage.home
        assert len(stage.calls("conversations.open")) == 1

    play(scene)
