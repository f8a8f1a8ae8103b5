"""Documents and photos on the Telegram stand-in, seen by python-telegram-bot over a real socket."""

import struct
import zlib

import pytest
from telegram import Bot, Message

from tests.fakes.standins import StandIns
from tests.fakes.wire import Attachment, UserMessage
from tests.unit.fakes.test_telegram import OWNER, Scenario, play, refusal


def picture(width: int, height: int) -> bytes:
    """A PNG of one colour."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress((b"\0" + b"\0" * width) * height)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def test_a_document_can_be_fetched_again() -> None:
    async def scenario(bot: Bot, _fakes: StandIns) -> tuple[Message, bytes]:
        sent = await bot.send_document(
            OWNER, b"a,b\n1,2\n", caption="<i>table</i>", filename="t.csv", parse_mode="HTML"
        )
        assert sent.document is not None
        content = await (await bot.get_file(sent.document.file_id)).download_as_bytearray()
        again = await bot.send_document(OWNER, sent.document.file_id)
        assert again.document is not None
        assert again.document.file_unique_id == sent.document.file_unique_id
        return sent, bytes(content)

    sent, content = play(scenario)
    assert content == b"a,b\n1,2\n"
    assert (sent.document.file_name, sent.document.file_size, sent.caption) == ("t.csv", 8, "table")
    assert sent.caption_entities[0].type == "italic"


def test_a_photo_has_its_size() -> None:
    message = play(lambda bot, _fakes: bot.send_photo(OWNER, picture(40, 30)))
    assert (message.photo[-1].width, message.photo[-1].height) == (40, 30)


@pytest.mark.parametrize(
    ("scenario", "description"),
    [
        (lambda bot, _: bot.send_document(OWNER, b""), "File must be non-empty"),
        (lambda bot, _: bot.send_document(OWNER, "no such file"), "Wrong file identifier/http url specified"),
        (lambda bot, _: bot.send_document(OWNER, b"x", caption="c" * 1025), "Message caption is too long"),
        (lambda bot, _: bot.send_photo(OWNER, b"no picture"), "Image_process_failed"),
        (lambda bot, _: bot.send_photo(OWNER, picture(2100, 100)), "Photo_invalid_dimensions"),
        (lambda bot, _: bot.get_file("no such file"), "Invalid file_id"),
    ],
)
def test_files_are_refused(scenario: Scenario, description: str) -> None:
    assert refusal(scenario).message == description


def test_a_file_that_a_user_sends_arrives_with_the_update() -> None:
    async def scenario(bot: Bot, fakes: StandIns) -> tuple[str, bytes]:
        note = Attachment(name="note.txt", content=b"remember", mime_type="text/plain")
        fakes.state.telegram.user_writes(UserMessage(user_id=OWNER, text="see this", document=note))
        message = (await bot.get_updates())[-1].message
        assert message is not None
        assert message.document is not None
        file = await message.document.get_file()
        return message.caption or "", bytes(await file.download_as_bytearray())

    assert play(scenario) == ("see this", b"remember")
