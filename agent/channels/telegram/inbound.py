"""What Telegram's updates mean to the assistant: who wrote what, where, and whether it is meant for it."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from telegram import Message, Update
from telegram.constants import ChatType

from agent.channels.base import Attachment, Edited, Inbound
from agent.channels.telegram.content import Me, Words, attachments, of_unknown_kind, words

log = logging.getLogger("telegram")

CHANNEL = "telegram"


def events(updates: Sequence[Update], me: Me) -> list[Inbound | Edited]:
    """What the updates mean; the parts of an album are one message. One that cannot be understood is left out."""
    found: list[Inbound | Edited] = []
    for group in _together(updates):
        try:
            event = _event(group, me)
        except Exception:  # a bug here must not make the bot deaf: the same update would come again and again
            log.exception("update %d is left out", group[0].update_id)
            continue
        if event is not None:
            found.append(event)
    return found


def moves(updates: Sequence[Update]) -> list[tuple[str, str]]:
    """The groups that became supergroups, which have other ids: the old one and the new one."""
    messages = [update.message for update in updates if update.message is not None]
    found = [(one.chat.id, one.migrate_to_chat_id) for one in messages if one.migrate_to_chat_id]
    found += [(one.migrate_from_chat_id, one.chat.id) for one in messages if one.migrate_from_chat_id]
    return [(str(old), str(new)) for old, new in found]


def ends_in_album(updates: Sequence[Update]) -> bool:
    """Whether more parts of an album may be on their way."""
    return bool(updates) and _album(updates[-1]) is not None


def before_album(updates: Sequence[Update]) -> Sequence[Update]:
    """Without the album at the end, of which more is to come in the next answer; all when there is nothing else."""
    last = next((place for place, one in enumerate(updates) if _album(one) == _album(updates[-1])), 0)
    return updates[:last] if last and ends_in_album(updates) else updates


def from_groups(updates: Sequence[Update]) -> bool:
    """Whether any of them was written where the bot has to be addressed."""
    messages = (update.message or update.edited_message for update in updates)
    return any(message is not None and message.chat.type != ChatType.PRIVATE for message in messages)


def place_of(message: Message) -> str:
    """The chat and, where there is one, the topic; in a group without topics a thread is but a row of replies."""
    topic = message.message_thread_id if message.is_topic_message else None
    return f"{message.chat.id}:{topic}" if topic else str(message.chat.id)


def _album(update: Update) -> str | None:
    return update.message.media_group_id if update.message is not None else None


def _together(updates: Sequence[Update]) -> list[list[Update]]:
    """The updates in order, each with the further parts of its album."""
    found: list[list[Update]] = []
    albums: dict[str, list[Update]] = {}
    for update in updates:
        album = _album(update)
        if album is not None and album in albums:
            albums[album].append(update)
            continue
        found.append([update])
        if album is not None:
            albums[album] = found[-1]
    return found


def _event(group: Sequence[Update], me: Me) -> Inbound | Edited | None:
    edited = group[0].edited_message
    if edited is None:
        return _written([update.message for update in group if update.message is not None], me)
    if edited.from_user is None or edited.from_user.is_bot or edited.location is not None:  # a place that moves
        return None
    # Whether the message was meant for the assistant is known where messages are kept.
    return Edited(CHANNEL, place_of(edited), str(edited.message_id), words(edited, me).text)


def _written(parts: Sequence[Message], me: Me) -> Inbound | None:
    if not parts or (sender := parts[0].from_user) is None or sender.is_bot:
        return None
    first, said = parts[0], [words(part, me) for part in parts]
    private = first.chat.type == ChatType.PRIVATE
    if not (private or _meant(first, said, me)):
        return None
    # Nothing but the bot's name is a call; nothing at all is a note by the service, unless it may be more than that.
    text = "\n".join(one.text for one in said if one.text)
    quoted, files = _quoted(first, me), tuple(file for part in parts for file in attachments(part))
    files += () if private else _of_answered(first, me)
    unknown = any(map(of_unknown_kind, parts))
    if not (text or quoted or files or first.text or unknown):
        return None
    return Inbound(
        channel=CHANNEL,
        chat_id=place_of(first),
        external_id=f"{first.chat.id}:{first.message_id}",
        user_id=str(sender.id),
        message_id=str(first.message_id),
        text=text if text or quoted or files else first.text or "",
        language=sender.language_code or "en",
        private=private,
        quoted=quoted,
        attachments=files,
    )


def _meant(first: Message, said: Sequence[Words], me: Me) -> bool:
    """Whether what was said in a group is meant for the assistant."""
    if any(one.foreign for one in said):
        return False
    return any(one.mentioned for one in said) or _answers_me(first, me)


def _answered(message: Message) -> Message | None:
    """What a message replies to; the first message of a topic, which stands there as well, is not meant."""
    answered = message.reply_to_message
    return None if answered is None or answered.forum_topic_created is not None else answered


def _answers_me(message: Message, me: Me) -> bool:
    answered = _answered(message)
    return answered is not None and answered.from_user is not None and answered.from_user.id == me.id


def _quoted(message: Message, me: Me) -> str:
    if message.quote is not None:
        return message.quote.text
    answered = _answered(message)
    return "" if answered is None or _answers_me(message, me) else words(answered, me).text


def _of_answered(message: Message, me: Me) -> tuple[Attachment, ...]:
    """The files of what a group's message replies to: the assistant has not seen them («what is in this picture?»)."""
    answered = _answered(message)
    return () if answered is None or _answers_me(message, me) else tuple(attachments(answered))
