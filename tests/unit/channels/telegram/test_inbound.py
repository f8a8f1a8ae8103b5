"""What Telegram's updates mean, update by update, in the forms of the Bot API."""

from __future__ import annotations

from typing import Any

import pytest
from telegram import Update

from agent.channels.base import Edited, Inbound
from agent.channels.telegram.content import Me
from agent.channels.telegram.inbound import before_album, ends_in_album, events

ME = Me(42, "lab_bot")
USER = {"id": 7, "is_bot": False, "first_name": "Ola", "language_code": "pl"}
BOT = {"id": 42, "is_bot": True, "first_name": "Bot", "username": "lab_bot"}
PRIVATE = {"id": 7, "type": "private", "first_name": "Ola"}
GROUP = {"id": -5, "type": "supergroup", "title": "Lab"}
FILE = {"file_id": "F", "file_unique_id": "U", "file_size": 9}


@pytest.fixture(autouse=True)
def _seconds_as_the_image_has_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "true")


def message(number: int = 1, chat: Any = PRIVATE, **fields: Any) -> dict[str, Any]:
    return {"message_id": number, "date": 1, "chat": chat, "from": USER, **fields}


def update(content: dict[str, Any], kind: str = "message", number: int = 1) -> Update:
    return Update.de_json({"update_id": number, kind: content}, None)


def heard(content: dict[str, Any], me: Me = ME) -> Inbound | None:
    found = events([update(content)], me)
    assert all(isinstance(event, Inbound) for event in found)
    return found[0] if found else None  # type: ignore[return-value]


def entity(kind: str, text: str, part: str, **more: Any) -> dict[str, Any]:
    offset = len(text[: text.index(part)].encode("utf-16-le")) // 2
    return {"type": kind, "offset": offset, "length": len(part.encode("utf-16-le")) // 2, **more}


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"location": {"latitude": 52.2, "longitude": 21.0}}, "📍 52.2, 21.0"),
        (
            {"venue": {"location": {"latitude": 1.5, "longitude": 2.5}, "title": "Bar", "address": "Prosta 1"}},
            "📍 Bar, Prosta 1 (1.5, 2.5)",
        ),
        ({"contact": {"phone_number": "+48 1", "first_name": "Jan", "last_name": "Kos"}}, "👤 Jan Kos: +48 1"),
        ({"dice": {"emoji": "🎲", "value": 6}}, "🎲 6"),
        (
            {"poll": {"id": "1", "question": "Which?", "total_voter_count": 0, "is_closed": False, "type": "regular",
                      "options": [{"text": "a", "voter_count": 0, "persistent_id": "x"}], "is_anonymous": True,
                      "members_only": False, "allows_multiple_answers": False, "allows_revoting": False}},
            "Which?\n- a",
        ),
        (
            {"checklist": {"title": "Shop", "tasks": [{"id": 1, "text": "milk", "completion_date": 5},
                                                      {"id": 2, "text": "bread"}]}},
            "Shop\n- [x] milk\n- [ ] bread",
        ),
        ({"sticker": {**FILE, "type": "regular", "width": 1, "height": 1, "is_animated": False, "is_video": False,
                      "emoji": "👍"}}, "👍"),
        ({"sticker": {**FILE, "type": "custom_emoji", "width": 1, "height": 1, "is_animated": True,
                      "is_video": False}}, "[sticker]"),
        ({"story": {"chat": PRIVATE, "id": 1}}, "[story]"),
        ({"paid_media": {"star_count": 1, "paid_media": []}, "caption": "look"}, "look\n[paid media]"),
        ({"hologram": {"file_id": "F"}}, ""),
    ],
)  # fmt: skip
def test_what_is_no_text_is_told_in_words(fields: dict[str, Any], text: str) -> None:
    found = heard(message(**fields))
    assert found is not None
    assert (found.text, found.attachments) == (text, ())


