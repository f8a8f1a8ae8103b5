"""The Slack channel against the stand-in: what it writes, changes and uploads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agent.channels.base import ChannelError, RejectedError
from agent.store.mailbox import Outbound
from tests.fakes.slack.world import GENERAL, SECRET
from tests.unit.channels.heard import in_polish, until
from tests.unit.channels.slack.stage import MENTION, Stage, play


def outbound(chat: str, body: str, **more: Any) -> Outbound:
    return Outbound("slack", chat, body, **more)


def test_an_answer_stays_in_its_thread_and_is_a_block() -> None:
    async def scene(stage: Stage) -> None:
        asked = stage.write(f"{MENTION} hello", channel=GENERAL)
        await stage.heard.until(1)
        chat = stage.heard.messages[0].chat_id
        await stage.channel.send(outbound(chat, stage.channel.compose("**hi** <!here>")[0]))
        answer = stage.world.seen(GENERAL)[-1]
        assert (answer.thread_ts, answer.text) == (asked.ts, "*hi* &lt;\u2060!here&gt;")
        assert answer.blocks == [{"type": "markdown", "text": "**hi** <\u2060!here>"}]
        posted = stage.calls("chat.postMessage")[0].parameters
        assert (posted["unfurl_links"], posted["unfurl_media"]) == ("false", "false")

    play(scene)


def test_a_draft_is_changed_and_replaced_by_the_answer() -> None:
    async def scene(stage: Stage) -> None:
        home, compose = stage.home, stage.channel.compose
        shown = await stage.channel.draft(home, compose("Once …")[0], None, None)
        assert await stage.channel.draft(home, compose("Once upon …")[0], shown, None) == shown
        await stage.channel.send(outbound(home, compose("**Once**")[0], edits=shown))
        (message,) = stage.world.seen(home)
        assert (message.ts, message.text, message.edits) == (shown, "*Once*", 2)
        message.deleted = True
        await stage.channel.send(outbound(home, compose("again")[0], edits=shown))
        assert stage.world.seen(home)[-1].text == "again"

    play(scene)


def test_drafts_of_many_chats_stay_below_what_slack_allows() -> None:
    async def scene(stage: Stage) -> None:
        home, compose = stage.home, stage.channel.compose
        shown = await stage.channel.draft(home, compose("0")[0], None, None)
        for number in range(1, 100):
            assert await stage.channel.draft(home, compose(str(number))[0], shown, None) == shown
        assert len(stage.calls("chat.update")) < 50
        await stage.channel.send(outbound(home, compose("done")[0], edits=shown))
        assert stage.world.seen(home)[0].text == "done"

    play(scene, before=lambda slack: setattr(slack.world.rates, "active", True))


@pytest.mark.parametrize("word", ["invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"])
def test_a_refused_block_is_left_out_and_nothing_lost(word: str) -> None:
    async def scene(stage: Stage) -> None:
        body = stage.channel.compose("**bold**\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n" + "x " * 1700)[0]
        stage.fail("error", method="chat.postMessage", error=word)
        await stage.channel.send(outbound(stage.home, body))
        (message,) = stage.world.seen(stage.home)
        assert message.blocks == []
        assert message.text.startswith("*bold*\n\n```\na  b")
        stage.fail("error", method="chat.update", error=word)
        await stage.channel.send(outbound(stage.home, stage.channel.compose("short")[0], edits=message.ts))
        assert (message.text, message.blocks) == ("short", [])

    play(scene)


def test_work_is_shown_by_a_reaction_until_the_answer() -> None:
    async def scene(stage: Stage) -> None:
        asked = stage.write("hello")
        await stage.heard.until(1)
        for _ in range(3):
            await stage.channel.typing(stage.home)
        assert asked.reactions == ["eyes"]
        assert len(stage.calls("reactions.add")) == 1
        await stage.channel.send(outbound(stage.home, stage.channel.compose("hi")[0]))
        await until(lambda: not asked.reactions)

    play(scene)


def test_files_go_out_into_the_thread(tmp_path: Path) -> None:
    file, empty = tmp_path / "1", tmp_path / "2"
    file.write_bytes(bytes(range(256)) * 4000)
    empty.write_bytes(b"")

    async def scene(stage: Stage) -> None:
        stage.write(f"{MENTION} hello", channel=GENERAL)
        await stage.heard.until(1)
        chat = stage.heard.messages[0].chat_id
        await stage.channel.send(outbound(chat, "a <caption>", file=str(file), file_name="zażółć.bin"))
        _, caption, sent = stage.world.seen(GENERAL)
        assert (caption.text, caption.thread_ts) == ("a &lt;caption&gt;", chat.partition(":")[2])
        assert (sent.text, sent.thread_ts) == ("", chat.partition(":")[2])
        assert (sent.files[0].name, sent.files[0].content) == ("zażółć.bin", file.read_bytes())
        with pytest.raises(RejectedError, match="empty") as caught:
            await stage.channel.send(outbound(chat, "", file=str(empty), file_name="x"))
        assert in_polish(caught) == "Slack nie przyjmuje pustych plików"
        with pytest.raises(RejectedError, match="not there any more"):
            await stage.channel.send(outbound(chat, "", file=str(tmp_path / "gone"), file_name="x"))
        stage.world.scopes -= {"files:write"}
        with pytest.raises(RejectedError, match="files:write"):
            await stage.channel.send(outbound(chat, "", file=str(file), file_name="x"))

    play(scene)


def test_a_caption_previews_no_link_calls_nobody_and_is_said_once(tmp_path: Path) -> None:
    file = tmp_path / "1"
    file.write_bytes(b"content")

    async def scene(stage: Stage) -> None:
        message = outbound(
            stage.home, "https://evil.test/?secret <!here> @channel", file=str(file), file_name="x", id=7
        )
        stage.fail("error", method="files.completeUploadExternal")
        with pytest.raises(ChannelError):
            await stage.channel.send(message)
        await stage.channel.send(message)
        caption, sent = stage.world.seen(stage.home)
        assert caption.text == "https://evil.test/?secret &lt;\u2060!here&gt; @\u2060channel"
        assert (sent.text, sent.files[0].content) == ("", b"content")
        (posted,) = stage.calls("chat.postMessage")
        assert (posted.parameters["unfurl_links"], posted.parameters["unfurl_media"]) == ("false", "false")
        assert not any("initial_comment" in one.parameters for one in stage.calls("files.completeUploadExternal"))
        await stage.channel.send(message)
        assert len(stage.calls("chat.postMessage")) == 2

    play(scene)


def test_a_file_of_the_spool_that_cannot_be_read_is_given_up(tmp_path: Path) -> None:
    loop, folder = tmp_path / "loop", tmp_path / "folder"
    loop.symlink_to(loop)
    folder.mkdir()

    async def scene(stage: Stage) -> None:
        for file in (loop, folder):
            with pytest.raises(RejectedError, match="not there any more"):
                await stage.channel.send(outbound(stage.home, "", file=str(file), file_name="x"))

    play(scene)


def test_sending_says_whether_to_try_again() -> None:
    async def scene(stage: Stage) -> None:
        body = stage.channel.compose("hi")[0]
        for chat, word in (("C0NONE", "channel_not_found"), (SECRET, "not_in_channel")):
            with pytest.raises(RejectedError, match=word) as refused:
                await stage.channel.send(outbound(chat, body))
            assert in_polish(refused) == f"Slack tego nie przyjmuje: chat.postMessage: {word}"
        stage.fail("error", method="chat.postMessage", status=429, seconds=7)
        with pytest.raises(ChannelError) as caught:
            await stage.channel.send(outbound(stage.home, body))
        assert (caught.value.retry_after, type(caught.value)) == (7, ChannelError)
        for fault in (
            {"kind": "error", "error": "internal_error"},
            {"kind": "error", "status": 503, "body": "<html>"},
            {"kind": "error", "status": 200, "body": '{"ok": tr'},
            {"kind": "error", "status": 200, "body": '{"ok": true}'},
            {"kind": "reset"},
            {"kind": "error", "error": "token_revoked"},
        ):
            stage.fail(method="chat.postMessage", **fault)
            with pytest.raises(ChannelError) as caught:
                await stage.channel.send(outbound(stage.home, body))
            assert not isinstance(caught.value, RejectedError), fault
        assert stage.world.seen(stage.home) == []
        await stage.channel.send(outbound(stage.home, body))
        assert json.loads(body) == {"markdown": "hi"}

    play(scene)
