"""The Discord channel against the stand-in: what it hears, and what it shows."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from agent.channels.base import ChannelError, RejectedError
from agent.store.mailbox import Edited, Outbound
from tests.fakes.defaults import DISCORD_BOT_ID as BOT
from tests.fakes.discord import users
from tests.fakes.discord.objects import GENERAL, ROLE
from tests.fakes.pictures import picture
from tests.fakes.wire import Attachment, DiscordCommand, DiscordEdit, DiscordFault, DiscordSettings
from tests.unit.channels.discord.stage import OWNER, Play, Stage, play
from tests.unit.channels.heard import in_polish, until

__all__ = ["play"]
STRANGER = "666000000000000001"
OTHER = "702000000000000002"


def test_private_messages_are_heard_in_order_and_the_place_is_stored_with_each(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        async with stage.listening():
            sent = [stage.writes(f"m{number}") for number in range(20)]
            await stage.heard.until(20)
        assert [message.text for message in stage.heard.messages] == [f"m{number}" for number in range(20)]
        assert stage.heard.stored[f"discord:{stage.dm}"] == sent[-1].id
        assert all(message.private and message.user_id == OWNER for message in stage.heard.messages)

    play(scene)


def test_in_a_server_only_what_is_meant_for_it_is_heard(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        async with stage.listening() as channel:
            mine = await channel.draft(GENERAL, "mine", None, None)
            other = stage.writes("among ourselves", channel=GENERAL)
            stage.writes(f"<@{BOT}> hello", channel=GENERAL)
            stage.writes(f"hey <@&{ROLE}>, you too", channel=GENERAL)
            stage.writes("@everyone look", channel=GENERAL)
            stage.writes("and then?", channel=GENERAL, reply_to=mine)
            stage.writes("no", channel=GENERAL, reply_to=other.id)
            stage.writes(f"<@!{BOT}> what does <@{OWNER}> mean?", channel=GENERAL, reply_to=other.id)
            stage.writes(f"<@{BOT}> in here", thread="830000000000000001")
            stage.writes("pinned something", type=6)
            stage.writes("from another bot", author="bot")
            stage.writes("from a webhook", author="webhook")
            stage.writes("end")
            await stage.heard.until(6)
        *messages, end = stage.heard.messages
        expected = ["hello", "hey, you too", "and then?", "what does @user3456 mean?", "in here"]
        assert [one.text for one in messages] == expected
        assert [one.quoted for one in messages] == ["", "", "", "among ourselves", ""]
        assert messages[4].chat_id == "830000000000000001"
        assert not any(one.private for one in messages)
        assert end.text == "end"

    play(scene)


def test_what_is_passed_on_is_quoted(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        async with stage.listening() as channel:
            first = stage.writes("read this", attachments=[Attachment(name="a.txt", content=b"inside")])
            stage.writes(forwards=first.id)
            await stage.heard.until(2)
            forwarded = stage.heard.messages[1]
            assert (forwarded.text, forwarded.quoted) == ("", "read this")
            (attachment,) = forwarded.attachments
            assert b"".join([piece async for piece in channel.download(attachment.reference)]) == b"inside"

    play(scene)


def test_what_a_servers_message_replies_to_comes_with_its_files(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        async with stage.listening() as channel:
            shown = stage.writes("", channel=GENERAL, attachments=[Attachment(name="a.txt", content=b"inside")])
            stage.writes(f"<@{BOT}> what is this?", channel=GENERAL, reply_to=shown.id)
            sent = stage.writes("mine", attachments=[Attachment(name="b.txt", content=b"sent")])
            stage.writes("and this?", reply_to=sent.id)
            await stage.heard.until(3)
            asked, _, again = stage.heard.messages
            (attachment,) = asked.attachments
            assert (asked.text, attachment.name) == ("what is this?", "a.txt")
            assert b"".join([piece async for piece in channel.download(attachment.reference)]) == b"inside"
            assert again.attachments == (), "in private it has it already"

    play(scene)


def test_edits_and_deletions_are_told_and_previews_are_no_edits(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        async with stage.listening():
            first, second = stage.writes("https://x.y"), stage.writes("oops")
            users.edits(stage.world, DiscordEdit(id=first.id, text="https://x.y", user_edit=False))
            users.edits(stage.world, DiscordEdit(id=first.id, text="better"))
            users.edits(stage.world, DiscordEdit(id=second.id, text=None))
            await until(lambda: len(stage.heard.edits) == 2)
        changed = [Edited("discord", stage.dm, first.id, "better"), Edited("discord", stage.dm, second.id, None)]
        assert stage.heard.edits == changed

    play(scene)


def test_what_was_said_while_nobody_listened_comes_first_in_order_and_once(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        async with stage.listening():
            stage.writes("before")
            await stage.heard.until(1)
        for number in range(150):
            stage.writes(f"missed {number}")
        stage.writes(f"<@{BOT}> server", channel=GENERAL)
        stage.writes("not meant", channel=GENERAL)
        stage.writes(f"<@{BOT}> thread", thread="830000000000000001")
        async with stage.listening(up=False):
            await until(lambda: stage.world.hub.identifies == 2)
            stage.writes("live")
            await stage.heard.until(154, 10)
            await asyncio.sleep(0.2)
        private = [message.text for message in stage.heard.messages if message.private]
        assert private == ["before", *(f"missed {number}" for number in range(150)), "live"]
        assert [message.text for message in stage.heard.messages if not message.private] == ["server", "thread"]

    play(scene)


def test_what_was_missed_and_is_not_of_the_servers_told_is_found_by_its_mark(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        stage.heard.allowed = [OWNER, "702000000000000002"]
        async with stage.listening():
            stage.writes("hi", user_id="702000000000000002")
            stage.writes(f"<@{BOT}> hi", thread="830000000000000001")
            await stage.heard.until(2)
        stage.writes("private", user_id="702000000000000002")
        stage.writes("not meant", thread="830000000000000001")
        stage.writes(f"<@{BOT}> meant", thread="830000000000000001")
        stage.world.channels["830000000000000001"].archived = True  # READY does not tell of it
        stage.heard.allowed = [OWNER]  # and this private channel is not an owner's any more
        async with stage.listening():
            pass
        found = {(one.text, one.private) for one in stage.heard.messages[2:]}
        assert found == {("private", True), ("meant", False)}

    play(scene)


def test_first_contact_is_not_a_flood_of_old_messages(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        for number in range(5):
            stage.writes(f"old {number}")
            stage.writes(f"<@{BOT}> old", channel=GENERAL)
        async with stage.listening():
            pass
        stage.writes("missed")
        stage.writes(f"<@{BOT}> missed, too", channel=GENERAL)
        async with stage.listening():
            pass
        assert [message.text for message in stage.heard.messages] == ["missed", "missed, too"]

    play(scene)


def test_what_cannot_be_read_yet_is_waited_for_and_keeps_the_order(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.channels.discord.hearing.backoff", lambda _: 0.6)  # longer than a heartbeat

    async def scene(stage: Stage) -> None:
        async with stage.listening():
            stage.writes("before")
            await stage.heard.until(1)
        stage.writes("missed")
        stage.world.faults.append(DiscordFault(kind="error", method="GET", path="/messages", status=503, times=10**6))
        async with stage.listening(up=False) as channel:
            await until(lambda: "meanwhile" in (channel.contact.problem or ""))
            stage.writes("live")
            for _ in range(20):
                await asyncio.sleep(0.05)
                assert channel.contact.problem is not None, "neither heartbeats nor new sessions make it well"
            stage.world.faults.clear()
            await stage.heard.until(3)
            assert channel.contact.problem is None
        assert [message.text for message in stage.heard.messages] == ["before", "missed", "live"]

    play(scene)


def test_a_stranger_leaves_no_mark_and_sees_no_answer(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        async with stage.listening():
            await until(lambda: bool(stage.world.commands))
            stage.writes("let me in", user_id=STRANGER)
            order = users.commands(stage.world, DiscordCommand(user_id=STRANGER, name="status"))
            await stage.heard.until(2)
            await asyncio.sleep(0.2)
        assert not order.answer
        assert not [name for name in stage.heard.stored if name.endswith(order.channel.id)]

    play(scene)


def test_a_draft_is_edited_and_replaced_by_the_answer(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        async with stage.listening() as channel:
            asked = stage.writes("tell me")
            shown = await channel.draft(stage.dm, "Once …", None, asked.id)
            assert await channel.draft(stage.dm, "Once upon …", shown, asked.id) == shown
            await channel.send(Outbound("discord", stage.dm, "Once.", edits=shown, id=1))
            (message,) = stage.shown()
            assert (message.content, message.edits, message.answers) == ("Once.", 2, asked)
            message.deleted = True
            await channel.send(Outbound("discord", stage.dm, "Again.", edits=shown, reply_to=asked.id, id=2))
            assert [(one.content, one.answers) for one in stage.shown()] == [("Again.", asked)]

    play(scene)


def test_nobody_is_called_but_who_is_answered_and_no_address_is_fetched(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        stage.world.meet(STRANGER)
        async with stage.listening() as channel:
            asked = stage.writes(f"<@{BOT}> hi", channel=GENERAL)
            text = f"@everyone <@{STRANGER}> <@&{ROLE}> see https://evil.example/?secret and @here"
            await channel.send(Outbound("discord", GENERAL, text, reply_to=asked.id, id=1))
            shown = await channel.draft(GENERAL, "…", None, None)
            await channel.draft(GENERAL, text, shown, None)
        for message in stage.shown(GENERAL):
            assert set(message.pinged) <= {OWNER}
            assert message.as_wire().previews == []

    play(scene)


def test_a_message_that_is_sent_again_after_a_crash_is_there_once(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        async with stage.listening() as channel:
            stage.world.faults.append(DiscordFault(kind="lost", method="POST", path="/messages$"))
            with pytest.raises(ChannelError):  # it is taken, but the answer lost
                await channel.send(Outbound("discord", stage.dm, "hi", id=7))
            await channel.send(Outbound("discord", stage.dm, "hi", id=7))
            await channel.send(Outbound("discord", stage.dm, "hi", id=8))
            await channel.send(Outbound("discord", stage.dm, "of an outbox that began anew", id=7))
        assert [one.content for one in stage.shown()] == ["hi", "hi", "of an outbox that began anew"]

    play(scene)


def test_what_discord_refuses_for_its_form_is_sent_as_a_file(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        async with stage.listening() as channel:
            await channel.send(Outbound("discord", stage.dm, "x" * 2500, id=1))
            await channel.send(Outbound("discord", stage.dm, "hi", reply_to="not an id", id=2))
            await channel.send(Outbound("discord", stage.dm, "hi", reply_to="42", id=3))
            with pytest.raises(RejectedError, match="empty message") as caught:
                await channel.send(Outbound("discord", stage.dm, " ", id=4))
            assert in_polish(caught).startswith("Discord tego nie przyjmuje: ")
        as_file, *others = stage.shown()
        assert [(file.name, file.content) for file in as_file.files] == [("message.md", b"x" * 2500)]
        assert [one.content for one in others] == ["hi", "hi"]

    play(scene)


def test_files_are_sent_from_the_spool(play: Play, tmp_path: Path) -> None:
    path, content = tmp_path / "1", bytes(range(256)) * 2000
    path.write_bytes(content)

    async def scene(stage: Stage) -> None:
        async with stage.listening() as channel:
            asked = stage.writes("give me the notes")
            for _ in range(2):  # as after a crash
                await channel.send(
                    Outbound("discord", stage.dm, "here", asked.id, file=str(path), file_name="notes.bin", id=3)
                )
            (sent,) = stage.shown()
            assert (sent.content, sent.answers) == ("here", asked)
            assert [(file.name, file.content) for file in sent.files] == [("notes.bin", content)]
            disguised = "[https://bank.example](https://evil.example)"
            await channel.send(Outbound("discord", stage.dm, disguised, file=str(path), file_name="a", id=5))
            assert stage.shown()[-1].content == "https://evil.example"
            with pytest.raises(RejectedError, match="not there any more"):
                await channel.send(Outbound("discord", stage.dm, "", file=str(tmp_path / "gone")))
            path.write_bytes(bytes(channel.limits.file_bytes + 1))
            with pytest.raises(RejectedError, match="too large for Discord") as caught:
                await channel.send(Outbound("discord", stage.dm, "", file=str(path), id=4))
            assert in_polish(caught) == "Discord uznaje to za zbyt duże"

    play(scene)


def test_attachments_are_fetched_in_pieces_and_pictures_smaller_too(play: Play) -> None:
    content = bytes(range(256)) * 2000
    given = [
        Attachment(name="data.bin", content=content),
        Attachment(name="large.png", content=picture(2048, 1024), mime_type="image/png"),
    ]

    async def scene(stage: Stage) -> None:
        async with stage.listening() as channel:
            stage.writes("look", attachments=given)
            await stage.heard.until(1)
            data, large = stage.heard.messages[0].attachments
            assert (data.name, data.size, data.preview) == ("data.bin", len(content), "")
            pieces = [piece async for piece in channel.download(data.reference)]
            assert b"".join(pieces) == content
            assert max(map(len, pieces)) <= 64 * 1024
            stage.world.change(DiscordSettings(expire_files=True))  # and now they are asked for anew
            assert b"".join([piece async for piece in channel.download(large.reference)]) == picture(2048, 1024)
            assert b"".join([piece async for piece in channel.download(large.preview)]) == picture(1024, 512)
            for reference in ("1/2/3 https://elsewhere.example/x", "1/2/3 http://cdn.discordapp.com/x", "1/2/3 "):
                with pytest.raises(RejectedError, match="own hosts"):
                    await anext(channel.download(reference))
            stage.world.messages(stage.dm)[0].deleted = True
            stage.world.change(DiscordSettings(expire_files=True))
            with pytest.raises(RejectedError, match="no such message"):
                await anext(channel.download(data.reference))

    play(scene)


def test_home_is_the_private_channel(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        async with stage.listening() as channel:
            assert await channel.home(OWNER) == stage.dm
            with pytest.raises(RejectedError, match="Invalid Recipient"):
                await channel.home("42")
            await channel.typing(stage.dm)
            await channel.typing("42")
        assert stage.calls("POST", f"/channels/{stage.dm}/typing") == 1

    play(scene)
