"""The Telegram channel against the stand-in: what it hears, and what it confirms."""

from __future__ import annotations

import asyncio

import pytest

from agent.channels.base import ChannelError, RejectedError
from agent.channels.telegram import channel as module
from agent.channels.telegram.channel import TelegramChannel
from agent.store.mailbox import Edited, Outbound
from tests.fakes import defaults
from tests.fakes.pictures import PICTURE as PNG
from tests.fakes.standins import StandIns
from tests.fakes.wire import Attachment, TelegramSettings, UserEdit, UserMessage
from tests.unit.channels.heard import Heard, until
from tests.unit.channels.telegram.stage import GROUP, group_message, hasty, play, write


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    hasty(monkeypatch)


def test_messages_are_heard_in_order_and_confirmed_after_they_are_stored() -> None:
    async def scene(fakes: StandIns, channel: TelegramChannel, heard: Heard) -> None:
        for number in range(3):
            write(fakes, f"m{number}")
        await heard.until(3)
        assert [message.text for message in heard.messages] == ["m0", "m1", "m2"]
        assert heard.messages[-1].external_id == f"{defaults.OWNER_ID}:{heard.messages[-1].message_id}"
        assert channel.contact.problem is None

    play(scene)


def test_in_a_group_only_what_is_meant_for_it_is_heard() -> None:
    bot = defaults.BOT_USERNAME

    async def scene(fakes: StandIns, channel: TelegramChannel, heard: Heard) -> None:
        write(fakes, "among ourselves", "supergroup")
        write(fakes, f"hey @{bot}, what is up", "supergroup")
        write(fakes, f"/status@{bot} now", "supergroup")
        write(fakes, "/status@another_bot", "supergroup")
        write(fakes, f"/start@another_bot and @{bot}", "supergroup")
        write(fakes, f"@{bot}x", "supergroup")
        await heard.until(2)
        shown = await channel.draft("-5", channel.compose("mine")[0], None, None)
        other = fakes.state.telegram.user_writes(group_message("somebody else's"))
        fakes.state.telegram.user_writes(group_message("and then?", reply_to=int(shown)))
        fakes.state.telegram.user_writes(group_message("no", reply_to=other.message_id))
        fakes.state.telegram.user_writes(group_message(f"@{bot} look", reply_to=other.message_id))
        await heard.until(4)
        assert [message.text for message in heard.messages] == [
            "hey, what is up",
            "/status now",
            "and then?",
            "look",
        ]
        assert [message.quoted for message in heard.messages] == ["", "", "", "somebody else's"]
        assert not any(message.private for message in heard.messages)
        assert {message.chat_id for message in heard.messages} == {"-5"}

    play(scene)


def test_a_topic_is_a_conversation_of_its_own() -> None:
    async def scene(fakes: StandIns, channel: TelegramChannel, heard: Heard) -> None:
        fakes.state.telegram.user_writes(group_message(f"@{defaults.BOT_USERNAME} hello", topic=77))
        await heard.until(1)
        (message,) = heard.messages
        assert message.chat_id == "-5:77"
        await channel.send(Outbound("telegram", message.chat_id, channel.compose("hi")[0], reply_to=message.message_id))
        await channel.typing(message.chat_id)
        answer = fakes.state.telegram.messages(-5)[-1]
        assert (answer.topic, answer.reply_to and answer.reply_to.id) == (77, int(message.message_id))

    play(scene)


def test_edits_are_told() -> None:
    async def scene(fakes: StandIns, _: TelegramChannel, heard: Heard) -> None:
        write(fakes, "frist")
        await heard.until(1)
        number = int(heard.messages[0].message_id)
        fakes.state.telegram.user_edits(UserEdit(chat_id=defaults.OWNER_ID, message_id=number, text="first"))
        await until(lambda: bool(heard.edits))
        assert heard.edits == [Edited("telegram", str(defaults.OWNER_ID), str(number), "first")]

    play(scene)


def test_an_album_is_one_message() -> None:
    async def scene(fakes: StandIns, channel: TelegramChannel, heard: Heard) -> None:
        for number in range(3):
            fakes.state.telegram.user_writes(
                UserMessage(
                    user_id=defaults.OWNER_ID,
                    text="look" if number == 0 else "",
                    album="album-1",
                    photo=Attachment(name="x.png", content=PNG, mime_type="image/png"),
                )
            )
        write(fakes, "after")
        await heard.until(2)
        album, after = heard.messages
        assert (album.text, len(album.attachments), after.text) == ("look", 3, "after")
        assert all(one.media_type == "image/jpeg" and one.preview for one in album.attachments)
        content = b"".join([piece async for piece in channel.download(album.attachments[2].reference)])
        assert content == PNG

    play(scene)


