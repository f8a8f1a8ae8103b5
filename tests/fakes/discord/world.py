"""Everything that the service remembers: people, channels, messages, commands, settings and the record of calls."""

from __future__ import annotations

import re
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from tests.fakes import defaults
from tests.fakes.discord import errors
from tests.fakes.discord.errors import ApiError
from tests.fakes.discord.faults import Faults
from tests.fakes.discord.files import Files
from tests.fakes.discord.gateway.hub import Hub
from tests.fakes.discord.gateway.intents import DM_MESSAGES, GUILD_MESSAGES, GUILDS
from tests.fakes.discord.interactions import Interactions
from tests.fakes.discord.objects import BOT, DEFAULT, DM, PIN_NOTICE, REPLY, TEXT, THREAD, Channel, Message, User
from tests.fakes.discord.ratelimits import RateLimits
from tests.fakes.discord.snowflakes import Snowflakes
from tests.fakes.discord.views import for_event
from tests.fakes.discord.wire import (
    DiscordCall,
    DiscordFault,
    DiscordNewChannel,
    DiscordOrder,
    DiscordSent,
    DiscordSettings,
    DiscordUserEdit,
    DiscordUserMessage,
)
from tests.fakes.signals import Signal

_CALLS_KEPT = 20_000
_USER_MENTION = re.compile(r"<@!?(\d+)>")


@dataclass
class Settings:
    """What a test may change; see `wire.DiscordSettings`."""

    tokens: set[str] = field(default_factory=lambda: {defaults.DISCORD_TOKEN})
    message_content: bool = True
    heartbeat_s: float = 41.25
    hidden: set[str] = field(default_factory=set)
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
        """Forgets everything."""
        self.settings = Settings()
        self.calls: deque[DiscordCall] = deque(maxlen=_CALLS_KEPT)
        self.commands: list[dict[str, Any]] = []
        self.users: dict[str, User] = {BOT.id: BOT}
        general = Channel(defaults.DISCORD_CHANNEL_ID, TEXT, "general")
        self.channels: dict[str, Channel] = {general.id: general}
        self.files = Files(self.address)
        self.faults = Faults()
        self.limits = RateLimits()
        self.interactions = Interactions(self.ids)
        self.meet(defaults.DISCORD_OWNER_ID, defaults.OWNER_USERNAME)
        self.hub.reset()

    def address(self, host: str) -> str:
        """Scheme, name and port of one of the service's hosts."""
        return self.addresses.get(host, f"https://{host}")

    def change(self, settings: DiscordSettings) -> None:
        """Changes what is given; who is connected with a token that is revoked is thrown out."""
        if settings.tokens is not None:
            self.settings.tokens = set(settings.tokens)
            self.hub.check_tokens()
        if settings.message_content is not None:
            self.settings.message_content = settings.message_content
        if settings.heartbeat_s is not None:
            self.settings.heartbeat_s = settings.heartbeat_s
        if settings.hidden is not None:
            self.settings.hidden = set(settings.hidden)
        if settings.blocked is not None:
            self.settings.blocked = set(settings.blocked)
        if settings.rate_limits is not None:
            self.limits.active = settings.rate_limits
        if settings.link_s is not None:
            self.files.link_s = settings.link_s

    def fail(self, fault: DiscordFault) -> None:
        """Orders something to go wrong."""
        self.faults.add(fault)

    def meet(self, user_id: str, name: str) -> User:
        """A user who shares the server with the bot."""
        self.users[user_id] = User(user_id, name)
        return self.users[user_id]

    def private_channel(self, user_id: str) -> Channel:
        """The private channel of the bot with a user; raises ApiError."""
        user = self.users.get(user_id)
        if user is None:
            raise errors.unknown("User")
        if user.bot:
            raise ApiError(*errors.BLOCKED)
        found = next((one for one in self.channels.values() if one.user == user), None)
        return found or self._add(Channel(self.ids.next(), DM, user=user))

    def user_opens_channel(self, order: DiscordNewChannel) -> Channel:
        """Somebody makes a channel or a thread; raises ApiError."""
        if order.parent is None:
            channel = self._add(Channel(self.ids.next(), TEXT, order.name))
            self.hub.publish("CHANNEL_CREATE", channel.as_object(), GUILDS)
        else:
            self.channel(order.parent)
            channel = self._add(Channel(self.ids.next(), THREAD, order.name, order.parent))
            self.hub.publish("THREAD_CREATE", channel.as_object() | {"newly_created": True}, GUILDS)
        return channel

    def user_writes(self, order: DiscordUserMessage) -> DiscordSent:
        """A user's message arrives; raises ApiError when the place or the message that it answers is not there."""
        user = self.meet(order.user_id, order.name)
        author = user if order.author == "user" else User(order.user_id, order.name, bot=True)
        channel = self.private_channel(user.id) if order.channel_id is None else self.channel(order.channel_id)
        answers = None if order.reply_to is None else self.message(channel, order.reply_to)
        number = self.ids.next()
        message = Message(number, channel, author, order.text.strip(), type=DEFAULT, answers=answers)
        if order.notice:
            message.type = PIN_NOTICE
        elif answers is not None:
            message.type = REPLY
        message.webhook = author.id if order.author == "webhook" else None
        message.files = [
            self.files.keep(self.ids.next(), channel.id, file.name, file.mime_type, file.content)
            for file in order.attachments
        ]
        self.store(message)
        return DiscordSent(channel_id=channel.id, message_id=message.id, time=message.time)

    def user_edits(self, order: DiscordUserEdit) -> DiscordSent:
        """A user changes or deletes a message; raises ApiError when it is not there."""
        message = self.message(self.channel(order.channel_id), order.message_id)
        if order.text is None:
            self.deleted(message)
        else:
            self.edited(message, order.text.strip())
        return DiscordSent(channel_id=message.channel.id, message_id=message.id, time=time.time())

    def user_orders(self, order: DiscordOrder) -> DiscordSent:
        """A user picks a command; raises ApiError when the bot has registered none of that name."""
        user = self.users.get(order.user_id) or self.meet(order.user_id, "lab_user")
        channel = self.private_channel(user.id) if order.channel_id is None else self.channel(order.channel_id)
        given = self.interactions.give(self.commands, channel, user, order)
        self.hub.publish("INTERACTION_CREATE", given.as_object(), 0)
        self.changed.fire()
        return DiscordSent(channel_id=channel.id, message_id=given.id, time=given.time)

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
