"""The service's JSON objects."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tests.fakes import defaults
from tests.fakes.discord.world import GUILD, ROLE, Channel, StoredFile, StoredMessage, World


def user(user_id: str) -> dict[str, Any]:
    """A user, or the bot."""
    bot = user_id == defaults.DISCORD_BOT_ID
    found: dict[str, Any] = {
        "id": user_id,
        "username": defaults.BOT_USERNAME if bot else f"user{user_id[-4:]}",
        "discriminator": "0",
        "global_name": None,
        "avatar": None,
    }
    return found | ({"bot": True} if bot else {})


def moment(seconds: float) -> str:
    """ISO 8601."""
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def attachment(file: StoredFile, channel_id: str) -> dict[str, Any]:
    """A file with its signed addresses."""
    path = f"attachments/{channel_id}/{file.id}/{file.name}?ex=1&is=1&hm={file.key}"
    found: dict[str, Any] = {
        "id": file.id,
        "filename": file.name,
        "size": len(file.content),
        "url": f"https://{defaults.DISCORD_CDN_HOST}/{path}",
        "proxy_url": f"https://{defaults.DISCORD_MEDIA_HOST}/{path}",
        "content_type": file.media_type,
    }
    return found | ({"width": file.size[0], "height": file.size[1]} if file.size else {})


def message(world: World, stored: StoredMessage, *, event: bool = False, nested: bool = False) -> dict[str, Any]:
    """A message; as an event it names its server, and says nothing to a bot without the privileged intent."""
    found: dict[str, Any] = {
        "id": stored.id,
        "type": 19 if stored.reply_to else stored.type,
        "channel_id": stored.channel.id,
        "author": user(stored.author),
        "content": stored.content,
        "timestamp": moment(stored.time),
        "edited_timestamp": moment(stored.edited) if stored.edited else None,
        "tts": False,
        "mention_everyone": False,
        "mentions": [user(one) for one in stored.mentions],
        "mention_roles": stored.mention_roles,
        "attachments": [attachment(file, stored.channel.id) for file in stored.files],
        "embeds": [],
        "pinned": False,
    }
    if event and stored.channel.type != 1:
        found["guild_id"] = GUILD
        found["member"] = {"roles": [], "joined_at": moment(0)}
    if stored.nonce is not None:
        found["nonce"] = stored.nonce
    if stored.reply_to is not None and not nested:
        answered = world.messages.get(stored.reply_to)
        found["message_reference"] = {"type": 0, "message_id": stored.reply_to, "channel_id": stored.channel.id}
        there = answered is not None and not answered.deleted
        found["referenced_message"] = message(world, answered, nested=True) if answered and there else None
    return found


def channel(one: Channel) -> dict[str, Any]:
    """A channel of any kind."""
    found: dict[str, Any] = {"id": one.id, "type": one.type, "last_message_id": one.last}
    if one.type == 1:
        return found | {"recipients": [user(one.recipient)]}
    return found | {"guild_id": GUILD, "name": one.name, "parent_id": one.parent or None, "position": 0}


def guild(world: World) -> dict[str, Any]:
    """The server, as GUILD_CREATE tells of it."""
    seen = [one for one in world.channels.values() if one.visible]
    return {
        "id": GUILD,
        "name": "Lab",
        "roles": [
            {"id": GUILD, "name": "@everyone", "managed": False},
            {"id": ROLE, "name": defaults.BOT_USERNAME, "managed": True, "tags": {"bot_id": defaults.DISCORD_BOT_ID}},
        ],
        "channels": [channel(one) for one in seen if one.type == 0],
        "threads": [channel(one) for one in seen if one.type == 11],
        "members": [],
        "large": False,
        "member_count": 2,
    }