def test_files_come_in_pieces_and_not_from_elsewhere() -> None:
    content = bytes(range(256)) * 4000

    async def scene(fakes: StandIns, channel: TelegramChannel, heard: Heard) -> None:
        document = Attachment(name="../evil.bin", content=content)
        fakes.state.telegram.user_writes(UserMessage(user_id=defaults.OWNER_ID, document=document))
        await heard.until(1)
        (attachment,) = heard.messages[0].attachments
        assert (attachment.name, attachment.size) == ("../evil.bin", len(content))
        pieces = [piece async for piece in channel.download(attachment.reference)]
        assert b"".join(pieces) == content
        assert max(map(len, pieces)) <= 64 * 1024
        with pytest.raises(RejectedError, match="file_id"):
            await anext(channel.download("nonsense"))
        channel._link.files_url = "https://elsewhere.example/file/bot"
        with pytest.raises(RejectedError, match="not Telegram's"):
            await anext(channel.download(attachment.reference))

    play(scene)


def test_a_file_too_large_for_bots_is_refused_in_words() -> None:
    async def scene(fakes: StandIns, channel: TelegramChannel, heard: Heard) -> None:
        document = Attachment(name="big.bin", content=bytes(20 * 1024 * 1024 + 1))
        fakes.state.telegram.user_writes(UserMessage(user_id=defaults.OWNER_ID, document=document))
        await heard.until(1)
        with pytest.raises(RejectedError, match="too big"):
            await anext(channel.download(heard.messages[0].attachments[0].reference))

    play(scene)


def offsets(fakes: StandIns) -> list[int | None]:
    """From which number on each poll wanted to hear."""
    polls = [call for call in fakes.state.telegram.calls if call.method == "getUpdates"]
    return [call.parameters.get("offset") for call in polls]


@pytest.mark.parametrize("lower_by", [5, 250_000_000])
def test_updates_that_are_numbered_anew_are_heard(lower_by: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "POLL_S", 1)

    async def scene(fakes: StandIns, channel: TelegramChannel, heard: Heard) -> None:
        write(fakes, "before")
        await heard.until(1)
        await until(lambda: fakes.state.telegram.updates.pending == 0)
        # The poll that confirms it names a number, the next one none; renumbering takes a week.
        await until(lambda: [offset is None for offset in offsets(fakes)][-2:] == [False, True])
        fakes.state.telegram.updates.renumber(lower_by)
        write(fakes, "after a week")
        await heard.until(2)
        assert channel.contact.problem is None

    play(scene)


@pytest.mark.parametrize("told", ["in the old group", "in the new one"])
def test_a_group_that_became_a_supergroup_takes_its_conversation_along(told: str) -> None:
    async def scene(fakes: StandIns, _: TelegramChannel, heard: Heard) -> None:
        old, new = (-5, "group"), (-1001, "supergroup")
        (chat, kind), other = (old, new[0]) if told == "in the old group" else (new, old[0])
        note = {
            "message_id": 9,
            "date": 1,
            "chat": {"id": chat, "type": kind, "title": "G"},
            "from": {"id": defaults.OWNER_ID, "is_bot": False, "first_name": "O"},
            "migrate_to_chat_id" if chat == -5 else "migrate_from_chat_id": other,
        }
        fakes.state.telegram.updates.push("message", note)
        write(fakes, "after")
        await heard.until(1)
        await until(lambda: heard.moves == [("-5", "-1001")])
        assert [one.text for one in heard.messages] == ["after"]

    play(scene)


def test_a_group_is_left_alone_in_privacy_mode_as_well() -> None:
    async def scene(fakes: StandIns, channel: TelegramChannel, heard: Heard) -> None:
        world = fakes.state.telegram
        world.change(TelegramSettings(privacy=True))
        write(fakes, "among ourselves", "supergroup")
        write(fakes, "/help", "supergroup")  # which every bot of the group gets to see
        mention = {"type": "text_mention", "offset": 6, "length": 3, "user": {"id": defaults.BOT_ID, "is_bot": True,
                   "first_name": "Bot"}}  # fmt: skip
        world.user_writes(group_message("Label Lab, what now?", entities=[mention]))
        await heard.until(1)
        shown = await channel.draft(str(GROUP), channel.compose("mine")[0], None, None)
        world.user_writes(group_message("that one?", reply_to=int(shown), quote="mi"))
        await heard.until(2)
        assert [(message.text, message.quoted) for message in heard.messages] == [
            ("Label, what now?", ""),
            ("that one?", "mi"),
        ]

    play(scene)


def test_in_a_group_an_album_is_meant_when_one_of_its_parts_is() -> None:
    async def scene(fakes: StandIns, _: TelegramChannel, heard: Heard) -> None:
        for number in range(3):
            picture = Attachment(name="x.png", content=PNG, mime_type="image/png")
            text = f"@{defaults.BOT_USERNAME} compare" if number == 1 else ""
            fakes.state.telegram.user_writes(group_message(text, album="album-1", photo=picture))
        await heard.until(1)
        assert [(message.text, len(message.attachments)) for message in heard.messages] == [("compare", 3)]

    play(scene)


