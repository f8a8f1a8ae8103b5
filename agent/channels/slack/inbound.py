"""What Slack delivers, as the gateway's events: messages for the assistant, commands, and changes of messages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from agent.channels.base import Attachment, Edited, Inbound
from agent.messages import COMMANDS

CHANNEL = "slack"
Event = Mapping[str, Any]

# What people write; other subtypes are notices of Slack's and messages of bots.
_WRITTEN = (None, "file_share", "thread_broadcast", "me_message")
_WITH_ARGUMENTS = ("model", "pair", "stop")
_KNOWN = (*COMMANDS, "pair", "start")
_COMMAND = re.compile(r"!([a-z]+)(?:\s+(\S.*))?", re.IGNORECASE | re.DOTALL)
_SPECIAL = re.compile(r"<([@#!]?)([^<>|]+)(?:\|([^<>]*))?>")
# A model looks at no more of a picture than that, in pixels of its longer side.
_PREVIEW = "thumb_1024"


@dataclass(frozen=True, slots=True)
class Me:
    """The bot as others address it."""

    user_id: str


def event_of(event: Event, me: Me, knows: Callable[[str], bool]) -> Inbound | Edited | None:
    """What an event means to the assistant; None for nothing.

    Args:
        event: `message` or `app_mention`, or a message of the history with its `channel`.
        me: the bot.
        knows: whether a chat has a conversation already.
    """
    subtype = event.get("subtype")
    if event.get("type") not in ("message", "app_mention"):
        return None
    if subtype == "message_changed":
        return _changed(event, me)
    if subtype == "message_deleted":
        return _taken_back(event, event.get("previous_message") or {}, str(event.get("deleted_ts", "")), me)
    if subtype not in _WRITTEN or not _by_a_person(event, me):
        return None
    return _written(event, me, knows)


def chat_of(event: Event, channel: str) -> str:
    """The channel, with the thread where there is one; what is asked in a channel is answered in a thread under it."""
    thread, ts = event.get("thread_ts"), event.get("ts")
    if thread is not None and thread != ts:
        return f"{channel}:{thread}"
    return channel if is_private(event, channel) else f"{channel}:{thread or ts}"


def is_private(event: Event, channel: str) -> bool:
    """Whether nobody else reads along."""
    return event.get("channel_type") == "im" or channel.startswith("D")


def address_of(chat_id: str) -> tuple[str, str | None]:
    """The channel and the thread of a chat."""
    channel, _, thread = chat_id.partition(":")
    return channel, thread or None


def command_text(text: str) -> str:
    """What was written after `/picoclaw`, as one of the gateway's commands if it begins like one."""
    text = text.strip().removeprefix("/").removeprefix("!")
    name = text.split(maxsplit=1)[0].lower() if text else "help"
    if name not in _KNOWN:
        return text
    return f"/{name}{text[len(name) :]}"


def parted(text: str, channel: str) -> tuple[str, str]:
    """What of a slash command's text is for the channel where it was used, and what for the direct messages.

    Commands are for the channel. A request is not: a turn shows what it does, and the bot may not write everywhere.
    """
    name, *rest = text.split(maxsplit=1)
    if channel.startswith("D") or not text.startswith("/") or name == "/pair":
        return "", text
    return (name, "".join(rest)) if name == "/stop" else (text, "")


def _written(event: Event, me: Me, knows: Callable[[str], bool]) -> Inbound | None:
    channel, ts = str(event["channel"]), str(event["ts"])
    chat, private = chat_of(event, channel), is_private(event, channel)
    raw = str(event.get("text") or "")
    in_thread = event.get("thread_ts") not in (None, ts)
    taking_part = in_thread and (event.get("parent_user_id") == me.user_id or knows(chat))
    if not (private or taking_part or f"<@{me.user_id}" in raw):
        return None
    return Inbound(
        channel=CHANNEL,
        chat_id=chat,
        external_id=f"{channel}:{ts}",
        user_id=str(event["user"]),
        message_id=ts,
        text=_as_command(readable(raw, me)),
        private=private,
        quoted=_forwarded(event, me),
        attachments=tuple(attachments(event.get("files") or ())),
    )


def _changed(event: Event, me: Me) -> Edited | None:
    """A new text; a preview that Slack adds to a link is none."""
    message, before = event.get("message") or {}, event.get("previous_message") or {}
    if message.get("subtype") == "tombstone":  # what is left of a deleted message that has a thread
        return _taken_back(event, before, str(message.get("ts", "")), me)
    if message.get("subtype") not in _WRITTEN or not _by_a_person(message, me):
        return None
    raw = str(message.get("text") or "")
    if raw == str(before.get("text") or ""):
        return None
    channel = str(event["channel"])
    place = {**message, "channel_type": event.get("channel_type")}
    return Edited(CHANNEL, chat_of(place, channel), str(message["ts"]), _as_command(readable(raw, me)))


def _taken_back(event: Event, before: Event, ts: str, me: Me) -> Edited | None:
    if not ts or not _by_a_person(before, me):
        return None
    channel = str(event["channel"])
    place = {"ts": ts, "thread_ts": before.get("thread_ts"), "channel_type": event.get("channel_type")}
    return Edited(CHANNEL, chat_of(place, channel), ts, None)


def _by_a_person(message: Event, me: Me) -> bool:
    user = message.get("user")
    return bool(user) and user not in (me.user_id, "USLACKBOT") and not message.get("bot_id")


def _as_command(text: str) -> str:
    """`!status` stands for `/status`, since Slack keeps messages that begin with a slash to itself."""
    found = _COMMAND.fullmatch(text)
    name = found[1].lower() if found is not None else ""
    if found is None or name not in _KNOWN or (found[2] and name not in _WITH_ARGUMENTS):
        return text
    return f"/{name} {found[2]}" if found[2] else f"/{name}"


def readable(raw: str, me: Me) -> str:
    """Slack's notation as text, without the mention of the bot."""
    text = re.sub(rf"[ \t]*<@{me.user_id}(?:\|[^<>]*)?>[ \t]*", " ", raw)
    text = _SPECIAL.sub(_spelled, text)
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").strip()


def _spelled(found: re.Match[str]) -> str:
    sign, what, label = found[1], found[2], found[3] or ""
    if sign == "@":
        return f"@{label or what}"
    if sign == "#":
        return f"#{label or what}"
    if sign == "!":
        return label or f"@{what.partition('^')[0]}"
    address = what.removeprefix("mailto:")
    return address if label in ("", address) or address.endswith(f"//{label}") else f"{label} ({what})"


def _forwarded(event: Event, me: Me) -> str:
    """The text of messages that were shared with it."""
    shared = [one for one in event.get("attachments") or () if one.get("is_share") or one.get("is_msg_unfurl")]
    return "\n".join(readable(str(one.get("text") or ""), me) for one in shared)


def attachments(files: Iterable[Event]) -> Iterator[Attachment]:
    """Files by their ids: where they are is asked for when they are fetched."""
    for file in files:
        if "id" not in file or file.get("mode") in ("tombstone", "hidden_by_limit"):
            continue
        number = str(file["id"])
        size = file.get("size")
        yield Attachment(
            name=str(file.get("name") or f"file_{number}"),
            media_type=str(file.get("mimetype") or "application/octet-stream"),
            size=int(size) if size is not None else None,
            reference=number,
            preview=f"{number} {_PREVIEW}" if str(file.get("mimetype", "")).startswith("image/") else "",
        )
