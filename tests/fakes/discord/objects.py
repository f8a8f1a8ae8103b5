"""Users, channels and messages as Discord shows them to the bot."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from tests.fakes import defaults
from tests.fakes.wire import DiscordSeen

GUILD, GENERAL, SECRET, ROLE = "810000000000000001", "810000000000000002", "810000000000000003", "810000000000000009"
TEXT, DM, THREAD = 0, 1, 11
DEFAULT, REPLY, COMMAND_ANSWER = 0, 19, 20
# An application whose bot may read what is said, being in few servers.
MAY_READ = 1 << 19
EPHEMERAL, NO_PREVIEWS = 1 << 6, 1 << 2
_USER_MENTION = re.compile(r"<@!?(\d+)>")
_ROLE_MENTION = re.compile(r"<@&(\d+)>")
_ADDRESS = re.compile(r"(?<!<)https?://[^\s<>)]+")
_EVERYONE = re.compile(r"@(everyone|here)\b")


def iso(moment: float) -> str:
    """A time as Discord writes it."""
    return datetime.fromtimestamp(moment, UTC).isoformat()


@dataclass(frozen=True)
class User:
    """Somebody, or the bot."""

    id: str
    name: str
    bot: bool = False
    locale: str = "en-US"

    def as_object(self) -> dict[str, Any]:
        """Discord's User."""
        user = {"id": self.id, "username": self.name, "discriminator": "0", "global_name": None, "avatar": None}
        return user | ({"bot": True} if self.bot else {})


BOT = User(defaults.DISCORD_BOT_ID, defaults.BOT_USERNAME, bot=True)


@dataclass
class Channel:
    """A channel of the server, a thread in one, or a private channel with its user."""

    id: str
    type: int
    name: str = ""
    parent: str | None = None
    user: User | None = None
    archived: bool = False
    messages: dict[str, Message] = field(default_factory=dict)

    @property
    def guild_id(self) -> str | None:
        """The server's id; None in private."""
        return None if self.type == DM else GUILD

    def as_object(self) -> dict[str, Any]:
        """Discord's Channel."""
        last = next(reversed(self.messages), None)
        about: dict[str, Any] = {"id": self.id, "type": self.type, "last_message_id": last, "flags": 0}
        if self.user is not None:
            return about | {"recipients": [self.user.as_object()]}
        about |= {"guild_id": self.guild_id, "name": self.name, "parent_id": self.parent, "position": 0}
        about |= {"permission_overwrites": [], "nsfw": False, "rate_limit_per_user": 0}
        if self.type != THREAD:
            return about | {"topic": None}
        state = {"archived": self.archived, "auto_archive_duration": 1440, "locked": False}
        state["archive_timestamp"] = iso(time.time())  # type: ignore[assignment]
        return about | {"thread_metadata": state, "owner_id": BOT.id, "message_count": 0, "member_count": 1}


@dataclass(frozen=True)
class StoredFile:
    """An attachment's content; `size` are width and height of a picture."""

    id: str
    channel_id: str
    name: str
    media_type: str
    content: bytes
    size: tuple[int, int] | None = None


@dataclass
class Message:
    """A message of either side; `pinged` are those whom it notifies."""

    id: str
    channel: Channel
    author: User
    content: str
    time: float = field(default_factory=time.time)
    type: int = DEFAULT
    files: list[StoredFile] = field(default_factory=list)
    answers: Message | None = None
    pinged: list[str] = field(default_factory=list)
    forwards: Message | None = None
    nonce: str | int | None = None
    edited: float | None = None
    edits: int = 0
    deleted: bool = False
    flags: int = 0
    webhook: str | None = None

    def as_wire(self) -> DiscordSeen:
        """For the control API."""
        return DiscordSeen(
            id=self.id,
            channel_id=self.channel.id,
            author=self.author.id,
            from_bot=self.author.bot,
            text=self.content,
            time=self.time,
            reply_to=None if self.answers is None else self.answers.id,
            files=[file.name for file in self.files],
            sizes=[len(file.content) for file in self.files],
            edited=self.edited,
            edits=self.edits,
            deleted=self.deleted,
            ephemeral=bool(self.flags & EPHEMERAL),
            pinged=self.pinged,
            previews=[] if self.flags & NO_PREVIEWS else _ADDRESS.findall(self.content),
        )

    def mentioned(self) -> list[str]:
        """The ids of users whom the text names, and of the one who is answered."""
        answered = [self.answers.author.id] if self.answers is not None else []
        return list(dict.fromkeys([*_USER_MENTION.findall(self.content), *answered]))

    def mentioned_roles(self) -> list[str]:
        """The ids of roles that the text names."""
        return list(dict.fromkeys(_ROLE_MENTION.findall(self.content)))

    def names_everyone(self) -> Literal["everyone", "here"] | None:
        """Which word for everybody is in the text."""
        found = _EVERYONE.search(self.content)
        return None if found is None else ("everyone" if found[1] == "everyone" else "here")
