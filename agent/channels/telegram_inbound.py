"""What Telegram delivers, as the gateway's events: messages for the assistant, and changes of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from telegram import Message, Update
from telegram.constants import ChatType, MessageEntityType

from agent.channels.base import Attachment, Edited, Inbound

CHANNEL = "telegram"
# A model looks at no more of a picture than that, in pixels of its longer side.
_PREVIEW = 1280


@dataclass(frozen=True, slots=True)
class Me:
    """The bot as others address it; `username` is empty until Telegram has told it."""

    id: int
    username: str = ""


def events(updates: Sequence[Update], me: Me) -> list[Inbound | Edited]:
    """What the updates mean; the parts of an album are one message."""
    found: list[Inbound | Edited] = []
    albums: dict[str, int] = {}
    for update in updates:
        event = _event(update, me)
        if event is None:
            continue
        album = update.message.media_group_id if update.message is not None else None
        if album is not None and album in albums and isinstance(event, Inbound):
            found[albums[album]] = _joined(found[albums[album]], event)
            continue
        if album is not None:
            albums[album] = len(found)
        found.append(event)
    return found


def unfinished_album(updates: Sequence[Update]) -> bool:
    """Whether more parts of an album may be on their way."""
    return any(update.message is not None and update.message.media_group_id for update in updates[-1:])


def from_groups(updates: Sequence[Update]) -> bool:
    """Whether any of them was written where the bot has to be addressed."""
    return any(update.message is not None and update.message.chat.type != ChatType.PRIVATE for update in updates)


def place_of(message: Message) -> str:
    """The chat and, where there is one, the topic."""
    topic = message.message_thread_id if message.is_topic_message else None
    return f"{message.chat.id}:{topic}" if topic else str(message.chat.id)


def _event(update: Update, me: Me) -> Inbound | Edited | None:
    message = update.message or update.edited_message
    if message is None or message.from_user is None or message.from_user.is_bot:
        return None
    text = _addressed(message, me)
    if text is None:
        return None
    if update.message is None:
        return Edited(CHANNEL, place_of(message), str(message.message_id), text)
    return Inbound(
        channel=CHANNEL,
        chat_id=place_of(message),
        external_id=f"{message.chat.id}:{message.message_id}",
        user_id=str(message.from_user.id),
        message_id=str(message.message_id),
        text=text,
        language=message.from_user.language_code or "en",
        private=message.chat.type == ChatType.PRIVATE,
        quoted=_quoted(message, me),
        attachments=tuple(_attachments(message)),
    )


def _joined(first: Inbound | Edited, part: Inbound) -> Inbound | Edited:
    if isinstance(first, Edited):
        return first
    return replace(first, text=first.text or part.text, attachments=first.attachments + part.attachments)


def _addressed(message: Message, me: Me) -> str | None:
    """The text for the assistant, without the mention of it; None when it is not meant."""
    text = _text(message)
    mentions, foreign = _mentions(message, me)
    if message.chat.type == ChatType.PRIVATE:
        return _without(text, mentions)
    if foreign or not (mentions or _answers_me(message, me)):
        return None
    return _without(text, mentions)


def _mentions(message: Message, me: Me) -> tuple[list[str], bool]:
    """The places where the bot is mentioned, and whether a command of another bot is in it."""
    found, foreign = [], False
    name = f"@{me.username}".lower() if me.username else None
    for entity, shown in {**message.parse_entities(), **message.parse_caption_entities()}.items():
        if entity.type == MessageEntityType.BOT_COMMAND and "@" in shown:
            at = shown[shown.index("@") :]
            foreign = foreign or at.lower() != name
            found += [at] if at.lower() == name else []
        elif (entity.type == MessageEntityType.MENTION and shown.lower() == name) or (
            entity.type == MessageEntityType.TEXT_MENTION and entity.user is not None and entity.user.id == me.id
        ):
            found.append(shown)
    return found, foreign


def _without(text: str, mentions: Sequence[str]) -> str:
    for mention in mentions:
        before, _, after = text.partition(mention)
        text = f"{before.rstrip()} {after.lstrip()}" if before.strip() else after
    return text.strip()


def _answers_me(message: Message, me: Me) -> bool:
    answered = message.reply_to_message
    if answered is None or answered.forum_topic_created is not None:
        return False
    return answered.from_user is not None and answered.from_user.id == me.id


def _quoted(message: Message, me: Me) -> str:
    answered = message.reply_to_message
    if message.quote is not None:
        return message.quote.text
    if answered is None or answered.forum_topic_created is not None or _answers_me(message, me):
        return ""
    return _text(answered)


def _text(message: Message) -> str:
    """What a message says, also where it says it by other means than words."""
    sticker, dice = message.sticker, message.dice
    if message.text or message.caption:
        return message.text or message.caption or ""
    if sticker is not None:
        return sticker.emoji or ""
    if dice is not None:
        return f"{dice.emoji} {dice.value}"
    return _card(message)


def _card(message: Message) -> str:
    """A place, a person or a question as text."""
    if message.venue is not None:
        where = message.venue.location
        return f"📍 {message.venue.title}, {message.venue.address} ({where.latitude}, {where.longitude})"
    if message.location is not None:
        return f"📍 {message.location.latitude}, {message.location.longitude}"
    if message.contact is not None:
        contact = message.contact
        return f"👤 {contact.first_name} {contact.last_name or ''}".rstrip() + f": {contact.phone_number}"
    if message.poll is not None:
        return "\n".join([message.poll.question, *(f"- {option.text}" for option in message.poll.options)])
    return ""


def _attachments(message: Message) -> Iterator[Attachment]:
    number = message.message_id
    if message.photo:
        sizes = sorted(message.photo, key=lambda size: size.width * size.height)
        fits = [size for size in sizes if max(size.width, size.height) <= _PREVIEW] or sizes[:1]
        best = sizes[-1]
        yield Attachment(f"photo_{number}.jpg", "image/jpeg", best.file_size, best.file_id, fits[-1].file_id)
    if message.document is not None and message.animation is None:
        document = message.document
        name, media_type = document.file_name or f"document_{number}", document.mime_type or "application/octet-stream"
        yield Attachment(name, media_type, document.file_size, document.file_id)
    for kind, file, extension, media_type in (
        ("animation", message.animation, "mp4", "video/mp4"),
        ("video", message.video, "mp4", "video/mp4"),
        ("audio", message.audio, "mp3", "audio/mpeg"),
    ):
        if file is not None:
            name = file.file_name or f"{kind}_{number}.{extension}"
            yield Attachment(name, file.mime_type or media_type, file.file_size, file.file_id)
    if message.voice is not None:
        voice = message.voice
        yield Attachment(f"voice_{number}.ogg", voice.mime_type or "audio/ogg", voice.file_size, voice.file_id)
    if message.video_note is not None:
        yield Attachment(f"video_{number}.mp4", "video/mp4", message.video_note.file_size, message.video_note.file_id)
