"""What Slack delivers, as the gateway's events: messages for the assistant, changes of them, and its slash command.

Objects are Slack's own JSON, https://docs.slack.dev/reference/events/message.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from agent.channels.base import Attachment, Edited, Inbound
from agent.messages import COMMANDS

CHANNEL = "slack"
_OF_PEOPLE = (None, "file_share", "thread_broadcast", "me_message")
# Slack's own programs keep to themselves what begins with a slash.
_TYPED_COMMAND = re.compile(rf"!({'|'.join((*COMMANDS, 'start', 'pair'))})(?=\s|$)", re.IGNORECASE)
_LINK = re.compile(r"<((?:https?|mailto)[^|>]*)(?:\|([^>]*))?>")
_SPECIAL = re.compile(r"<([@#!])([^|>]*)(?:\|([^>]*))?>")
_THUMBS = ("thumb_1024", "thumb_960", "thumb_800", "thumb_720", "thumb_480", "thumb_360")


def message(event: Mapping[str, Any], bot: str, language: str, knows: Callable[[str], bool]) -> Inbound | None:
    """A message or app_mention event; None when it is not for the assistant.

    Args:
        event: as delivered, or out of a channel's history with `channel` and `channel_type` put in.
        bot: the assistant's user id.
        language: the writer's.
        knows: whether a conversation goes on in a chat of that id.
    """
    if event.get("bot_id") or event.get("subtype") not in _OF_PEOPLE or event.get("user") in (None, bot):
        return None
    private = event.get("channel_type") == "im"
    chat, text = chat_of(event), str(event.get("text") or "")
    mention = f"<@{bot}"
    meant = private or event.get("type") == "app_mention" or mention in text
    if not meant and event.get("thread_ts"):
        meant = event.get("parent_user_id") == bot or knows(chat)
    if not meant:
        return None
    return Inbound(
        channel=CHANNEL,
        chat_id=chat,
        external_id=f"{event['channel']}:{event['ts']}",
        user_id=str(event["user"]),
        message_id=str(event["ts"]),
        text=request(text, bot),
        language=language,
        private=private,
        attachments=tuple(_attachments(event)),
    )


def change(event: Mapping[str, Any], bot: str) -> Edited | None:
    """A message event that tells of another message; previews of links arrive as such, too, and change nothing."""
    before = event.get("previous_message") or {}
    if before.get("bot_id") or before.get("user") == bot:
        return None
    if event.get("subtype") == "message_deleted":
        where = {**before, "channel": event["channel"], "channel_type": event.get("channel_type")}
        return Edited(CHANNEL, chat_of({"ts": event["deleted_ts"], **where}), str(event["deleted_ts"]), None)
    after = event.get("message") or {}
    if event.get("subtype") != "message_changed" or after.get("text") == before.get("text"):
        return None
    where = {**after, "channel": event["channel"], "channel_type": event.get("channel_type")}
    return Edited(CHANNEL, chat_of(where), str(after["ts"]), request(str(after.get("text") or ""), bot))


def command(payload: Mapping[str, Any], language: str) -> Inbound:
    """The slash command, `/picoclaw status`, as `/status`."""
    words = str(payload.get("text") or "").strip() or "help"
    channel = str(payload["channel_id"])
    return Inbound(
        channel=CHANNEL,
        chat_id=channel,
        external_id=str(payload["trigger_id"]),
        user_id=str(payload["user_id"]),
        message_id="",
        text=f"/{words.lstrip('/!')}",
        language=language,
        private=channel.startswith("D"),
    )


def chat_of(event: Mapping[str, Any]) -> str:
    """The channel and the thread; what is said in a channel outside of any is answered in a thread under it."""
    channel, thread = str(event["channel"]), event.get("thread_ts")
    if event.get("channel_type") == "im":
        return f"{channel}:{thread}" if thread else channel
    return f"{channel}:{thread or event['ts']}"


def request(text: str, bot: str) -> str:
    """The text as people see it, without the mention of the assistant."""
    text = re.sub(rf" *<@{re.escape(bot)}(?:\|[^>]*)?>", "", text).strip()
    text = _LINK.sub(lambda link: link[1] if link[2] in (None, link[1]) else f"{link[2]} ({link[1]})", text)
    text = _SPECIAL.sub(lambda one: f"{one[1].replace('!', '@')}{one[3] or one[2]}", text)
    text = html.unescape(text)
    return _TYPED_COMMAND.sub(lambda typed: f"/{typed[1].lower()}", text, count=1) if text.startswith("!") else text


def _attachments(event: Mapping[str, Any]) -> Iterator[Attachment]:
    for file in event.get("files") or ():
        address = file.get("url_private_download") or file.get("url_private") or ""
        preview = next((str(file[name]) for name in _THUMBS if file.get(name)), "")
        yield Attachment(
            name=str(file.get("name") or file["id"]),
            media_type=str(file.get("mimetype") or "application/octet-stream"),
            size=file.get("size"),
            reference=f"{file['id']} {address}",
            preview=f"{file['id']} {preview}" if preview else "",
        )
