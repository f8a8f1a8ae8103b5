"""What Discord tells, as the gateway's events: messages for the assistant, changes of them, commands of its menu.

Objects are Discord's own JSON, https://discord.com/developers/docs/resources/message and .../interactions.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
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
    text = str(data.get("content") or "")
    if not (private or answers_me or _mentioned(data, text, me)):
        return None
    return Inbound(
        channel=CHANNEL,
        chat_id=str(data["channel_id"]),
        external_id=str(data["id"]),
        user_id=str(author.get("id")),
        message_id=str(data["id"]),
        text=_without_mention(text, me),
        language=language,
        private=private,
        quoted="" if answers_me else str(answered.get("content") or ""),
        attachments=tuple(_attachments(data)),
    )


def edit(data: Mapping[str, Any], me: Me) -> Edited | None:
    """A message object whose text may have changed; previews of links arrive as such, too, and change nothing."""
    if "content" not in data or not data.get("edited_timestamp") or (data.get("author") or {}).get("bot"):
        return None
    text = _without_mention(str(data["content"]), me)
    return Edited(CHANNEL, str(data["channel_id"]), str(data["id"]), text)


def deletions(data: Mapping[str, Any]) -> Iterable[Edited]:
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


def _mentioned(data: Mapping[str, Any], text: str, me: Me) -> bool:
    named = any(user.get("id") == me.id for user in data.get("mentions") or ()) and f"{me.id}>" in text
    return named or any(str(role) in me.roles for role in data.get("mention_roles") or ())


def _without_mention(text: str, me: Me) -> str:
    mentions = "|".join([f"@!?{me.id}", *(f"@&{role}" for role in sorted(me.roles))])
    return re.sub(rf" *<(?:{mentions})>", "", text).strip()


def _attachments(data: Mapping[str, Any]) -> Iterator[Attachment]:
    for one in data.get("attachments") or ():
        where = f"{data['channel_id']}/{data['id']}/{one['id']}"
        media_type = str(one.get("content_type") or "application/octet-stream").partition(";")[0]
        preview = _preview(one) if media_type.startswith("image/") else ""
        yield Attachment(
            name=str(one.get("filename") or one["id"]),
            media_type=media_type,
            size=one.get("size"),
            reference=f"{where} {one['url']}",
            preview=f"{where} {preview}" if preview else "",
        )


def _preview(one: Mapping[str, Any]) -> str:
    """A smaller picture from Discord's media proxy."""
    width, height, address = one.get("width"), one.get("height"), one.get("proxy_url")
    if not (width and height and address):
        return ""
    scale = min(1.0, _PREVIEW / max(width, height))
    size = urlencode({"width": max(1, int(width * scale)), "height": max(1, int(height * scale))})
    return f"{address}{'&' if '?' in address else '?'}{size}"
