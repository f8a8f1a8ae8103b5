"""Everything that the service remembers: users, channels, messages, files, tokens, settings and the record of calls."""

from __future__ import annotations

import secrets
import time
from collections import deque
from collections.abc import Mapping

from tests.fakes import defaults
from tests.fakes.faults import Faults
from tests.fakes.slack.errors import ApiError
from tests.fakes.slack.hub import Hub
from tests.fakes.slack.messages import Channel, StoredFile, StoredMessage, User
from tests.fakes.slack.rates import Rates
from tests.fakes.wire import SlackCall, SlackFault

GENERAL, PRIVATE, GROUP, SECRET = "C0GENERAL01", "C0PRIVATE01", "G0GROUPDM01", "C0NOTHERE01"
SCOPES = frozenset(
    (
        *("app_mentions:read", "channels:history", "groups:history", "im:history", "mpim:history", "chat:write"),
        *("commands", "files:read", "files:write", "im:write", "reactions:write", "users:read", "channels:read"),
        *("groups:read", "im:read", "mpim:read"),
    )
)
EVENTS = frozenset(
    (
        *("message.im", "message.channels", "message.groups", "message.mpim", "app_mention"),
        *("app_uninstalled", "tokens_revoked"),
    )
)
_CALLS_KEPT = 20_000


class World:
    """One workspace with one app. Tests in the same process may use it directly; others go through the control API."""

    def __init__(self) -> None:
        """A fresh workspace; the times of messages go on over `reset`."""
        self.hub = Hub()
        self._addresses: dict[str, str] = {}
        self._last_ts = 0
        self.reset()

    def reset(self) -> None:
        """Forgets everything; open connections stay."""
        self.bot_tokens = {defaults.SLACK_TOKEN}
        self.app_tokens = {defaults.SLACK_APP_TOKEN}
        self.revoked: set[str] = set()
        self.scopes = set(SCOPES)
        self.app_scopes = {"connections:write"}
        self.events = set(EVENTS)
        self.socket_mode = True
        self.moved_to = ""  # where downloads are sent to, when not served here
        self.rates = Rates()
        self.calls: deque[SlackCall] = deque(maxlen=_CALLS_KEPT)
        self.faults: Faults[SlackFault] = Faults()
        self.users = {defaults.SLACK_BOT_USER: User(defaults.SLACK_BOT_USER)}
        self.channels = {
            GENERAL: Channel(GENERAL, "channel"),
            PRIVATE: Channel(PRIVATE, "group"),
            GROUP: Channel(GROUP, "mpim"),
            SECRET: Channel(SECRET, "channel", member=False),
        }
        self.messages: dict[tuple[str, str], StoredMessage] = {}
        self.whispers: list[tuple[str, str, str]] = []  # channel, who sees it, text: no history has them
        self.files: dict[str, StoredFile] = {}
        self.uploads: dict[str, StoredFile] = {}
        self.hub.reset()
        self.user(defaults.SLACK_OWNER_ID)

    def serve_at(self, addresses: Mapping[str, str]) -> None:
        """Where the hosts are, when that is not under their own names."""
        self._addresses = dict(addresses)

    def address(self, host: str) -> str:
        """Scheme, host and port of one of the service's hosts."""
        return self._addresses.get(host, f"https://{host}")

    def next_ts(self) -> str:
        """The name of the next message: the time, to the microsecond, never the same twice."""
        self._last_ts = max(self._last_ts + 1, int(time.time() * 1_000_000))
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def user(self, user_id: str) -> User:
        """A person, who joins when there is none of that id; and their private channel."""
        if user_id not in self.users:
            self.users[user_id] = User(user_id)
        return self.users[user_id]

    def private_channel(self, user_id: str) -> Channel:
        """The channel of a user and the bot."""
        name = f"D{self.user(user_id).id[1:]}"
        return self.channels.setdefault(name, Channel(name, "im", user=user_id))

    def channel(self, name: str) -> Channel:
        """A channel by its id, or a user's by theirs; raises ApiError."""
        if name in self.users and name != defaults.SLACK_BOT_USER:
            return self.private_channel(name)
        if name not in self.channels:
            raise ApiError("channel_not_found")
        return self.channels[name]

    def joined(self, name: str) -> Channel:
        """A channel in which the bot is; raises ApiError."""
        channel = self.channel(name)
        if not channel.member:
            raise ApiError("not_in_channel")
        return channel

    def store(self, message: StoredMessage) -> StoredMessage:
        """Puts a message into its channel and wakes who waits for it."""
        self.messages[message.channel.id, message.ts] = message
        return message

    def message(self, channel: Channel, ts: str) -> StoredMessage:
        """A message that is there; raises ApiError."""
        found = self.messages.get((channel.id, ts))
        if found is None or found.deleted:
            raise ApiError("message_not_found")
        return found

    def seen(self, channel: str, after: str = "0") -> list[StoredMessage]:
        """A channel's messages of both sides, deleted ones included, from the oldest on."""
        return [one for (name, ts), one in self.messages.items() if name == channel and float(ts) > float(after)]

    def keep_file(self, name: str, mime_type: str, content: bytes, *, foreign: bool = False) -> StoredFile:
        """Keeps a file under a fresh id."""
        file = StoredFile(self.next_file_id(), name, mime_type, len(content), content, foreign=foreign)
        self.files[file.id] = file
        return file

    def next_file_id(self) -> str:
        """The id of a new file."""
        return f"F0{secrets.token_hex(5).upper()}"

    def revoke(self, *tokens: str) -> None:
        """Takes tokens away, as an administrator does who removes the app; the app is told if it wants to know."""
        self.revoked |= set(tokens)
        if "tokens_revoked" in self.events:
            event = {"type": "tokens_revoked", "tokens": {"oauth": [], "bot": [defaults.SLACK_BOT_USER]}}
            self.hub.push("events_api", {"type": "event_callback", "event": event})
