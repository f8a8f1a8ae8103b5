"""A message as the bot is shown it: with or without its content, in an answer or in an event."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.fakes.discord.objects import BOT, DM, REPLY, ROLE, Message, User, iso

if TYPE_CHECKING:
    from tests.fakes.discord.world import World


def for_answer(message: Message, world: World) -> dict[str, Any]:
    """Discord's Message, as the HTTP API gives it; what is said in it only where the bot may know."""
    seen = _may_read(message, world)
    users = [world.users.get(one) or User(one, "somebody") for one in message.mentioned() if one in world.users]
    shown: dict[str, Any] = {
        "id": message.id,
        "type": message.type,
        "channel_id": message.channel.id,
        "author": message.author.as_object(),
        "content": message.content if seen else "",
        "timestamp": iso(message.time),
        "edited_timestamp": None if message.edited is None else iso(message.edited),
        "tts": False,
        "mention_everyone": message.names_everyone() is not None,
        "mentions": [user.as_object() for user in users],
        "mention_roles": message.mentioned_roles(),
        "attachments": [world.files.as_object(file) for file in message.files] if seen else [],
        "embeds": [],
        "components": [],
        "pinned": False,
        "flags": message.flags,
    }
    if message.webhook is not None:
        shown["webhook_id"] = message.webhook
    return shown | _answered(message, world) | ({} if message.nonce is None else {"nonce": message.nonce})


def for_event(message: Message, world: World) -> dict[str, Any]:
    """The same as the Gateway gives it: with the server and the member."""
    shown = for_answer(message, world) | {"channel_type": message.channel.type}
    if message.channel.guild_id is None:
        return shown
    member = {"roles": [ROLE] if message.author == BOT else [], "joined_at": iso(message.time)}
    member |= {"deaf": False, "mute": False, "flags": 0}  # type: ignore[dict-item]
    return shown | {"guild_id": message.channel.guild_id, "member": member}


def _answered(message: Message, world: World) -> dict[str, Any]:
    if message.forwards is not None:
        told = for_answer(message.forwards, world)
        names = ("type", "content", "embeds", "attachments", "timestamp", "edited_timestamp", "flags", "mentions")
        about = {"type": 1, "message_id": message.forwards.id, "channel_id": message.channel.id}
        return {
            "message_reference": about,
            "message_snapshots": [{"message": {name: told[name] for name in names}}],
        }
    if message.answers is None:
        return {}
    reference = {"type": 0, "message_id": message.answers.id, "channel_id": message.channel.id}
    if message.channel.guild_id is not None:
        reference["guild_id"] = message.channel.guild_id
    if message.type != REPLY:
        return {"message_reference": reference}
    whole = None if message.answers.deleted else for_answer(message.answers, world)
    if whole is not None:
        whole.pop("referenced_message", None)
    return {"message_reference": reference, "referenced_message": whole}


def _may_read(message: Message, world: World) -> bool:
    if world.settings.message_content or message.channel.type == DM or message.author == BOT:
        return True
    return BOT.id in message.mentioned()