def test_a_picture_that_a_group_asks_about_comes_with_the_question() -> None:
    async def scene(fakes: StandIns, channel: TelegramChannel, heard: Heard) -> None:
        picture = Attachment(name="x.png", content=PNG, mime_type="image/png")
        shown = fakes.state.telegram.user_writes(group_message(photo=picture))
        fakes.state.telegram.user_writes(
            group_message(f"@{defaults.BOT_USERNAME} what is it?", reply_to=shown.message_id)
        )
        await heard.until(1)
        (attachment,) = heard.messages[0].attachments
        assert b"".join([piece async for piece in channel.download(attachment.reference)]) == PNG

    play(scene)


def test_the_parts_of_an_album_that_come_late_belong_to_it() -> None:
    async def scene(fakes: StandIns, _: TelegramChannel, heard: Heard) -> None:
        def part(text: str = "") -> None:
            picture = Attachment(name="x.png", content=PNG, mime_type="image/png")
            fakes.state.telegram.user_writes(
                UserMessage(user_id=defaults.OWNER_ID, text=text, album="album-1", photo=picture)
            )

        write(fakes, "hello")
        await heard.until(1)
        part("look")
        for _late in range(2):
            await asyncio.sleep(module.ALBUM_S * 0.8)
            part()
        await heard.until(2)
        assert len(heard.messages[1].attachments) == 3
        assert fakes.state.telegram.updates.pending in (0, 3), "confirmed together or not at all"

    play(scene)


def test_an_album_that_does_not_fit_into_one_answer_is_not_torn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ALBUM_S", 0.0)

    async def scene(fakes: StandIns, channel: TelegramChannel, heard: Heard) -> None:
        await until(lambda: channel.contact.problem is None)
        for number in range(97):
            write(fakes, f"m{number}")
        for _ in range(6):
            picture = Attachment(name="x.png", content=PNG, mime_type="image/png")
            fakes.state.telegram.user_writes(UserMessage(user_id=defaults.OWNER_ID, album="a", photo=picture))
        await heard.until(98, 10)
        assert [len(message.attachments) for message in heard.messages if message.attachments] == [6]
        await until(lambda: fakes.state.telegram.updates.pending == 0)
        assert len(heard.messages) == 98

    play(scene)


def test_nothing_is_confirmed_that_was_not_stored() -> None:
    class Broken(Heard):
        def receive(self, *_: object) -> None:
            raise OSError("disk full")

    async def whole() -> None:
        async with StandIns() as fakes:
            write(fakes, "precious")
            for _ in range(2):
                channel = TelegramChannel(defaults.TELEGRAM_TOKEN, f"{fakes.url(defaults.TELEGRAM_HOST)}/bot")
                with pytest.raises(OSError, match="disk full"):
                    await channel.run(Broken())
                await channel.aclose()
                assert fakes.state.telegram.updates.pending == 1

    asyncio.run(whole())


def test_an_edit_in_a_group_is_told_before_anybody_has_written_there_since_the_start() -> None:
    async def scene(fakes: StandIns, channel: TelegramChannel, heard: Heard) -> None:
        await until(lambda: channel.contact.problem is None)
        fakes.state.telegram.change(TelegramSettings(privacy=True))
        sent = fakes.state.telegram.user_writes(group_message("frist"))
        fakes.state.telegram.change(TelegramSettings(privacy=False))
        order = UserEdit(chat_id=GROUP, message_id=sent.message_id, text=f"@{defaults.BOT_USERNAME} first")
        fakes.state.telegram.user_edits(order)
        await until(lambda: bool(heard.edits))
        assert heard.events == [Edited("telegram", str(GROUP), str(sent.message_id), "first")]

    play(scene)


def test_start_to_first_poll_waits_for_nothing() -> None:
    async def scene(fakes: StandIns, channel: TelegramChannel, _: Heard) -> None:
        await until(lambda: channel.contact.problem is None)
        assert fakes.state.telegram.calls[0].method == "getUpdates"

    play(scene)


def test_a_download_that_breaks_off_says_so_without_the_token(caplog: pytest.LogCaptureFixture) -> None:
    async def scene(fakes: StandIns, channel: TelegramChannel, heard: Heard) -> None:
        document = Attachment(name="big.bin", content=bytes(19 * 1024 * 1024))
        fakes.state.telegram.user_writes(UserMessage(user_id=defaults.OWNER_ID, document=document))
        await heard.until(1)
        pieces = channel.download(heard.messages[0].attachments[0].reference)
        await anext(pieces)
        await fakes.host(defaults.TELEGRAM_HOST).set_mode("reset")
        with pytest.raises(ChannelError) as caught:
            async for _ in pieces:
                pass
        assert not isinstance(caught.value, RejectedError)
        assert defaults.TELEGRAM_TOKEN not in f"{caught.value!r} {caught.value.__cause__!r}"

    caplog.set_level("INFO", "telegram")
    play(scene)
    assert defaults.TELEGRAM_TOKEN not in "".join(r.getMessage() for r in caplog.records if r.name == "telegram")
