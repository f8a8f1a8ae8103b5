"""IDENTIFY and RESUME: what Discord demands of them, and what follows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.fakes import defaults
from tests.fakes.discord.gateway.hub import Session
from tests.fakes.discord.gateway.intents import GUILDS, KNOWN, MESSAGE_CONTENT, NEVER_GRANTED
from tests.fakes.discord.objects import BOT, DM, GUILD, MAY_READ, ROLE, THREAD

if TYPE_CHECKING:
    from tests.fakes.discord.gateway.connection import Connection
    from tests.fakes.discord.gateway.hub import Hub
    from tests.fakes.discord.world import World


class Refusal(Exception):  # noqa: N818 - the service's answer, not a failure of the stand-in
    """The connection is closed with this code."""

    def __init__(self, code: int) -> None:
        """Takes the close code."""
        super().__init__(str(code))
        self.code = code


def begin(hub: Hub, connection: Connection, content: Any) -> None:
    """A new session: READY, then each server; raises Refusal."""
    if connection.session is not None:
        raise Refusal(4005)
    fields = _fields(content, "token", "properties", "intents")
    if fields["token"] not in hub.world.settings.tokens:
        raise Refusal(4004)
    intents = fields["intents"]
    if not isinstance(intents, int) or intents & ~KNOWN:
        raise Refusal(4013)
    if intents & NEVER_GRANTED or (intents & MESSAGE_CONTENT and not hub.world.settings.message_content):
        raise Refusal(4014)
    session = Session(fields["token"], intents)
    hub.sessions[session.id] = session
    hub.identifies += 1
    connection.attach(session)
    connection.send(session.add("READY", _ready(connection, session)))
    if intents & GUILDS:
        connection.send(session.add("GUILD_CREATE", _guild(hub.world)))
    hub.world.changed.fire()


def resume(hub: Hub, connection: Connection, content: Any) -> None:
    """Goes on with a session: what was missed, then RESUMED; raises Refusal."""
    if connection.session is not None:
        raise Refusal(4005)
    fields = _fields(content, "token", "session_id", "seq")
    hub.resumes += 1
    if fields["token"] not in hub.world.settings.tokens:
        raise Refusal(4004)
    if not hub.world.settings.answers_resume:
        return
    session = hub.sessions.get(fields["session_id"])
    if session is None or session.over or not hub.world.settings.resumes:
        connection.invalidate(resumable=False)
        return
    if not isinstance(fields["seq"], int) or fields["seq"] > session.sequence:
        raise Refusal(4007)
    hub.resumed += 1
    connection.attach(session)
    for event in [event for event in session.events if event["s"] > fields["seq"]]:
        connection.send(event)
    connection.send(session.add("RESUMED", {"_trace": ["lab"]}))
    hub.world.changed.fire()


def _fields(content: Any, *names: str) -> dict[str, Any]:
    if not isinstance(content, dict) or any(name not in content for name in names):
        raise Refusal(4002)
    return content


def _ready(connection: Connection, session: Session) -> dict[str, Any]:
    return {
        "v": 10,
        "user": BOT.as_object() | {"verified": True, "mfa_enabled": True, "flags": 0, "email": None},
        "session_id": session.id,
        "session_type": "normal",
        "resume_gateway_url": connection.address,
        "guilds": [{"id": GUILD, "unavailable": True}] if session.intents & GUILDS else [],
        "application": {"id": defaults.DISCORD_APPLICATION_ID, "flags": MAY_READ},
        "private_channels": [],
        "relationships": [],
        "presences": [],
        "user_settings": {},
        "geo_ordered_rtc_regions": ["warsaw"],
        "_trace": ["lab"],
    }


def _guild(world: World) -> dict[str, Any]:
    role = {"id": ROLE, "name": defaults.BOT_NAME, "managed": True, "permissions": "0"}
    role |= {"color": 0, "hoist": False, "mentionable": False, "position": 1}
    everyone = role | {"id": GUILD, "name": "@everyone", "managed": False, "position": 0}
    seen = [
        one
        for one in world.channels.values()
        if one.type != DM and not one.archived and one.id not in world.settings.hidden
    ]
    return {
        "id": GUILD,
        "name": "Lab",
        "owner_id": defaults.DISCORD_OWNER_ID,
        "unavailable": False,
        "large": False,
        "member_count": len(world.users),
        "roles": [everyone, role | {"tags": {"bot_id": BOT.id}}],
        "channels": [channel.as_object() for channel in seen if channel.type != THREAD],
        "threads": [channel.as_object() for channel in seen if channel.type == THREAD],
        "members": [],
        "presences": [],
        "emojis": [],
        "stickers": [],
        "features": [],
        "voice_states": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
        "verification_level": 0,
        "default_message_notifications": 0,
        "explicit_content_filter": 0,
        "mfa_level": 0,
        "system_channel_flags": 0,
        "premium_tier": 0,
        "nsfw_level": 0,
        "preferred_locale": world.settings.preferred_locale,
        "afk_timeout": 300,
        "joined_at": "2026-01-01T00:00:00+00:00",
    }
