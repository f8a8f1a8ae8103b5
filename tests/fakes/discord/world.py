"""Everything that the service remembers: people, channels, messages, commands, settings and the record of calls."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from tests.fakes import defaults
from tests.fakes.discord import errors
from tests.fakes.discord.errors import ApiError
from tests.fakes.discord.files import Files
from tests.fakes.discord.gateway.hub import Hub
from tests.fakes.discord.gateway.intents import DM_MESSAGES, GUILD_MESSAGES, GUILDS
from tests.fakes.discord.interactions import Interactions
from tests.fakes.discord.objects import BOT, DM, GENERAL, GUILD, SECRET, TEXT, THREAD, Channel, Message, User
from tests.fakes.discord.ratelimits import RateLimits
from tests.fakes.discord.snowflakes import Snowflakes
from tests.fakes.discord.views import for_event
from tests.fakes.faults import Faults
from tests.fakes.signals import Signal
from tests.fakes.wire import DiscordCall, DiscordFault, DiscordSettings

_CALLS_KEPT = 20_000


@dataclass
class Settings:
    """What a test may change; see `wire.DiscordSettings`."""

    tokens: set[str] = field(default_factory=lambda: {defaults.DISCORD_TOKEN})
    message_content: bool = True
    heartbeat_ms: int = 41_250
    acknowledges: bool = True
    resumes: bool = True
    answers_resume: bool = True
    preferred_locale: str = "en-US"
    hidden: set[str] = field(default_factory=lambda: {SECRET})
    blocked: set[str] = field(default_factory=set)


class World:
    """The service with one bot in one server. Tests in the same process may use it directly."""

    def __init__(self) -> None:
        """A fresh service; ids go on over `reset`."""
        self.ids = Snowflakes()
        self.changed = Signal()
        self.hub = Hub(self)
        # Where the other hosts are served, by name; their own names unless a test serves them elsewhere.
        self.addresses: dict[str, str] = {}
        self.reset()

    def reset(self) -> None:
        """Forgets everything but the sessions that are open."""
        self.settings = Settings()
        self.calls: deque[DiscordCall] = deque(maxlen=_CALLS_KEPT)
        self.commands: list[dict[str, Any]] = []
        self.users: dict[str, User] = {BOT.id: BOT}
        self.channels = {GENERAL: Channel(GENERAL, TEXT, "general"), SECRET: Channel(SECRET, TEXT, "secret")}
        self.files = Files(self.address)
        self.faults: Faults[DiscordFault] = Faults()
        self.limits = RateLimits()
        self.interactions = Interactions(self.ids)
        self.meet(defaults.DISCORD_OWNER_ID)

    def address(self, host: str) -> str:
        """Scheme, name and port of one of the service's hosts."""
        return self.addresses.get(host, f"https://{host}")

    def change(self, given: DiscordSettings) -> None:
        """Changes what is given; who is connected with a token that is revoked is thrown out."""
        for name in (
            "message_content",
            "heartbeat_ms",
            "acknowledges",
            "resumes",
            "answers_resume",
            "preferred_locale",
        ):
            if getattr(given, name) is not None:
                setattr(self.settings, name, getattr(given, name))
        for name in ("tokens", "hidden", "blocked"):
            if getattr(given, name) is not None:
                setattr(self.settings, name, set(getattr(given, name)))
        if given.limited is not None:
            self.limits.active = given.limited
        if given.preferred_locale is not None:
            self.hub.publish("GUILD_UPDATE", {"id": GUILD, "preferred_locale": given.preferred_locale}, GUILDS)
        if given.link_s is not None:
            self.files.link_s = given.link_s
        if given.expire_files:
            self.files.expire()
        self.hub.check_tokens()

    def meet(self, user_id: str) -> User:
        """A user who shares the server with the bot."""
        return self.users.setdefault(user_id, User(user_id, f"user{user_id[-4:]}"))

    def private_channel(self, user_id: str) -> Channel:
        """The private channel of the bot with a user; raises ApiError."""
        user = self.users.get(user_id)
        if user is None or user.bot:
            raise ApiError(*errors.INVALID_RECIPIENT)
        found = next((one for one in self.channels.values() if one.user == user), None)
        # As with Discord, the pair of users decides its id: a stand-in that begins anew knows it again.
        return found or self._add(Channel(str(820_000_000_000_000_000 + int(user_id) % 10**15), DM, user=user))

    def thread(self, channel_id: str, parent: str) -> Channel:
        """A thread of a text channel, made when it is not there."""
        if channel_id not in self.channels:
            made = self._add(Channel(channel_id, THREAD, "thread", parent))
            self.hub.publish("THREAD_CREATE", made.as_object() | {"newly_created": True}, GUILDS)
        return self.channels[channel_id]

    def store(self, message: Message) -> Message:
        """Puts a message into its channel and tells the bot of it."""
        message.channel.messages[message.id] = message
        self.hub.publish("MESSAGE_CREATE", for_event(message, self), _messages_of(message.channel))
        self.changed.fire()
        return message

    def edited(self, message: Message, content: str) -> Message:
        """Gives a message other content."""
        message.content = content
        message.edited = time.time()
        message.edits += 1
        self.hub.publish("MESSAGE_UPDATE", for_event(message, self), _messages_of(message.channel))
        self.changed.fire()
        return message

    def deleted(self, message: Message) -> None:
        """Takes a message away."""
        message.deleted = True
        about = {"id": message.id, "channel_id": message.channel.id}
        if message.channel.guild_id is not None:
            about["guild_id"] = message.channel.guild_id
        self.hub.publish("MESSAGE_DELETE", about, _messages_of(message.channel))
        self.changed.fire()

    def channel(self, channel_id: str) -> Channel:
        """A channel that the bot may see; raises ApiError."""
        channel = self.channels.get(channel_id)
        if channel is None:
            raise errors.unknown("Channel")
        if channel.id in self.settings.hidden:
            raise ApiError(*errors.MISSING_ACCESS)
        return channel

    def message(self, channel: Channel, message_id: str) -> Message:
        """A message that is there; raises ApiError."""
        message = channel.messages.get(message_id)
        if message is None or message.deleted:
            raise errors.unknown("Message")
        return message

    def found(self, message_id: str) -> Message:
        """A message of any channel that is there; raises ApiError."""
        for channel in self.channels.values():
            if message_id in channel.messages:
                return self.message(channel, message_id)
        raise errors.unknown("Message")

    def messages(self, channel_id: str, after: str = "0") -> list[Message]:
        """A channel's messages of both sides, deleted ones included, from the oldest on."""
        channel = self.channels.get(channel_id)
        found = [] if channel is None else list(channel.messages.values())
        return [message for message in found if int(message.id) > int(after or 0)]

    def _add(self, channel: Channel) -> Channel:
        self.channels[channel.id] = channel
        return channel


def _messages_of(channel: Channel) -> int:
    return DM_MESSAGES if channel.type == DM else GUILD_MESSAGES
