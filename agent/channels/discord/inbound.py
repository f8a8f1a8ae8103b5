"""What Discord tells, as the gateway's events: messages for the assistant, changes of them, commands of its menu.

Objects are Discord's own JSON, https://discord.com/developers/docs/resources/message and .../interactions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from agent.channels.base import Attachment, Edited, Inbound

CHANNEL = "discord"
# What people write; everything else is Discord's own notice.
_DEFAULT, _REPLY = 0, 19
_BOT_DM = 1
_COMMAND = 2
_PREVIEW = 1024  # pixels of a picture's longer side


@dataclass(slots=True)
class Me:
    """The bot as others address it: itself, and the roles that Discord made for it, one a server."""

    id: str = ""
    application_id: str = ""
    roles: set[str] = field(default_factory=set)


def message(data: Mapping[str, Any], me: Me, language: str, *, private: bool) -> Inbound | None:
    """A message object; None when it is not for the assistant."""
    author = data.get("author") or {}
    if author.get("bot") or data.get("webhook_id") or data.get("type", _DEFAULT) not in (_DEFAULT, _REPLY):
        return None
    answered = data.get("referenced_message") or {}
    answers_me = (answered.get("author") or {}).get("id") == me.id
    if not (private or answers_me or _mentioned(data, me)):
        return None
    # Of what a server's message replies to: the assistant has not seen them («what is in this picture?»).
    theirs = () if private or answers_me else attachments(answered)
    passed_on = "\n".join(_text(one, me) for one in _passed_on(data))
    return Inbound(
        channel=CHANNEL,
        chat_id=str(data["channel_id"]),
        external_id=str(data["id"]),
        user_id=str(author.get("id")),
        message_id=str(data["id"]),
        text=_text(data, me),
        language=language,
        private=private,
        quoted=passed_on or ("" if answers_me else _named(str(answered.get("content") or ""), answered)),
        attachments=(*attachments(data), *theirs),
    )


def edits(data: Mapping[str, Any], me: Me) -> list[Edited]:
    """A message object whose text may have changed; previews of links arrive as such, too, and change nothing."""
    if "content" not in data or not data.get("edited_timestamp") or (data.get("author") or {}).get("bot"):
        return []
    return [Edited(CHANNEL, str(data["channel_id"]), str(data["id"]), _text(data, me))]


def deletions(data: Mapping[str, Any], _: Me) -> list[Edited]:
    """One message that was deleted, or many."""
    ids = data.get("ids") or [data.get("id")]
    return [Edited(CHANNEL, str(data["channel_id"]), str(number), None) for number in ids]


def command(data: Mapping[str, Any]) -> Inbound | None:
    """An interaction object; None when it is no command of the menu, or one in somebody else's private chat."""
    if data.get("type") != _COMMAND:
        return None
    private = "guild_id" not in data
    if private and data.get("context", _BOT_DM) != _BOT_DM:
        return None
    user = data.get("user") or (data.get("member") or {}).get("user") or {}
    ordered = data.get("data") or {}
    values = [str(option.get("value", "")) for option in ordered.get("options") or ()]
    return Inbound(
        channel=CHANNEL,
        chat_id=str(data["channel_id"]),
        external_id=str(data["id"]),
        user_id=str(user.get("id")),
        message_id="",
        text=" ".join([f"/{ordered.get('name')}", *values]),
        language=str(data.get("locale") or "en"),
        private=private,
    )


def attachments(data: Mapping[str, Any]) -> Iterator[Attachment]:
    """The files of a message object, those of a message that it passes on included."""
    for part in (data, *_passed_on(data)):
        for one in part.get("attachments") or ():
            where = f"{data['channel_id']}/{data['id']}/{one['id']}"
            media_type = str(one.get("content_type") or "application/octet-stream").partition(";")[0]
            preview = _preview(one) if media_type.startswith("image/") else ""
            yield Attachment(
                name=str(one.get("filename") or one["id"]),
                media_type=media_type,
                size=one.get("size"),
                reference=f"{where} {one['url']}",
                preview=f"{where}p {preview}" if preview else "",
            )


def _mentioned(data: Mapping[str, Any], me: Me) -> bool:
    """Whether the text names the bot, or its own role; an answer to it alone puts it into `mentions`, too."""
    text = str(data.get("content") or "")
    named = any(user.get("id") == me.id for user in data.get("mentions") or ()) and f"{me.id}>" in text
    return named or any(str(role) in me.roles for role in data.get("mention_roles") or ())


def _text(data: Mapping[str, Any], me: Me) -> str:
    """What a message says, without the mention of the bot, also where it says it by other means than words."""
    text = _named(_without_mention(str(data.get("content") or ""), me), data)
    stickers = " ".join(f":{one.get('name')}:" for one in data.get("sticker_items") or ())
    poll = data.get("poll") or {}
    asked = str((poll.get("question") or {}).get("text") or "")
    answers = [str((one.get("poll_media") or {}).get("text") or "") for one in poll.get("answers") or ()]
    return "\n".join(part for part in (text, stickers, asked, *(f"- {answer}" for answer in answers)) if part)


def _without_mention(text: str, me: Me) -> str:
    mentions = "|".join([f"@!?{me.id}", *(f"@&{role}" for role in sorted(me.roles))])
    return re.sub(rf" *<(?:{mentions})>", "", text).strip()


def _named(text: str, data: Mapping[str, Any]) -> str:
    """Numbers of people as their names."""
    for user in data.get("mentions") or ():
        name = user.get("global_name") or user.get("username")
        for mention in (f"<@{user.get('id')}>", f"<@!{user.get('id')}>"):
            text = text.replace(mention, f"@{name}")
    return text


def _passed_on(data: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Messages that were forwarded with this one."""
    return [one.get("message") or {} for one in data.get("message_snapshots") or ()]


def _preview(one: Mapping[str, Any]) -> str:
    """A smaller picture from Discord's media proxy."""
    width, height, address = one.get("width"), one.get("height"), one.get("proxy_url")
    if not (width and height and address):
        return ""
    scale = min(1.0, _PREVIEW / max(width, height))
    size = urlencode({"width": max(1, int(width * scale)), "height": max(1, int(height * scale))})
    return f"{str(address).rstrip('&')}{'&' if '?' in address else '?'}{size}"
