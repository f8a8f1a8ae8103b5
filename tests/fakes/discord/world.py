"""What the service remembers: one server with channels and threads, private channels, messages, files and sessions."""

from __future__ import annotations

import re
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.fakes import defaults
from tests.fakes.discord import errors
from tests.fakes.signals import Signal
from tests.fakes.wire import Attachment, DiscordCall, DiscordFault, DiscordSeen

if TYPE_CHECKING:
    from tests.fakes.discord.gateway import Session

EPOCH_MS = 1420070400000
GUILD, ROLE = "810000000000000001", "810000000000000009"
GENERAL, SECRET = "810000000000000002", "810000000000000003"
_CALLS_KEPT = 20_000
_MENTION = re.compile(r"<@!?(\d+)>")
_ROLE_MENTION = re.compile(r"<@&(\d+)>")


@dataclass
class Channel:
    """A private channel (type 1, with one recipient), a text channel (0) or a public thread (11) of the server."""

    id: str
    type: int
    recipient: str = ""
    parent: str = ""
    name: str = ""
    visible: bool = True
    last: str | None = None


@dataclass
class StoredFile:
    """An attachment; `expired` addresses are refused."""

    id: str
    name: str
    media_type: str
    content: bytes
    size: tuple[int, int] | None = None
    key: str = "k0"


@dataclass
class StoredMessage:
    """A message; `author` is the bot's id when it wrote it."""

    id: str
    channel: Channel
    author: str
    content: str
    files: list[StoredFile] = field(default_factory=list)
    reply_to: str | None = None
    nonce: str | None = None
    time: float = field(default_factory=time.time)
    edited: float | None = None
    edits: int = 0
    type: int = 0
    deleted: bool = False
    ephemeral: bool = False

    @property
    def mentions(self) -> list[str]:
        """The users that the text names."""
        return _MENTION.findall(self.content)

    @property
    def mention_roles(self) -> list[str]:
        """The roles that the text names."""
        return _ROLE_MENTION.findall(self.content)


class World:
    """The service with one bot; ids go on over `reset`."""

    def __init__(self) -> None:
        """A fresh service."""
        self.changed = Signal()
        self._last_id = 0
        self.sessions: dict[str, Session] = {}
        self.reset()

    def reset(self) -> None:
        """Forgets everything but the sessions that are open."""
        self.tokens = {defaults.DISCORD_TOKEN}
        self.message_content = True
        self.heartbeat_ms = 41_250
        self.acknowledges = True
        self.resumes = True
        self.limited = False
        self.calls: deque[DiscordCall] = deque(maxlen=_CALLS_KEPT)
        self.faults: list[DiscordFault] = []
        self.menu: list[dict[str, Any]] = []
        self.locales: dict[str, str] = {}
        self.typing: list[tuple[str, float]] = []
        self.channels: dict[str, Channel] = {
            GENERAL: Channel(GENERAL, 0, name="general"),
            SECRET: Channel(SECRET, 0, name="secret", visible=False),
        }
        self.messages: dict[str, StoredMessage] = {}
        self.files: dict[str, StoredFile] = {}
        self.interactions: dict[str, StoredMessage | None] = {}
        self.identifies = 0
        self.resumed = 0

    def next_id(self) -> str:
        """A snowflake, later than all before."""
        self._last_id = max((int(time.time() * 1000) - EPOCH_MS) << 22, self._last_id + 1)
        return str(self._last_id)

    def private_channel(self, user: str) -> Channel:
        """The private channel with a user, opened when there is none."""
        for channel in self.channels.values():
            if channel.recipient == user:
                return channel
        channel = Channel(str(820000000000000000 + int(user) % 10**15), 1, recipient=user)
        self.channels[channel.id] = channel
        return channel

    def thread(self, channel_id: str, parent: str) -> Channel:
        """A thread of a text channel, made when it is not there."""
        return self.channels.setdefault(channel_id, Channel(channel_id, 11, parent=parent, name="thread"))

    def channel(self, channel_id: str) -> Channel:
        """A channel that the bot sees; raises ApiError."""
        found = self.channels.get(channel_id)
        if found is None:
            raise errors.unknown_channel()
        if not found.visible:
            raise errors.missing_access()
        return found

    def message(self, channel_id: str, message_id: str) -> StoredMessage:
        """A message that is there; raises ApiError."""
        found = self.messages.get(message_id)
        if found is None or found.deleted or found.channel.id != channel_id:
            raise errors.unknown_message()
        return found

    def keep(self, name: str, content: bytes, media_type: str, size: tuple[int, int] | None = None) -> StoredFile:
        """Keeps a file."""
        file = StoredFile(self.next_id(), name, media_type, content, size)
        self.files[file.id] = file
        return file

    def attached(self, attachments: list[Attachment]) -> list[StoredFile]:
        """What a user attaches."""
        return [
            self.keep(one.name, one.content, one.mime_type, (640, 480) if one.mime_type.startswith("image/") else None)
            for one in attachments
        ]

    def store(self, message: StoredMessage) -> StoredMessage:
        """Puts a message into its channel and wakes who waits."""
        self.messages[message.id] = message
        message.channel.last = message.id
        self.changed.fire()
        return message

    def in_channel(self, channel_id: str, after: int = 0) -> list[StoredMessage]:
        """The messages of a channel, oldest first, deleted ones included."""
        return [one for number, one in self.messages.items() if one.channel.id == channel_id and int(number) > after]

    def seen(self, channel_id: str, after: int = 0) -> list[DiscordSeen]:
        """The same for the control API."""
        return [
            DiscordSeen(
                id=one.id,
                channel_id=one.channel.id,
                author=one.author,
                from_bot=one.author == defaults.DISCORD_BOT_ID,
                text=one.content,
                time=one.time,
                reply_to=one.reply_to,
                files=[file.name for file in one.files],
                edited=one.edited,
                edits=one.edits,
                deleted=one.deleted,
                ephemeral=one.ephemeral,
            )
            for one in self.in_channel(channel_id, after)
        ]

    def take_fault(self, method: str, path: str) -> DiscordFault | None:
        """What befalls this request."""
        for fault in self.faults:
            if fault.method in ("*", method) and re.search(fault.path, path):
                fault.times -= 1
                if fault.times <= 0:
                    self.faults.remove(fault)
                return fault
        return None