@pytest.mark.parametrize(
    ("fields", "name", "media_type"),
    [
        ({"document": {**FILE, "file_name": "a.pdf", "mime_type": "application/pdf"}}, "a.pdf", "application/pdf"),
        ({"document": FILE}, "document_1", "application/octet-stream"),
        ({"video": {**FILE, "width": 1, "height": 1, "duration": 1}}, "video_1.mp4", "video/mp4"),
        ({"audio": {**FILE, "duration": 1, "file_name": "a.flac", "mime_type": "audio/flac"}}, "a.flac", "audio/flac"),
        ({"voice": {**FILE, "duration": 1}}, "voice_1.ogg", "audio/ogg"),
        ({"video_note": {**FILE, "length": 1, "duration": 1}}, "video_1.mp4", "video/mp4"),
        (
            {"document": {**FILE, "mime_type": "image/heic", "thumbnail": {**FILE, "width": 320, "height": 9}}},
            "document_1",
            "image/heic",
        ),
        (
            {"animation": {**FILE, "width": 1, "height": 1, "duration": 1}, "document": FILE},
            "animation_1.mp4",
            "video/mp4",
        ),
        (
            {"sticker": {**FILE, "type": "regular", "width": 1, "height": 1, "is_animated": False, "is_video": False}},
            "sticker_1.webp",
            "image/webp",
        ),
    ],
)
def test_files_of_every_kind(fields: dict[str, Any], name: str, media_type: str) -> None:
    found = heard(message(caption="look", **fields) if "sticker" not in fields else message(**fields))
    assert found is not None
    (attachment,) = found.attachments
    assert (attachment.name, attachment.media_type, attachment.size, attachment.reference) == (name, media_type, 9, "F")


def test_a_picture_sent_as_a_file_is_looked_at_by_its_thumbnail() -> None:
    thumbnail = {**FILE, "file_id": "T", "width": 320, "height": 9}
    for media_type, preview in (("image/png", "T"), ("application/pdf", "")):
        found = heard(message(document={**FILE, "mime_type": media_type, "thumbnail": thumbnail}))
        assert found is not None
        assert found.attachments[0].preview == preview


