"""The Telegram channel against the stand-in: what it sends, and what it says when it cannot."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from agent.channels.base import ChannelError, RejectedError
from agent.channels.telegram import channel as module
from agent.channels.telegram.channel import TelegramChannel
from agent.store.mailbox import Outbound
from tests.fakes import defaults
from tests.fakes.pictures import PICTURE as PNG
from tests.fakes.standins import StandIns
from tests.fakes.wire import TelegramFault, TelegramSettings
from tests.unit.channels.heard import Heard, in_polish
from tests.unit.channels.telegram.stage import GROUP, OWNER, answer, calls, group_message, hasty, play, write


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    hasty(monkeypatch)


def test_files_go_out_pictures_as_pictures(tmp_path: Path) -> None:
    picture, broken, text = tmp_path / "1", tmp_path / "2", tmp_path / "3"
    picture.write_bytes(PNG)
    broken.write_bytes(b"no picture at all")
    text.write_text("zażółć")

    async def scene(fakes: StandIns, channel: TelegramChannel, heard: Heard) -> None:
        write(fakes, "hello")
        await heard.until(1)
        for path, name in ((picture, "chart.png"), (broken, "broken.png"), (text, "notes.txt")):
            await channel.send(Outbound("telegram", str(defaults.OWNER_ID), "caption", file=str(path), file_name=name))
        sent = fakes.state.telegram.messages(defaults.OWNER_ID)[1:]
        assert [one.content.text for one in sent] == ["caption"] * 3
        assert [one.file and one.file.content for one in sent] == [PNG, b"no picture at all", "zażółć".encode()]
        assert [bool(one.file and one.file.size) for one in sent] == [True, False, False]
        assert sent[2].file is not None
        assert sent[2].file.name == "notes.txt"
        with pytest.raises(RejectedError, match="not there any more") as caught:
            await channel.send(Outbound("telegram", str(defaults.OWNER_ID), "", file=str(tmp_path / "gone")))
        assert in_polish(caught).startswith("tego pliku już nie ma")

    play(scene)


def test_a_draft_is_edited_and_replaced_by_the_answer() -> None:
    async def scene(fakes: StandIns, channel: TelegramChannel, heard: Heard) -> None:
        write(fakes, "hello")
        await heard.until(1)
        chat = str(defaults.OWNER_ID)
        shown = await channel.draft(chat, channel.compose("Once …")[0], None, None)
        assert await channel.draft(chat, channel.compose("Once upon …")[0], shown, None) == shown
        assert await channel.draft(chat, channel.compose("Once upon …")[0], shown, None) == shown, "not modified"
        await channel.send(Outbound("telegram", chat, channel.compose("**Once**")[0], edits=shown))
        message = fakes.state.telegram.messages(defaults.OWNER_ID)[-1]
        assert (str(message.id), message.content.text, message.edits) == (shown, "Once", 2)
        message.deleted = True
        await channel.send(Outbound("telegram", chat, channel.compose("again")[0], edits=shown))
        assert fakes.state.telegram.messages(defaults.OWNER_ID)[-1].content.text == "again"

    play(scene)


def test_no_link_is_fetched_for_a_preview() -> None:
    async def scene(fakes: StandIns, channel: TelegramChannel, heard: Heard) -> None:
        write(fakes, "hello")
        await heard.until(1)
        chat, (body,) = str(defaults.OWNER_ID), channel.compose("https://x.example/?secret [y](https://y.example/?s)")
        shown = await channel.draft(chat, channel.compose("see …")[0], None, None)
        await channel.send(Outbound("telegram", chat, body, edits=shown))
        await channel.send(Outbound("telegram", chat, body))
        edited, sent = fakes.state.telegram.messages(defaults.OWNER_ID)[1:]
        assert (edited.content.text, edited.fetched, sent.fetched) == (sent.content.text, [], [])

    play(scene)


def test_formatting_that_is_refused_is_left_out_and_nothing_lost() -> None:
    async def scene(fakes: StandIns, channel: TelegramChannel, heard: Heard) -> None:
        write(fakes, "hello")
        await heard.until(1)
        refusal = TelegramFault(
            kind="error", method="sendMessage", status=400, description="Bad Request: can't parse entities: x"
        )
        fakes.state.telegram.faults.append(refusal)
        await channel.send(Outbound("telegram", str(defaults.OWNER_ID), channel.compose("**bold**")[0]))
        sent = fakes.state.telegram.messages(defaults.OWNER_ID)[-1]
        assert (sent.content.text, sent.content.entities) == ("bold", [])

    play(scene)


def test_sending_says_whether_to_try_again() -> None:
    async def scene(fakes: StandIns, channel: TelegramChannel, heard: Heard) -> None:
        write(fakes, "hello")
        await heard.until(1)
        chat = str(defaults.OWNER_ID)
        (body,) = channel.compose("**hi**")
        await channel.send(Outbound("telegram", chat, body))
        with pytest.raises(RejectedError, match="Chat not found"):
            await channel.send(Outbound("telegram", "424242", body))
        limit = TelegramFault(kind="error", method="sendMessage", status=429, parameters={"retry_after": 7})
        fakes.state.telegram.faults.append(limit)
        with pytest.raises(ChannelError) as caught:
            await channel.send(Outbound("telegram", chat, body))
        assert caught.value.retry_after == 7
        assert not isinstance(caught.value, RejectedError)

    play(scene)


def test_a_group_that_became_a_supergroup_is_followed(tmp_path: Path) -> None:
    path = tmp_path / "notes"
    path.write_text("notes")

    async def scene(fakes: StandIns, channel: TelegramChannel, _: Heard) -> None:
        world = fakes.state.telegram
        asked = world.user_writes(group_message("@x hello", chat_type="group"))
        shown = await channel.draft(str(GROUP), channel.compose("I")[0], None, None)
        world.change(TelegramSettings(moved={GROUP: -1001}))
        await channel.send(answer(channel, "I am", str(GROUP), edits=shown, reply_to=str(asked.message_id)))
        await channel.send(Outbound("telegram", str(GROUP), "", file=str(path), file_name="notes.txt"))
        sent = world.messages(-1001)
        assert [(one.content.text, one.file and one.file.content) for one in sent] == [("I am", None), ("", b"notes")]
        shown = await channel.draft(str(GROUP), channel.compose("and")[0], None, None)
        await channel.send(answer(channel, "and so on", str(GROUP), edits=shown))
        assert [one.content.text for one in world.messages(-1001)][2:] == ["and so on"]

    play(scene)


def test_a_file_is_the_first_to_find_a_moved_group(tmp_path: Path) -> None:
    path = tmp_path / "1"
    path.write_bytes(PNG)

    async def scene(fakes: StandIns, channel: TelegramChannel, _: Heard) -> None:
        fakes.state.telegram.user_writes(group_message("hello", chat_type="group"))
        fakes.state.telegram.change(TelegramSettings(moved={GROUP: -1001}))
        await channel.send(Outbound("telegram", str(GROUP), "", file=str(path), file_name="a.png"))
        (sent,) = fakes.state.telegram.messages(-1001)
        assert sent.file is not None
        assert sent.file.content == PNG

    play(scene)


def test_what_belongs_to_a_topic_that_is_gone_goes_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "notes"
    path.write_text("notes")

    async def scene(fakes: StandIns, channel: TelegramChannel, _: Heard) -> None:
        world = fakes.state.telegram
        world.user_writes(group_message("hello", topic=77))
        world.change(TelegramSettings(lost_topics=[77]))
        await channel.send(answer(channel, "**hi**", f"{GROUP}:77"))
        await channel.send(Outbound("telegram", f"{GROUP}:77", "", file=str(path), file_name="notes.txt"))
        assert [(one.topic, one.sender) for one in world.messages(GROUP)[1:]] == [(0, None), (0, None)]

    play(scene)


def test_what_belongs_to_a_closed_topic_goes_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "notes"
    path.write_text("notes")

    async def scene(fakes: StandIns, channel: TelegramChannel, _: Heard) -> None:
        world = fakes.state.telegram
        world.user_writes(group_message("hello", topic=77))
        for method in ("sendMessage", "sendDocument"):
            world.faults.append(
                TelegramFault(kind="error", method=method, status=400, description="Bad Request: TOPIC_CLOSED")
            )
        await channel.send(answer(channel, "**hi**", f"{GROUP}:77"))
        await channel.send(Outbound("telegram", f"{GROUP}:77", "", file=str(path), file_name="notes.txt"))
        assert [(one.topic, one.sender) for one in world.messages(GROUP)[1:]] == [(0, None), (0, None)]

    play(scene)


@pytest.mark.parametrize(
    ("says", "shown"),
    [
        ("message to edit not found", ["I", "I am"]),
        ("message can't be edited", ["I", "I am"]),
        ("MESSAGE_ID_INVALID", ["I", "I am"]),
        ("message is not modified: specified new message content and reply markup are exactly the same", ["I"]),
    ],
)
def test_an_edit_that_is_refused_loses_no_answer_and_doubles_none(says: str, shown: list[str]) -> None:
    async def scene(fakes: StandIns, channel: TelegramChannel, _: Heard) -> None:
        write(fakes, "hello")
        draft = await channel.draft(OWNER, channel.compose("I")[0], None, None)
        fault = TelegramFault(kind="error", method="editMessageText", status=400, description=f"Bad Request: {says}")
        fakes.state.telegram.faults.append(fault)
        await channel.send(answer(channel, "I am", edits=draft))
        sent = [one.content.text for one in fakes.state.telegram.messages(defaults.OWNER_ID) if one.sender is None]
        assert sent == shown

    play(scene)


def test_who_has_blocked_the_bot_is_not_written_to_again_and_again() -> None:
    async def scene(fakes: StandIns, channel: TelegramChannel, heard: Heard) -> None:
        write(fakes, "hello")
        await heard.until(1)
        fakes.state.telegram.blocked = {defaults.OWNER_ID}
        with pytest.raises(RejectedError, match="blocked by the user"):
            await channel.send(answer(channel, "hi"))
        await channel.typing(OWNER)

    play(scene)


def test_an_answer_to_a_message_that_is_gone_comes_all_the_same() -> None:
    async def scene(fakes: StandIns, channel: TelegramChannel, heard: Heard) -> None:
        write(fakes, "hello")
        await heard.until(1)
        await channel.send(answer(channel, "hi", reply_to="4242"))
        sent = fakes.state.telegram.messages(defaults.OWNER_ID)[-1]
        assert (sent.content.text, sent.reply_to) == ("hi", None)

    play(scene)


def test_a_caption_is_cut_by_telegrams_measure(tmp_path: Path) -> None:
    path = tmp_path / "notes"
    path.write_text("notes")

    async def scene(fakes: StandIns, channel: TelegramChannel, heard: Heard) -> None:
        write(fakes, "hello")
        await heard.until(1)
        await channel.send(Outbound("telegram", OWNER, "x" + "😀" * 1000, file=str(path), file_name="notes.txt"))
        text = fakes.state.telegram.messages(defaults.OWNER_ID)[-1].content.text
        assert text == "x" + "😀" * 511 + "…"

    play(scene)


def test_a_file_is_read_in_pieces_while_it_is_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, asked = tmp_path / "big", []
    path.write_bytes(bytes(3_000_000))

    class Watched(io.FileIO):
        def read(self, size: int | None = -1) -> bytes:
            asked.append(-1 if size is None else size)
            return super().read(size) or b""

    monkeypatch.setattr(Path, "open", lambda self, _: Watched(self))

    async def scene(fakes: StandIns, channel: TelegramChannel, heard: Heard) -> None:
        write(fakes, "hello")
        await heard.until(1)
        await channel.send(Outbound("telegram", OWNER, "", file=str(path), file_name="big.bin"))
        sent = fakes.state.telegram.messages(defaults.OWNER_ID)[-1]
        assert sent.file is not None
        assert len(sent.file.content) == 3_000_000

    play(scene)
    assert asked
    assert all(0 < size <= 64 * 1024 for size in asked)


def test_a_group_is_not_flooded_with_edits() -> None:
    async def scene(fakes: StandIns, channel: TelegramChannel, _: Heard) -> None:
        world = fakes.state.telegram
        for topic in (1, 2):
            world.user_writes(group_message("hello", topic=topic))
        world.change(TelegramSettings(flood_control=True))
        shown: dict[int, str | None] = {1: None, 2: None}
        for number in range(20):
            for topic, draft in shown.items():
                body = channel.compose(f"number {number} …")[0]
                shown[topic] = await channel.draft(f"{GROUP}:{topic}", body, draft, None)
        assert calls(fakes, "sendMessage") == 2
        assert calls(fakes, "editMessageText") == 0, "all within four seconds"
        await channel.send(answer(channel, "done", f"{GROUP}:1", edits=shown[1]))
        assert world.messages(GROUP)[2].content.text == "done"

    play(scene)


def test_a_limit_on_drafts_holds_for_the_whole_group(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "GROUP_DRAFT_S", 0.0)

    async def scene(fakes: StandIns, channel: TelegramChannel, _: Heard) -> None:
        fakes.state.telegram.user_writes(group_message("hello"))
        shown = await channel.draft(str(GROUP), channel.compose("a")[0], None, None)
        limit = TelegramFault(kind="error", method="editMessageText", status=429, parameters={"retry_after": 9})
        fakes.state.telegram.faults.append(limit)
        with pytest.raises(ChannelError) as caught:
            await channel.draft(str(GROUP), channel.compose("b")[0], shown, None)
        assert caught.value.retry_after == 9
        assert await channel.draft(str(GROUP), channel.compose("c")[0], shown, None) == shown
        assert calls(fakes, "editMessageText") == 1

    play(scene)


@pytest.mark.parametrize(
    "markdown",
    [
        "[here](http://localhost:8080/x)",
        "[him](tg://user?id=1)",
        "[f](ftp://a.b)",
    ],
)
def test_links_that_telegram_refuses_are_written_out(markdown: str, caplog: pytest.LogCaptureFixture) -> None:
    async def scene(fakes: StandIns, channel: TelegramChannel, heard: Heard) -> None:
        write(fakes, "hello")
        await heard.until(1)
        await channel.send(answer(channel, f"**see** {markdown} *there*"))
        sent = fakes.state.telegram.messages(defaults.OWNER_ID)[-1]
        assert {"bold", "italic"} <= {entity.type for entity in sent.content.entities}

    play(scene)
    assert "refuses the formatting" not in caplog.text


def test_no_message_is_too_large_for_a_second_look() -> None:
    async def scene(fakes: StandIns, channel: TelegramChannel, heard: Heard) -> None:
        write(fakes, "hello")
        await heard.until(1)
        fakes.state.telegram.faults.append(
            TelegramFault(kind="error", method="sendMessage", status=413, description="Request Entity Too Large")
        )
        with pytest.raises(RejectedError) as caught:
            await channel.send(answer(channel, "hi"))
        assert in_polish(caught) == "Telegram uznaje to za zbyt duże"

    play(scene)
