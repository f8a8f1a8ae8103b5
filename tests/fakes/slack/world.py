"""What the service remembers: channels, messages, files, and the envelopes that nobody has acknowledged."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any

from tests.fakes import defaults
from tests.fakes.signals import Signal
from tests.fakes.wire import Attachment, SlackCall, SlackFault, SlackSeen

if TYPE_CHECKING:
    from tests.fakes.slack.socket import Connection

GENERAL, ELSEWHERE = "C0GENERAL1", "C0NOTHERE1"
SCOPES = (
    "app_mentions:read", "channels:history", "chat:write", "commands", "files:read", "files:write", "groups:history",
    "im:history", "im:write", "mpim:history", "reactions:write", "users:read",
)  # fmt: skip
_CALLS_KEPT = 20_000


class ApiError(Exception):
    """The Web API's refusal, by its word."""

    def __init__(self, word: str, status: int = 200, **more: Any) -> None:
        """`more` goes into the answer."""
        super().__init__(word)
        self.status = status
        self.body: dict[str, Any] = {"ok": False, "error": word, **more}


@dataclass
class StoredFile:
    """A file, its content once it was uploaded."""

    id: str
    name: str
    media_type: str
    length: int
    content: bytes | None = None


@dataclass
class StoredMessage:
    """A message; `user` is the bot's when it wrote it."""

    ts: str
    channel: str
    user: str
    text: str
    thread_ts: str | None = None
    files: list[StoredFile] = field(default_factory=list)
    time: float = field(default_factory=time.time)
    edits: int = 0
    deleted: bool = False
    ephemeral: bool = False
    reactions: list[str] = field(default_factory=list)

    def as_object(self) -> dict[str, Any]:
        """As in a channel's history."""
        found: dict[str, Any] = {"type": "message", "user": self.user, "text": self.text, "ts": self.ts}
        if self.user == defaults.SLACK_BOT_USER:
            found["bot_id"] = defaults.SLACK_BOT_ID
        if self.thread_ts is not None:
            found["thread_ts"] = self.thread_ts
        if self.files:
            found["subtype"] = "file_share"
            found["files"] = [file_object(file) for file in self.files]
        return found


@dataclass
class Envelope:
    """Something that the app has to acknowledge."""

    id: str
    type: str
    payload: dict[str, Any]
    attempts: int = 0
    acknowledged: bool = False
    answer: dict[str, Any] | None = None


class World:
    """The workspace; timestamps go on over `reset`."""

    def __init__(self) -> None:
        """A fresh workspace."""
        self.changed = Signal()
        self.connections: list[Connection] = []
        # Where the other two servers are: a test whose stand-ins have no names of their own puts their addresses here.
        self.socket_url = f"wss://{defaults.SLACK_SOCKET_HOST}"
        self.files_url = f"https://{defaults.SLACK_FILES_HOST}"
        self._numbers = count(1)
        self._last = 0.0
        self.envelopes: dict[str, Envelope] = {}
        self.reset()

    def reset(self) -> None:
        """Forgets everything but the sockets that are open."""
        self.tokens = {defaults.SLACK_TOKEN}
        self.app_tokens = {defaults.SLACK_APP_TOKEN}
        self.scopes = set(SCOPES)
        self.limited = False
        self.locale = "en-US"
        self.redeliver_s = 2.0
        self.answers_pings = True
        self.says_hello = True
        self.calls: deque[SlackCall] = deque(maxlen=_CALLS_KEPT)
        self.faults: list[SlackFault] = []
        self.channels = {GENERAL}
        self.messages: dict[tuple[str, str], StoredMessage] = {}
        self.files: dict[str, StoredFile] = {}
        self.envelopes.clear()
        self.tickets: set[str] = set()
        self.opened = 0
        self.acknowledged = 0

    def number(self) -> int:
        """A number that was not used before."""
        return next(self._numbers)

    def next_ts(self) -> str:
        """A timestamp later than all before."""
        self._last = max(time.time(), self._last + 0.000002)
        return f"{self._last:.6f}"

    def direct(self, user: str) -> str:
        """The direct message channel with a user."""
        channel = f"D{user[1:]}"
        self.channels.add(channel)
        return channel

    def message(self, channel: str, ts: str) -> StoredMessage:
        """A message that is there; raises ApiError."""
        found = self.messages.get((channel, ts))
        if found is None or found.deleted:
            raise ApiError("message_not_found")
        return found

    def store(self, message: StoredMessage) -> StoredMessage:
        """Puts a message into its channel and wakes who waits."""
        self.messages[message.channel, message.ts] = message
        self.changed.fire()
        return message

    def in_channel(self, channel: str) -> list[StoredMessage]:
        """All messages of a channel, oldest first."""
        return [one for (where, _), one in self.messages.items() if where == channel]

    def attached(self, attachments: list[Attachment]) -> list[StoredFile]:
        """What a user attaches."""
        return [self.keep(one.name, one.mime_type, len(one.content), one.content) for one in attachments]

    def keep(self, name: str, media_type: str, length: int, content: bytes | None = None) -> StoredFile:
        """A file, perhaps to be uploaded yet."""
        file = StoredFile(f"F0LAB{self.number():05}", name, media_type, length, content)
        self.files[file.id] = file
        return file

    def send(self, kind: str, payload: dict[str, Any]) -> Envelope:
        """An envelope for the app: over a socket that is open, else as soon as there is one."""
        envelope = Envelope(f"envelope-{self.number()}", kind, payload)
        self.envelopes[envelope.id] = envelope
        if self.connections:
            self.connections[-1].deliver(envelope)
        return envelope

    def tell(self, event: dict[str, Any]) -> Envelope:
        """An event of the Events API."""
        payload = {
            "token": "verification",
            "team_id": "T0LAB00001",
            "api_app_id": "A0LAB00001",
            "event": event,
            "type": "event_callback",
            "event_id": f"Ev{self.number():08}",
            "event_time": int(time.time()),
        }
        return self.send("events_api", payload)

    def seen(self, channel: str, after: float = 0.0) -> list[SlackSeen]:
        """A channel's messages for the control API."""
        return [
            SlackSeen(
                ts=one.ts,
                channel=one.channel,
                user=one.user,
                from_bot=one.user == defaults.SLACK_BOT_USER,
                text=one.text,
                time=one.time,
                thread_ts=one.thread_ts,
                files=[file.name for file in one.files],
                edits=one.edits,
                deleted=one.deleted,
                ephemeral=one.ephemeral,
                reactions=one.reactions,
            )
            for one in self.in_channel(channel)
            if float(one.ts) > after
        ]

    def take_fault(self, method: str) -> SlackFault | None:
        """What befalls this request."""
        for fault in self.faults:
            if fault.method in ("*", method):
                fault.times -= 1
                if fault.times <= 0:
                    self.faults.remove(fault)
                return fault
        return None


def file_object(file: StoredFile) -> dict[str, Any]:
    """A file as events and methods show it."""
    address = f"https://{defaults.SLACK_FILES_HOST}/files-pri/T0LAB00001-{file.id}"
    found: dict[str, Any] = {
        "id": file.id,
        "name": file.name,
        "title": file.name,
        "mimetype": file.media_type,
        "size": file.length,
        "url_private": f"{address}/{file.name}",
        "url_private_download": f"{address}/download/{file.name}",
    }
    return found | ({"thumb_480": f"{address}/thumb_480.png"} if file.media_type.startswith("image/") else {})
