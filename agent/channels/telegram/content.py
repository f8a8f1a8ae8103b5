"""What one Telegram message says and carries, whatever it is made of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from telegram import Message, MessageEntity
from telegram.constants import MessageEntityType

from agent.channels.base import Attachment

# A model looks at no more of a picture than that, in pixels of its longer side.
_PREVIEW = 1280
_NO_SPACE_BEFORE = tuple(",.:;!?)\n")
_UNREADABLE = ("story", "paid_media", "invoice", "giveaway")


@dataclass(frozen=True, slots=True)
class Me:
    """The bot as others address it; `username` is empty until Telegram has told it."""

    id: int
    username: str = ""

    @property
    def mention(self) -> str:
        """In small letters; no user's text has what stands for an unknown one."""
        return f"@{self.username}".lower() if self.username else "@"


@dataclass(frozen=True, slots=True)
class Words:
    """A message's text.

    Attributes:
        text: without mentions of the bot; links that hide behind words are shown.
        mentioned: whether the bot is mentioned in it.
        foreign: whether it is a command for another bot.
    """

    text: str
    mentioned: bool = False
    foreign: bool = False


def words(message: Message, me: Me) -> Words:
    """What a message says, also where it says it by other means than words."""
    text = message.text or message.caption
    if not text:
        return Words(_shown(message))
    unread = _kind(message)  # such as media that are paid for, which may have a caption
    units = text.encode("utf-16-le", "surrogatepass")  # which is how Telegram counts
    mentioned, foreign = False, False
    # From the end on, so that the places of those before stay right.
    for entity in sorted(message.entities or message.caption_entities, key=lambda one: one.offset, reverse=True):
        start, end = 2 * entity.offset, 2 * (entity.offset + entity.length)
        shown = _text(units[start:end])
        if entity.type == MessageEntityType.BOT_COMMAND and "@" in shown:
            command, _, name = shown.partition("@")
            if f"@{name}".lower() == me.mention:
                mentioned = True
                units = _cut(units, start + 2 * len(command), end)
            else:
                foreign = foreign or entity.offset == 0
        elif _is_mention(entity, shown, me):
            mentioned = True
            units = _cut(units, start, end)
        elif entity.type == MessageEntityType.TEXT_LINK and entity.url and entity.url.rstrip("/") != shown.rstrip("/"):
            units = units[:start] + f"[{shown}]({entity.url})".encode("utf-16-le", "surrogatepass") + units[end:]
    left = _text(units).strip()
    left = left.lstrip(",: ") if mentioned else left
    return Words(f"{left}\n{unread}".strip() if unread else left, mentioned, foreign)


def of_unknown_kind(message: Message) -> bool:
    """Whether it holds what is younger than the library."""
    return bool(message.api_kwargs)


def attachments(message: Message) -> Iterator[Attachment]:
    """The files that came with a message."""
    number = message.message_id
    if message.photo:
        sizes = sorted(message.photo, key=lambda size: size.width * size.height)
        fits = [size for size in sizes if max(size.width, size.height) <= _PREVIEW] or sizes[:1]
        best = sizes[-1]
        yield Attachment(f"photo_{number}.jpg", "image/jpeg", best.file_size, best.file_id, fits[-1].file_id)
    if message.document is not None and message.animation is None:
        document = message.document
        name, media_type = document.file_name or f"document_{number}", document.mime_type or "application/octet-stream"
        preview = document.thumbnail.file_id if document.thumbnail is not None else ""
        preview = preview if media_type.startswith("image/") else ""
        yield Attachment(name, media_type, document.file_size, document.file_id, preview)
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
    sticker = message.sticker
    if sticker is not None and not (sticker.emoji or sticker.is_animated or sticker.is_video):
        yield Attachment(f"sticker_{number}.webp", "image/webp", sticker.file_size, sticker.file_id)


def _is_mention(entity: MessageEntity, shown: str, me: Me) -> bool:
    if entity.type == MessageEntityType.MENTION:
        return shown.lower() == me.mention
    return entity.type == MessageEntityType.TEXT_MENTION and entity.user is not None and entity.user.id == me.id


def _cut(units: bytes, start: int, end: int) -> bytes:
    """The text without a stretch of it, and without the gap that it would leave."""
    before, after = _text(units[:start]).rstrip(" "), _text(units[end:]).lstrip(" ")
    together = not before or not after or before.endswith("\n") or after.startswith(_NO_SPACE_BEFORE)
    return f"{before}{'' if together else ' '}{after}".encode("utf-16-le", "surrogatepass")


def _text(units: bytes) -> str:
    return units.decode("utf-16-le", "surrogatepass")


def _shown(message: Message) -> str:
    """Anything that is neither text nor a file, as text."""
    sticker, dice, game = message.sticker, message.dice, message.game
    if sticker is not None:
        return sticker.emoji or ("[sticker]" if sticker.is_animated or sticker.is_video else "")
    if dice is not None:
        return f"{dice.emoji} {dice.value}"
    if game is not None:
        return f"🎮 {game.title}"
    return _place(message) or _person(message) or _list(message) or _kind(message)


def _place(message: Message) -> str:
    if message.venue is not None:
        where = message.venue.location
        return f"📍 {message.venue.title}, {message.venue.address} ({where.latitude}, {where.longitude})"
    if message.location is not None:
        return f"📍 {message.location.latitude}, {message.location.longitude}"
    return ""


def _person(message: Message) -> str:
    if message.contact is None:
        return ""
    contact = message.contact
    return f"👤 {contact.first_name} {contact.last_name or ''}".rstrip() + f": {contact.phone_number}"


def _list(message: Message) -> str:
    if message.poll is not None:
        return "\n".join([message.poll.question, *(f"- {option.text}" for option in message.poll.options)])
    if message.checklist is not None:
        tasks = (f"- [{'x' if task.completion_date else ' '}] {task.text}" for task in message.checklist.tasks)
        return "\n".join([message.checklist.title, *tasks])
    return ""


def _kind(message: Message) -> str:
    """What a user has sent that no program can read; empty for the service's own notes, such as of a pinned message."""
    return next((f"[{kind.replace('_', ' ')}]" for kind in _UNREADABLE if getattr(message, kind) is not None), "")