def test_of_a_photo_the_largest_is_the_file_and_a_middling_one_is_for_looking_at() -> None:
    sizes = [{**FILE, "file_id": str(side), "width": side, "height": side // 2} for side in (90, 2560, 320, 1280)]
    found = heard(message(photo=sizes))
    assert found is not None
    assert (found.attachments[0].reference, found.attachments[0].preview) == ("2560", "1280")


@pytest.mark.parametrize(
    "fields",
    [
        {"pinned_message": message(2, text="x")},
        {"new_chat_title": "x"},
        {"message_auto_delete_timer_changed": {"message_auto_delete_time": 5}},
        {"write_access_allowed": {}},
        {"text": "a bot", "from": BOT},
        {"text": "a channel", "from": None},
    ],
)
def test_notes_of_the_service_and_other_bots_are_no_messages(fields: dict[str, Any]) -> None:
    assert heard({key: value for key, value in message(**fields).items() if value is not None}) is None


@pytest.mark.parametrize(
    ("text", "parts", "expected"),
    [
        ("@lab_bot hello", [("mention", "@lab_bot")], "hello"),
        ("@LAB_bot, hello", [("mention", "@LAB_bot")], "hello"),
        ("😀 hey @lab_bot: x", [("mention", "@lab_bot")], "😀 hey: x"),
        ("one\n@lab_bot two", [("mention", "@lab_bot")], "one\ntwo"),
        ("@lab_bots and @lab_bot?", [("mention", "@lab_bots"), ("mention", "@lab_bot?"[:-1])], "@lab_bots and?"),
        ("/new@lab_bot", [("bot_command", "/new@lab_bot")], "/new"),
        ("@lab_bot", [("mention", "@lab_bot")], "@lab_bot"),
        ("@other hello", [("mention", "@other")], None),
        ("/new@other_bot", [("bot_command", "/new@other_bot")], None),
        ("/new", [("bot_command", "/new")], None),
        ("lab_bot hello", [], None),
    ],
)
def test_who_is_meant_in_a_group(text: str, parts: list[tuple[str, str]], expected: str | None) -> None:
    entities = []
    for kind, part in parts:
        start = text.rindex(part)
        entities.append({"type": kind, "offset": len(text[:start].encode("utf-16-le")) // 2, "length": len(part)})
    found = heard(message(chat=GROUP, text=text, entities=entities))
    assert (found.text if found else None) == expected
    private = heard(message(text=text, entities=entities))
    assert private is not None, "everything is meant for it in private"


def test_a_reply_to_the_bot_is_meant_and_one_to_somebody_else_is_quoted() -> None:
    mine = message(2, GROUP, text="mine", **{"from": BOT})
    theirs = message(2, GROUP, text="theirs", document=FILE)
    found = heard(message(chat=GROUP, text="why?", reply_to_message=mine))
    assert found is not None
    assert (found.quoted, found.private, found.attachments) == ("", False, ())
    assert heard(message(chat=GROUP, text="why?", reply_to_message=theirs)) is None
    text = "@lab_bot why?"
    asked = message(chat=GROUP, text=text, entities=[entity("mention", text, "@lab_bot")], reply_to_message=theirs)
    found = heard(asked)
    assert found is not None
    assert (found.text, found.quoted, [one.reference for one in found.attachments]) == ("why?", "theirs", ["F"])
    found = heard({**asked, "quote": {"text": "the", "position": 0}})
    assert found is not None
    assert found.quoted == "the"


def test_topics_are_places_and_threads_of_replies_are_not() -> None:
    created = message(2, GROUP, forum_topic_created={"name": "T", "icon_color": 1}, **{"from": BOT})
    text = "@lab_bot hi"
    fields: dict[str, Any] = {"text": text, "entities": [entity("mention", text, "@lab_bot")], "message_thread_id": 9}
    found = heard(message(chat=GROUP, **fields, is_topic_message=True, reply_to_message=created))
    assert found is not None
    assert (found.chat_id, found.quoted) == ("-5:9", "")
    plain = heard(message(chat=GROUP, **fields))
    assert plain is not None
    assert plain.chat_id == "-5"
    in_topic = message(chat=GROUP, text="hi", message_thread_id=9, is_topic_message=True, reply_to_message=created)
    assert heard(in_topic) is None, "the bot made the topic, which does not make it its partner"
    private = heard(message(text="hi", message_thread_id=9, is_topic_message=True))
    assert private is not None
    assert (private.chat_id, private.private) == ("7:9", True)


def test_links_behind_words_are_shown() -> None:
    text = "😀 read this and https://b.example"
    entities = [
        entity("text_link", text, "this", url="https://a.example/x"),
        entity("text_link", text, "https://b.example", url="https://b.example/"),
    ]
    found = heard(message(text=text, entities=entities))
    assert found is not None
    assert found.text == "😀 read [this](https://a.example/x) and https://b.example"


def test_edits() -> None:
    assert events([update(message(text="b", edit_date=2), "edited_message")], ME) == [Edited("telegram", "7", "1", "b")]
    moving = message(location={"latitude": 1, "longitude": 2, "live_period": 60}, edit_date=2)
    assert events([update(moving, "edited_message")], ME) == []


def test_albums_are_whole() -> None:
    parts = [update(message(number, photo=[{**FILE, "width": 1, "height": 1}], media_group_id="a"), number=number)
             for number in (2, 3)]  # fmt: skip
    first = update(message(1, text="x"), number=1)
    found = events([first, parts[0], update(message(4, text="y"), number=4), parts[1]], ME)
    assert [(one.message_id, len(one.attachments)) for one in found if isinstance(one, Inbound)] == [
        ("1", 0), ("2", 2), ("4", 0),
    ]  # fmt: skip
    assert ends_in_album([first, *parts])
    assert not ends_in_album([*parts, first])
    assert not ends_in_album([])
    assert list(before_album([first, *parts])) == [first]
    assert list(before_album(parts)) == parts
    assert list(before_album([*parts, first])) == [*parts, first]
