"""The Telegram channel against the stand-in: what it confirms, and what it does when the service is unwell."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from agent.channels import telegram as module
from agent.channels import telegram_link, telegram_trouble
from agent.channels.base import ChannelError, RejectedError
from agent.channels.telegram import TelegramChannel
from agent.store.mailbox import Edited, Outbound
from tests.fakes import defaults
from tests.fakes.pictures import PICTURE as PNG
from tests.fakes.standins import StandIns
from tests.fakes.wire import Attachment, TelegramFault, UserEdit, UserMessage
from tests.unit.agent.heard import Heard, until

Scene = Callable[[StandIns, TelegramChannel, "Heard"], Awaitable[None]]


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Back off in hundredths of seconds."""
    monkeypatch.setattr(telegram_trouble, "backoff", lambda _: 0.01)
    monkeypatch.setattr(telegram_trouble, "CONFLICT_WAIT_S", 0.05)
    monkeypatch.setenv("PTB_TIMEDELTA", "true")


def play(scene: Scene, token: str = defaults.TELEGRAM_TOKEN) -> None:
    """Run a scene with a polling channel."""

    async def whole() -> None:
        async with StandIns() as fakes:
            channel = TelegramChannel(token, f"{fakes.url(defaults.TELEGRAM_HOST)}/bot")
            heard = Heard()
            polling = asyncio.create_task(channel.run(heard))
            try:
                await scene(fakes, channel, heard)
            finally:
                polling.cancel()
                await asyncio.gather(polling, return_exceptions=True)
                await channel.aclose()

    asyncio.run(whole())


def group_message(text: str, **more: Any) -> UserMessage:
    return UserMessage(user_id=defaults.OWNER_ID, text=text, chat_id=-5, chat_type="supergroup", **more)


def write(fakes: StandIns, text: str, chat_type: str = "private") -> None:
    chat = defaults.OWNER_ID if chat_type == "private" else -5
    fakes.state.telegram.user_writes(
        UserMessage(user_id=defaults.OWNER_ID, text=text, chat_id=chat, chat_type=chat_type)  # type: ignore[arg-type]
    )


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
        with pytest.raises(RejectedError, match="not there any more"):
            await channel.send(Outbound("telegram", str(defaults.OWNER_ID), "", file=str(tmp_path / "gone")))

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


def test_formatting_that_is_refused_is_left_out_and_nothing_lost() -> None:
    async def scene(fakes: StandIns, channel: TelegramChannel, heard: Heard) -> None:
        write(fakes, "hello")
        await heard.until(1)
        refusal = TelegramFault(
            kind="error", method="sendMessage", status=400, description="Bad Request: can't parse entities: x"
        )
        fakes.state.telegram.faults.add(refusal)
        await channel.send(Outbound("telegram", str(defaults.OWNER_ID), channel.compose("**bold**")[0]))
        sent = fakes.state.telegram.messages(defaults.OWNER_ID)[-1]
        assert (sent.content.text, sent.content.entities) == ("bold", [])

    play(scene)


def test_updates_that_are_numbered_anew_are_heard() -> None:
    async def scene(fakes: StandIns, channel: TelegramChannel, heard: Heard) -> None:
        write(fakes, "before")
        await heard.until(1)
        await until(lambda: fakes.state.telegram.updates.pending == 0)
        await until(lambda: fakes.state.telegram.calls[-1].parameters.get("offset") is None)
        fakes.state.telegram.updates.renumber()
        write(fakes, "after a week")
        await heard.until(2)
        assert channel.contact.problem is None

    play(scene)


def test_a_webhook_that_somebody_set_is_taken_away_and_nothing_lost() -> None:
    async def scene(fakes: StandIns, channel: TelegramChannel, heard: Heard) -> None:
        await until(lambda: channel.contact.problem is None)
        fakes.state.telegram.updates.set_webhook("https://elsewhere.example/", drop_pending=False)
        write(fakes, "hello")
        await heard.until(1, 10)
        assert fakes.state.telegram.updates.webhook == ""

    play(scene)


def test_a_token_that_is_revoked_while_running_is_said_and_not_cured_by_a_restart() -> None:
    async def scene(fakes: StandIns, channel: TelegramChannel, _: Heard) -> None:
        await until(lambda: channel.contact.problem is None)
        fakes.state.telegram.set_tokens(set())
        await until(lambda: "refuses the bot token" in (channel.contact.problem or ""))
        assert not channel.contact.curable

    play(scene)


@pytest.mark.parametrize("mode", ["silence", "reset", "refuse"])
def test_a_network_that_fails_in_any_way_is_survived(mode: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "POLL_S", 1)
    monkeypatch.setattr(telegram_link, "POLL_GRACE_S", 0.3)

    async def scene(fakes: StandIns, channel: TelegramChannel, heard: Heard) -> None:
        await until(lambda: channel.contact.problem is None)
        host = fakes.host(defaults.TELEGRAM_HOST)
        pools = channel._link._polls
        await host.set_mode(mode)
        write(fakes, "hello")
        await until(lambda: channel.contact.problem is not None, 10)
        assert channel.contact.curable
        await until(lambda: channel._link._polls is not pools, 20)  # several failures: everything anew
        await host.set_mode("ok")
        await heard.until(1, 10)
        await until(lambda: channel.contact.problem is None)

    play(scene)


@pytest.mark.parametrize(
    "fault",
    [
        TelegramFault(kind="error", method="getUpdates", status=502, times=3),
        TelegramFault(kind="error", method="getUpdates", status=409, description="Conflict: terminated", times=2),
        TelegramFault(kind="error", method="getUpdates", status=429, parameters={"retry_after": 0}, times=2),
        TelegramFault(kind="reset", method="getUpdates", times=3),
    ],
    ids=["502", "409", "429", "reset"],
)
def test_polling_goes_on_after(fault: TelegramFault) -> None:
    async def scene(fakes: StandIns, channel: TelegramChannel, heard: Heard) -> None:
        write(fakes, "before")
        await heard.until(1)
        fakes.state.telegram.faults.add(fault)
        write(fakes, "one")
        write(fakes, "two")
        await heard.until(3)
        assert [message.text for message in heard.messages] == ["before", "one", "two"]
        await until(lambda: channel.contact.problem is None)

    play(scene)


def test_a_refused_token_is_said_once_and_not_hammered(caplog: pytest.LogCaptureFixture) -> None:
    async def scene(fakes: StandIns, channel: TelegramChannel, _: Heard) -> None:
        await until(lambda: "refuses the bot token" in (channel.contact.problem or ""))
        await asyncio.sleep(0.2)
        polls = [call for call in fakes.state.telegram.calls if call.method == "getUpdates"]
        assert len(polls) == 1
        assert not polls[0].token_ok

    token = "123456789:" + "B" * 35
    play(scene, token)
    assert caplog.text.count("refuses the bot token") == 1
    assert token not in caplog.text


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
        fakes.state.telegram.faults.add(limit)
        with pytest.raises(ChannelError) as caught:
            await channel.send(Outbound("telegram", chat, body))
        assert caught.value.retry_after == 7
        assert not isinstance(caught.value, RejectedError)

    play(scene)
